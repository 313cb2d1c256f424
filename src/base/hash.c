/* hash.c: xxHash by its library; murmur3 is forty lines and no library of Debian's has it alone. */
#include "base/hash.h"
#include <xxhash.h>

uint64_t hash_bytes(const void *ptr, size_t byte_count)
{
    return XXH3_64bits(ptr, byte_count);
}

static uint32_t rotate(uint32_t v, int bits)
{
    return v << bits | v >> (32 - bits);
}

static uint32_t scramble(uint32_t k)
{
    return rotate(k * 0xcc9e2d51u, 15) * 0x1b873593u;
}

uint32_t hash_murmur3(const void *ptr, size_t byte_count)
{
    const uint8_t *p = ptr;
    uint32_t h = 0, tail = 0;
    size_t blocks = byte_count / 4;

    for (size_t i = 0; i < blocks; i++, p += 4) {
        uint32_t k = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

        h = rotate(h ^ scramble(k), 13) * 5 + 0xe6546b64u;
    }
    for (size_t i = byte_count & 3; i > 0; i--)
        tail = tail << 8 | p[i - 1];
    h ^= scramble(tail) ^ (uint32_t)byte_count;
    h = (h ^ h >> 16) * 0x85ebca6bu;
    h = (h ^ h >> 13) * 0xc2b2ae35u;
    return h ^ h >> 16;
}
