/* config_values.h: texts and the kinds of keys; within this folder. Thread: any. */
#ifndef WEIR_CONFIG_CONFIG_VALUES_H
#define WEIR_CONFIG_CONFIG_VALUES_H
#include "base/slice.h"
#include "config/config.h"

struct slice config_trim(struct slice s);              /* without blanks, tabs and line ends around it */
bool config_same_word(struct slice a, struct slice b); /* in any case, and '-' as good as '_' */
bool config_word_in(struct slice word, const char *words, char separator); /* words may be NULL */

/* Check *value against the kind and the bounds of key; an enum's value becomes the table's spelling. */
MUST_USE enum err config_check(const struct config_key *key, struct slice *value, struct error *e);
MUST_USE enum err config_parse_double(const char *text, double *out, struct error *e);
#endif
