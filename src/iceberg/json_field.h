/* json_field.h: the fields of JSON objects, with errors that name them; and documents to and from text.
 * Absent and null are the same. What is given out is borrowed from the object.
 */
#ifndef WEIR_ICEBERG_JSON_FIELD_H
#define WEIR_ICEBERG_JSON_FIELD_H
#include "base/bytes.h"
#include "base/error.h"
#include <jansson.h>

/* A whole document; ERR_CORRUPT says line and column. */
MUST_USE enum err json_field_parse(struct slice text, json_t **out, struct error *e);
MUST_USE enum err json_field_print(json_t *json, struct bytes *out, struct error *e); /* appends, compact */

/* ERR_CORRUPT when the field is missing or not what is wanted. */
MUST_USE enum err json_field_long(json_t *o, const char *key, int64_t min, int64_t max, int64_t *out,
                                  struct error *e);
MUST_USE enum err json_field_int(json_t *o, const char *key, int32_t min, int32_t *out, struct error *e);
MUST_USE enum err json_field_text(json_t *o, const char *key, const char **out, struct error *e);
MUST_USE enum err json_field_array(json_t *o, const char *key, json_t **out, struct error *e);
MUST_USE enum err json_field_object(json_t *o, const char *key, json_t **out, struct error *e);

bool json_field_has(json_t *o, const char *key);
const char *json_field_get(json_t *o, const char *key); /* the text, NULL when it is none */

bool json_field_is_text(const char *text); /* UTF-8, so that JSON can hold it; NULL is fine */

/* Set key, taking value; false when value is NULL or there is no memory. */
bool json_field_put(json_t *o, const char *key, json_t *value);
bool json_field_append(json_t *array, json_t *value); /* the same for an array */
#endif
