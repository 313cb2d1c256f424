/* uuid.h: UUIDs between their 16 bytes and their text, 8-4-4-4-12 hex digits. */
#ifndef WEIR_FORMATS_UUID_H
#define WEIR_FORMATS_UUID_H
#include "base/slice.h"

#define UUID_TEXT 36

bool uuid_parse(struct slice text, char out[16]);          /* false when it is none */
void uuid_format(const char raw[16], char out[UUID_TEXT]); /* not terminated */
#endif
