/* random.c: xoshiro256** (Blackman and Vigna), seeded by splitmix64 so that seeds 0, 1, 2 give unrelated
 * streams. */
#include "os/random.h"
#include "base/hash.h"
#include "os/clock.h"
#include <stdio.h>
#include <unistd.h>

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* the step of splitmix64 */

static uint64_t rotate_left(uint64_t v, unsigned bit_count)
{
    return v << bit_count | v >> (64 - bit_count);
}

void random_seed(struct random *r, uint64_t seed)
{
    for (size_t i = 0; i < COUNT_OF(r->s); i++)
        r->s[i] = hash_mix(seed += GOLDEN);
}

uint64_t random_u64(struct random *r)
{
    uint64_t *s = r->s;
    uint64_t out = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return out;
}

/* The high half of a 128-bit product; the few values that would favour some results are drawn again (Lemire).
 */
uint64_t random_below(struct random *r, uint64_t limit)
{
    assert(limit > 0);
    uint64_t unfair = (0 - limit) % limit;
    unsigned __int128 product;

    do
        product = (unsigned __int128)random_u64(r) * limit;
    while ((uint64_t)product < unfair);
    return (uint64_t)(product >> 64);
}

double random_unit(struct random *r)
{
    return (double)(random_u64(r) >> 11) * 0x1p-53;
}

uint64_t random_entropy(void)
{
    static _Atomic uint64_t calls;
    uint64_t v;

    if (getentropy(&v, sizeof v) == 0)
        return v;
    /* A kernel or sandbox without it: time, process and call number still make names that differ. */
    v = hash_mix((uint64_t)clock_wall_us(clock_system()) ^ ((uint64_t)getpid() << 48));
    return hash_mix(v ^ (uint64_t)clock_mono_us(clock_system()) ^ ++calls * GOLDEN);
}

void random_uuid(struct random *r, char out[RANDOM_UUID_MAX])
{
    uint64_t high = (random_u64(r) & ~UINT64_C(0xf000)) | UINT64_C(0x4000);
    uint64_t low = (random_u64(r) & ~(UINT64_C(3) << 62)) | UINT64_C(2) << 62;

    snprintf(out, RANDOM_UUID_MAX, "%08x-%04x-%04x-%04x-%012" PRIx64, (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xffff), (unsigned)(low >> 48),
             low & UINT64_C(0xffffffffffff));
}
