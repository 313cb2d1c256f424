/* base64.h: bytes as text in a checkpoint's JSON: RFC 4648, section 4, with padding. */
#ifndef WEIR_CHECKPOINT_BASE64_H
#define WEIR_CHECKPOINT_BASE64_H
#include "base/arena.h"
#include "base/bytes.h"

void base64_encode(struct bytes *out, struct slice bytes);

/* False when text is not such an encoding. NULL-with-length-0 for empty; else the bytes lie in arena, whose
 * `failed` tells the want of memory (false is returned then too). */
MUST_USE bool base64_decode(struct arena *arena, struct slice text, struct slice *out);
#endif
