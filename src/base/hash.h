/* hash.h: the hashes that weir uses, each with the one purpose that fixes it. */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H
#include "base/slice.h"

/* XXH3, 64 bits: keys of state and of joins, key groups, checksums. Stored in checkpoints: never change it.
 */
uint64_t hash_bytes(const void *ptr, size_t byte_count);

/* Mixes a 64-bit integer (the finaliser of splitmix64); also combines: hash_mix(a ^ b). */
static inline uint64_t hash_mix(uint64_t v)
{
    v = (v ^ (v >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    v = (v ^ (v >> 27)) * UINT64_C(0x94d049bb133111eb);
    return v ^ (v >> 31);
}

/* Murmur3, x86, 32 bits, seed 0: Iceberg's bucket transform (Iceberg spec, appendix B). */
uint32_t hash_murmur3(const void *ptr, size_t byte_count);

/* The key group of a key's hash. max_parallelism is 1..32768. Stored in checkpoints: never change it. */
static inline uint32_t hash_key_group(uint64_t hash, uint32_t max_parallelism)
{
    return (uint32_t)((hash >> 32) * max_parallelism >> 32);
}

/* The subtask that owns a key group; groups are split into contiguous ranges. */
static inline uint32_t hash_subtask(uint32_t key_group, uint32_t max_parallelism, uint32_t parallelism)
{
    return key_group * parallelism / max_parallelism;
}
#endif
