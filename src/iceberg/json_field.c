/* json_field.c: thin over jansson; texts are written through a callback, so that no memory of its own is
 * handed about. */
#include "iceberg/json_field.h"
#include "formats/utf8.h"

enum err json_field_parse(struct slice text, json_t **out, struct error *e)
{
    json_error_t why;

    *out = json_loadb(text.ptr ? text.ptr : "", text.len, 0, &why);
    if (*out)
        return OK;
    if (why.text[0] == '\0') /* jansson's way to say that it had no memory */
        return error_memory(e, text.len, "a JSON document");
    return error_set(e, ERR_CORRUPT, "not JSON: line %d, column %d: %s", why.line, why.column, why.text);
}

static int write_text(const char *text, size_t len, void *arg)
{
    struct bytes *out = arg;

    bytes_append(out, text, len);
    return out->failed ? -1 : 0;
}

enum err json_field_print(json_t *json, struct bytes *out, struct error *e)
{
    if (json_dump_callback(json, write_text, out, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
        return OK;
    return error_memory(e, out->len, "a JSON document");
}

static enum err wanted(struct error *e, json_t *v, const char *key, const char *what)
{
    if (v == NULL || json_is_null(v))
        return error_set(e, ERR_CORRUPT, "field `%s` is missing", key);
    return error_set(e, ERR_CORRUPT, "field `%s` should be %s", key, what);
}

enum err json_field_long(json_t *o, const char *key, int64_t min, int64_t max, int64_t *out, struct error *e)
{
    json_t *v = json_object_get(o, key);

    if (!json_is_integer(v))
        return wanted(e, v, key, "an integer");
    *out = json_integer_value(v);
    if (*out < min || *out > max)
        return error_set(e, ERR_CORRUPT, "field `%s`: %" PRId64 " is out of range", key, *out);
    return OK;
}

enum err json_field_int(json_t *o, const char *key, int32_t min, int32_t *out, struct error *e)
{
    int64_t v = 0;
    enum err rc = json_field_long(o, key, min, INT32_MAX, &v, e);

    *out = (int32_t)v;
    return rc;
}

enum err json_field_text(json_t *o, const char *key, const char **out, struct error *e)
{
    json_t *v = json_object_get(o, key);

    *out = json_string_value(v);
    return *out ? OK : wanted(e, v, key, "a string");
}

enum err json_field_array(json_t *o, const char *key, json_t **out, struct error *e)
{
    *out = json_object_get(o, key);
    return json_is_array(*out) ? OK : wanted(e, *out, key, "a list");
}

enum err json_field_object(json_t *o, const char *key, json_t **out, struct error *e)
{
    *out = json_object_get(o, key);
    return json_is_object(*out) ? OK : wanted(e, *out, key, "an object");
}

bool json_field_has(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);

    return v != NULL && !json_is_null(v);
}

const char *json_field_get(json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

bool json_field_is_text(const char *text)
{
    return text == NULL || utf8_valid(text, strlen(text));
}

bool json_field_put(json_t *o, const char *key, json_t *value)
{
    return json_object_set_new(o, key, value) == 0;
}

bool json_field_append(json_t *array, json_t *value)
{
    return json_array_append_new(array, value) == 0;
}
