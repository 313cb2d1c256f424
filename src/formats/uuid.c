/* uuid.c: see uuid.h. */
#include "formats/uuid.h"
#include "base/hex.h"

static bool is_dash(size_t at)
{
    return at == 8 || at == 13 || at == 18 || at == 23;
}

bool uuid_parse(struct slice text, char out[16])
{
    size_t at = 0;

    if (text.len != UUID_TEXT)
        return false;
    for (int i = 0; i < 16; i++) {
        int high, low;

        if (is_dash(at) && text.ptr[at++] != '-')
            return false;
        high = hex_value(text.ptr[at++]);
        low = hex_value(text.ptr[at++]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (char)(high << 4 | low);
    }
    return true;
}

void uuid_format(const char raw[16], char out[UUID_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;

    for (int i = 0; i < 16; i++) {
        if (is_dash(at))
            out[at++] = '-';
        out[at++] = digits[(uint8_t)raw[i] >> 4];
        out[at++] = digits[(uint8_t)raw[i] & 15];
    }
}
