/* registry_fuzz.c: a registry's answer, a zero byte, and a payload that is read by the schema in it. */
#include "formats/avro_schema.h"
#include "formats/registry_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_payload(const struct avro_schema *writer, struct slice payload)
{
    struct arena arena = {0};
    const struct schema *columns = NULL;
    struct avro_plan *plan = NULL;
    struct builder b = {0};
    struct batch *batch = NULL;
    struct error e;
    size_t used;
    char why[AVRO_WHY_MAX];

    if (schema_parse(&arena,
                     SLICE("id STRING, value DOUBLE, samples ARRAY<ROW<id STRING, at TIMESTAMP_LTZ(3)>>"),
                     &columns, &e) != OK ||
        avro_plan_new(writer, columns, NULL, &plan, &e) != OK || !builder_init(&b, columns, NULL))
        goto out;
    if (avro_decode(plan, payload, &b, &used, why) == NULL && builder_finish(&b, &batch, &e) == OK)
        assert(batch_check(batch, &e) == OK);
out:
    batch_unref(batch);
    builder_fini(&b);
    avro_plan_free(plan);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    struct slice answer = slice_of(data, zero ? (size_t)(zero - data) : size);
    struct bytes document = {0};
    struct avro_schema *writer = NULL;
    struct error e;

    if (registry_answer_schema(answer, 1, &document, &e) == OK &&
        avro_schema_parse(bytes_all(&document), &writer, &e) == OK)
        read_payload(writer, slice_from(slice_of(data, size), answer.len + (zero != NULL)));
    avro_schema_free(writer);
    bytes_fini(&document);
    return 0;
}
