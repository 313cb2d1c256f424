/* functions.h: the lists of functions by kind, each ended by an entry without a name; function.c joins them. */
#ifndef WEIR_EXPR_FUNCTIONS_H
#define WEIR_EXPR_FUNCTIONS_H
#include "expr/function.h"

extern const struct function functions_string[];      /* ||, CONCAT, UPPER, REPEAT, ... */
extern const struct function functions_string_part[]; /* SUBSTRING, TRIM, LPAD, POSITION, SPLIT, ... */
extern const struct function functions_string_code[]; /* base64, character sets, URLs, PRINTF */
extern const struct function functions_string_kind[]; /* IS_ALPHA, IS_DIGIT, IS_DECIMAL */
extern const struct function functions_string_printf[];
extern const struct function functions_string_like[]; /* LIKE, SIMILAR TO */
extern const struct function functions_regexp[];
extern const struct function functions_temporal[];      /* parts, rounding, differences */
extern const struct function functions_temporal_text[]; /* to and from text */
extern const struct function functions_temporal_now[];  /* the clock */
extern const struct function functions_window[];        /* TUMBLE, HOP, CUMULATE */
extern const struct function functions_collection[];
extern const struct function functions_json[];
extern const struct function functions_json_make[]; /* JSON_OBJECT, JSON_ARRAY, JSON_STRING */
extern const struct function functions_hash[];
extern const struct function functions_aggregate[];
#endif
