/* state_bench.c: what an edit of keyed state costs, by the number of keys, and what a freeze adds to it.
 *
 *   ninja -C build state_bench && build/bench/state_bench
 *
 * or without CMake:
 *   cc -O2 -march=x86-64-v2 -std=gnu17 -D_GNU_SOURCE -Isrc bench/state_bench.c -o state_bench \
 *      src/state/{key,page,space,space_order,state,state_file}.c src/batch/{batch,builder,type}.c \
 *      src/base/{arena,budget,bytes,calendar,error,hash,map,mem}.c -lxxhash
 */
#include "base/mem.h"
#include "os/random.h"
#include "state/state_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EDITS 5000000
#define ROWS  2048

static struct field key_fields[] = {{.name = "user"}};
static const struct schema key_schema = {1, key_fields};

struct sums {
    int64_t count;
    double sum, low, high, last;
};

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t next_random(uint64_t *x)
{
    *x += UINT64_C(0x9e3779b97f4a7c15);
    return hash_mix(*x);
}

/* Keys of 16 to 40 bytes, as a user and a sample type would be. */
static struct key *make_keys(size_t count)
{
    struct key *keys = mem_calloc(count, sizeof *keys);

    for (size_t i = 0; i < count; i++) {
        char *text = mem_printf("user-%08zu-%.*s", i, (int)(i % 25), "heart-rate-variability-abcdef");

        keys[i] = key_of((struct slice){text, strlen(text)});
    }
    return keys;
}

/* The keys of a run of rows, one after the other, as key_batch_fill leaves them. */
static void copy_keys(const struct key *keys, const uint32_t *order, size_t count, struct key *out, char *to)
{
    for (size_t i = 0; i < count; i++) {
        const struct key *k = &keys[order[i]];

        memcpy(to, k->bytes.ptr, k->bytes.len);
        out[i] = (struct key){{to, k->bytes.len}, k->hash};
        to += k->bytes.len;
    }
}

static double edit_all(struct state *s, const struct key *keys, const uint32_t *order, size_t count,
                       bool prefetch)
{
    static struct key rows[ROWS];
    static char bytes[ROWS * 64];
    double spent = 0, start;

    for (size_t at = 0; at < count; at += ROWS) {
        size_t n = MIN((size_t)ROWS, count - at);

        copy_keys(keys, order + at, n, rows, bytes);
        start = now_ns();
        for (size_t i = 0; i < n; i++) {
            struct sums *v;

            if (prefetch)
                state_prefetch(s, rows, (int32_t)i, (int32_t)n, 0);
            v = state_edit(s, rows[i], 0, NULL);
            v->count++;
            v->sum += (double)i;
        }
        spent += now_ns() - start;
    }
    return spent / (double)count;
}

static double hash_all(const struct key *keys, const uint32_t *order, size_t count, uint64_t *sink)
{
    double start = now_ns();

    for (size_t i = 0; i < count; i++)
        *sink ^= key_of(keys[order[i]].bytes).hash;
    return (now_ns() - start) / (double)count;
}

/* What a snapshot holds, without writing it. */
static struct page **hold_pages(struct state_store *store, struct state *s, size_t *count)
{
    struct space *sp = space_order_at(&s->order, (struct space_spot){0});
    struct page **pages = mem_calloc(sp->page_count, sizeof *pages);

    *count = sp->page_count;
    for (size_t i = 0; i < *count; i++)
        pages[i] = sp->pages[i] ? page_ref(sp->pages[i]) : NULL;
    store->epoch++;
    return pages;
}

static void run(size_t key_count)
{
    struct state_config config = {.max_parallelism = 128, .last_key_group = 127};

    struct state_store *store = state_store_new(&config);
    struct state_desc desc = {.name = "sums", .key = &key_schema, .value_size = sizeof(struct sums)};
    struct state *s;
    struct error e;
    struct key *keys = make_keys(key_count);
    uint32_t *order = mem_calloc(EDITS, sizeof *order);
    uint64_t seed = 1, sink = 0;
    double insert, alone, hit, frozen, freeze, hash;
    struct page **held;
    size_t held_count;

    if (state_declare(store, &desc, &s, &e) != OK)
        abort();
    for (size_t i = 0; i < EDITS; i++)
        order[i] = (uint32_t)(i < key_count ? i : next_random(&seed) % key_count);
    insert = edit_all(s, keys, order, key_count, true);
    for (size_t i = 0; i < EDITS; i++)
        order[i] = (uint32_t)(next_random(&seed) % key_count);
    alone = edit_all(s, keys, order, EDITS, false);
    hit = edit_all(s, keys, order, EDITS, true);
    hash = hash_all(keys, order, EDITS, &sink);
    freeze = now_ns();
    held = hold_pages(store, s, &held_count);
    freeze = now_ns() - freeze;
    frozen = edit_all(s, keys, order, key_count, true);
    printf("%9zu keys: insert %6.1f ns, hit %6.1f ns (%6.1f without state_prefetch), first pass after a "
           "freeze %6.1f ns, "
           "freeze %6.1f us, hashing %5.1f ns%s\n",
           key_count, insert, hit, alone, frozen, freeze / 1e3, hash, sink == 42 ? "!" : "");
    for (size_t i = 0; i < held_count; i++)
        page_unref(held[i]);
    mem_free(held);
    state_store_free(store);
    for (size_t i = 0; i < key_count; i++)
        mem_free((void *)(uintptr_t)keys[i].bytes.ptr);
    mem_free(keys);
    mem_free(order);
}

int main(void)
{
    static const size_t key_counts[] = {100, 1000, 10000, 100000, 1000000, 4000000};

    key_fields[0].type = type_simple(TYPE_STRING, false);

    for (size_t i = 0; i < COUNT_OF(key_counts); i++)
        run(key_counts[i]);
    return 0;
}
