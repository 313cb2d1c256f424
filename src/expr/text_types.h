/* text_types.h: how long the texts are that functions give, as Flink declares it: VARCHAR(3) for LEFT of a VARCHAR(3),
 * CHAR(32) for MD5. Only names of types: nothing is cut or filled. They show in DESCRIBE and in tables made by
 * CREATE TABLE AS.
 */
#ifndef WEIR_EXPR_TEXT_TYPES_H
#define WEIR_EXPR_TEXT_TYPES_H
#include "expr/function.h"

/* The type of a resolved call, r->result but for the length; NULL: no memory. */
const struct type *text_types_result(const struct resolution *r);
#endif
