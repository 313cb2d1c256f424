/* state_restore_fuzz.c: any bytes as the file of a state in a checkpoint, with a checksum that fits: an
 * error, or a state whose entries can be visited; no memory beyond the budget.
 */
#include "base/budget.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_reader.h"
#include "state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET_BYTES ((size_t)32 << 20)

static const struct type text = {.kind = TYPE_STRING, .nullable = true};
static const struct type number = {.kind = TYPE_INT64};
static const struct type real = {.kind = TYPE_DOUBLE};
static const struct field key_fields[] = {{.name = "user", .type = &text}, {.name = "kind", .type = &text}};
static const struct schema key = {COUNT_OF(key_fields), key_fields};
static const struct state_field fields[] = {{"count", &number, 0}, {"sum", &real, 8}};

static int64_t zero(struct clock *c)
{
    (void)c;
    return 0;
}
static struct clock clock_of_zero = {zero, zero};

static void visit(struct state *s)
{
    struct key k;
    struct slice value;
    int64_t name_space = INT64_MIN;
    size_t seen = 0;

    while (state_next_namespace(s, name_space, &name_space)) {
        for (size_t at = 0; state_next(s, name_space, &at, &k, &value); seen++)
            assert(k.hash == hash_bytes(k.bytes.ptr, k.bytes.len) && value.len == 16);
        if (name_space++ == INT64_MAX)
            break;
    }
    assert(seen <= state_count(s)); /* less when some have outlived their time */
}

static int64_t rows_of(struct fs *fs, struct budget *budget)
{
    struct parquet_reader *r;
    struct error e;
    int64_t rows;

    if (parquet_reader_open(fs, "x", budget, &r, &e) != OK)
        return 0;
    rows = parquet_reader_rows(r);
    parquet_reader_free(r);
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct budget *budget = budget_new("fuzz", BUDGET_BYTES, NULL);
    struct state_config config = {.max_parallelism = 128,
                                  .first_key_group = 30,
                                  .last_key_group = 100,
                                  .budget = budget,
                                  .clock = &clock_of_zero};
    struct state_desc desc = {.name = "sums",
                              .key = &key,
                              .has_namespace = true,
                              .value_size = 16,
                              .fields = fields,
                              .field_count = 2,
                              .ttl_us = 1000};
    struct state_store *store = state_store_new(&config);
    struct memory_fs memory;
    struct state_file file = {.state = "sums", .path = (char[]){"x"}};
    struct state *s;
    struct error e;

    memory_fs_init(&memory);
    bytes_append(&memory.content, data, size);
    file.size_bytes = (int64_t)size;
    file.checksum = hash_bytes(data, size);
    file.entry_count = rows_of(&memory.fs, budget);
    if (state_declare(store, &desc, &s, &e) == OK && state_restore_file(store, &memory.fs, &file, &e) == OK)
        visit(s);
    state_store_free(store);
    assert(budget_used(budget) == 0);
    budget_free(budget);
    memory_fs_fini(&memory);
    return 0;
}
