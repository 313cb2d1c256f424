/* hex.h: hexadecimal digits. */
#ifndef WEIR_BASE_HEX_H
#define WEIR_BASE_HEX_H
#include "base/base.h"

/* What a digit stands for; -1: it is none. */
static inline int hex_value(int digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}
#endif
