/* avro_fuzz.c: a schema, a zero byte, and a datum: parsed, compiled against its own columns and against few
 * of them, decoded, and checked. What was decoded whole is encoded and decoded again, and must be the same.
 */
#include "formats/avro_schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROWS_MAX 1000

/* The rows of datum; NULL when there are none that can be read. */
static struct batch *decode(const struct avro_plan *plan, const struct schema *schema, struct slice datum)
{
    struct builder b;
    struct batch *batch = NULL;
    struct error e;
    char why[AVRO_WHY_MAX];
    size_t used = 1;
    int32_t rows = 0;

    if (!builder_init(&b, schema, NULL))
        return NULL;
    while (datum.len && used && rows < ROWS_MAX) {
        if (avro_decode(plan, datum, &b, &used, why)) {
            builder_truncate(&b, rows);
            break;
        }
        datum = slice_from(datum, used);
        rows++;
    }
    if (builder_finish(&b, &batch, &e) == OK)
        assert(batch->row_count == rows && batch_check(batch, &e) == OK);
    builder_fini(&b);
    return batch;
}

static void encode_again(struct batch *batch)
{
    struct bytes json = {0}, datum = {0}, before = {0}, after = {0};
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    struct batch *again = NULL;
    struct error e;

    for (int32_t i = 0; i < batch->row_count; i++)
        avro_encode(batch, i, &datum);
    if (batch->row_count == 0 || datum.len == 0 || avro_schema_write(batch->schema, "r", &json, &e) != OK ||
        avro_schema_parse(bytes_all(&json), &writer, &e) != OK ||
        avro_plan_new(writer, batch->schema, NULL, &plan, &e) != OK)
        goto out;
    again = decode(plan, batch->schema, bytes_all(&datum));
    batch_print(batch, &before);
    batch_print(again, &after);
    assert(slice_equal(bytes_all(&before), bytes_all(&after)));
out:
    batch_unref(again);
    avro_plan_free(plan);
    avro_schema_free(writer);
    bytes_fini(&json);
    bytes_fini(&datum);
    bytes_fini(&before);
    bytes_fini(&after);
}

/* Every other column only: the rest is skipped. */
static void decode_some(const struct avro_schema *writer, const struct schema *all, struct slice datum)
{
    struct field fields[16];
    const struct schema some = {MIN((all->field_count + 1) / 2, 16), fields};
    struct avro_plan *plan = NULL;
    struct error e;

    for (int32_t i = 0; i < some.field_count; i++)
        fields[i] = all->fields[i * 2];
    if (some.field_count && avro_plan_resolve(writer, writer, &some, NULL, &plan, &e) == OK)
        batch_unref(decode(plan, &some, datum));
    avro_plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    struct slice json = slice_of(data, zero ? (size_t)(zero - data) : size);
    struct slice datum = slice_from(slice_of(data, size), json.len + (zero != NULL));
    struct arena arena = {0};
    struct avro_schema *writer = NULL;
    struct avro_plan *plan = NULL;
    const struct schema *columns = NULL;
    struct batch *batch = NULL;
    struct error e;

    if (avro_schema_parse(json, &writer, &e) != OK ||
        avro_schema_columns(writer, &arena, &columns, &e) != OK || columns->field_count == 0)
        goto out;
    if (avro_plan_new(writer, columns, NULL, &plan, &e) == OK)
        batch = decode(plan, columns, datum);
    if (batch)
        encode_again(batch);
    decode_some(writer, columns, datum);
out:
    batch_unref(batch);
    avro_plan_free(plan);
    avro_schema_free(writer);
    arena_fini(&arena);
    return 0;
}
