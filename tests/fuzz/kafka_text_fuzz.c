/* kafka_text_fuzz.c: the texts of users and checkpoints that the Kafka source takes apart: logins, topic
 * patterns, places. What a place parses to must print as it was, up to leading zeros.
 */
#include "base/mem.h"
#include "connectors/kafka_jaas.h"
#include "connectors/kafka_pattern.h"
#include "connectors/kafka_splits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_place(const char *text)
{
    struct slice topic;
    int32_t partition;
    int64_t next, stop, again_next, again_stop;
    struct error e;
    char printed[KAFKA_SPLIT_TEXT_MAX];

    if (kafka_splits_parse("t-0", slice_text(text), &topic, &partition, &next, &stop, &e) != OK)
        return;
    struct kafka_split split = {.next = next, .stop = stop};
    size_t len = kafka_splits_format(&split, printed);

    assert(kafka_splits_parse("t-0", slice_of(printed, len), &topic, &partition, &again_next, &again_stop,
                              &e) == OK);
    assert(again_next == next && again_stop == stop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    struct kafka_jaas login = {0};
    struct error e;
    struct slice topic;
    regex_t pattern;
    int32_t partition;
    int64_t next, stop;

    if (text == NULL)
        return 0;
    (void)!kafka_jaas_parse(text, &login, &e);
    kafka_jaas_fini(&login);
    if (size < 64 &&
        kafka_pattern_compile(text, &pattern, &e) == OK) /* long ones are libc's to be slow with */
        regfree(&pattern);
    (void)!kafka_splits_parse(text, SLICE("1"), &topic, &partition, &next, &stop, &e);
    fuzz_place(text);
    mem_free(text);
    return 0;
}
