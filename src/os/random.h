/* random.h: random numbers: a seeded generator that is handed in (xoshiro256**), and the system's entropy to
 * seed it. */
#ifndef WEIR_OS_RANDOM_H
#define WEIR_OS_RANDOM_H
#include "base/base.h"

struct random {
    uint64_t s[4];
};

void random_seed(struct random *r, uint64_t seed);
uint64_t random_u64(struct random *r);
uint64_t random_below(struct random *r, uint64_t limit); /* 0 <= v < limit, limit > 0 */
double random_unit(struct random *r);                    /* 0 <= v < 1 */
uint64_t random_entropy(void);                           /* from the system; for seeds and names */

#define RANDOM_UUID_MAX 37
void random_uuid(struct random *r, char out[RANDOM_UUID_MAX]); /* version 4, lower case, terminated */
#endif
