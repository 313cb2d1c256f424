/* parquet_fuzz.c: any bytes as a Parquet file: an error or batches that keep their promises, and no memory
 * beyond the budget. The corpus is small files of several writers, mostly uncompressed and without page
 * checksums, so that changes get to the decoders.
 */
#include "base/budget.h"
#include "parquet/memory_fs.h"
#include "parquet/parquet_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BUDGET_BYTES ((size_t)32 << 20)
#define GROUPS_MAX   4

static void read_all(struct parquet_reader *r, const int32_t *columns, int32_t count)
{
    struct batch *b;
    struct bytes text = {0};
    struct error e;

    for (int32_t i = 0; i < MIN(parquet_reader_groups(r), GROUPS_MAX); i++) {
        if (parquet_reader_group(r, i, columns, count, NULL, &b, &e) != OK)
            continue;
        if (batch_check(b, &e) != OK)
            __builtin_trap();
        if (b->row_count < 10000) /* touches every value */
            batch_print(b, &text);
        batch_unref(b);
        bytes_fini(&text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct budget *budget = budget_new("fuzz", BUDGET_BYTES, NULL);
    struct memory_fs fs;
    struct parquet_reader *r;
    struct error e;
    const int32_t first = 0;

    memory_fs_init(&fs);
    bytes_append(&fs.content, data, size);
    if (parquet_reader_open(&fs.fs, "fuzz", budget, &r, &e) == OK) {
        read_all(r, NULL, 0);
        if (parquet_reader_schema(r)->field_count > 0)
            read_all(r, &first, 1);
        parquet_reader_free(r);
    }
    if (budget_used(budget) != 0)
        __builtin_trap();
    memory_fs_fini(&fs);
    budget_free(budget);
    return 0;
}
