/* config_fuzz.c: any text as flink-conf.yaml, config.yaml, -D, or a value. The first byte chooses.
 * What is accepted must be readable: every getter of the keys that were set, the notes, a copy.
 */
#include "base/bytes.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/config_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void get(void *arg, const char *key, const char *value)
{
    const struct config *c = arg;
    const struct setting *s = map_get(&c->by_key, slice_text(key));

    assert(s != NULL && value != NULL);
    if (s->row == NULL)
        return;
    switch (s->row->kind) {
    case KEY_STRING:
    case KEY_ENUM:
        assert(config_string(c, key) || s->unusable);
        break;
    case KEY_INT:
        config_int(c, key);
        break;
    case KEY_DOUBLE:
        config_double(c, key);
        break;
    case KEY_BOOL:
        config_bool(c, key);
        break;
    case KEY_DURATION:
        assert(config_duration_ms(c, key) >= -1);
        break;
    case KEY_SIZE:
        assert(config_size(c, key) >= -1);
        break;
    }
}

static void hear(void *arg, enum log_level level, const char *text)
{
    assert(level >= LOG_INFO && *text);
    *(size_t *)arg += strlen(text);
}

static void check(const struct config *c)
{
    struct config *copy = config_copy(c);
    size_t heard = 0;

    assert(copy != NULL);
    config_each(copy, get, copy);
    config_each_note(copy, hear, &heard);
    config_free(copy);
}

static void parse_values(const char *text)
{
    struct error e;
    int64_t whole;
    bool truth;

    assert(config_parse_duration(text, &whole, &e) != OK || whole >= 0);
    assert(config_parse_size(text, &whole, &e) != OK || whole >= 0);
    if (config_parse_bool(text, &truth, &e) == OK)
        assert(config_parse_int(text, &whole, &e) != OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *c;
    struct error e = {0};
    char *text;
    enum err rc = OK;

    if (size == 0)
        return 0;
    c = config_new();
    text = mem_strndup((const char *)data + 1, size - 1);
    assert(c != NULL && text != NULL);
    switch (data[0]) {
    case 'l':
        rc = config_put_lines(c, slice_of(data + 1, size - 1), "flink-conf.yaml", &e);
        break;
    case 'y':
        rc = config_put_yaml(c, slice_of(data + 1, size - 1), "config.yaml", &e);
        break;
    case 'd':
        rc = config_set_text(c, text, &e);
        break;
    default:
        parse_values(text);
    }
    assert(rc == OK || *e.text);
    check(c);
    mem_free(text);
    config_free(c);
    return 0;
}
