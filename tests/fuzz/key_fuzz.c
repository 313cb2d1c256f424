/* key_fuzz.c: any bytes as a key of state: refused with nothing appended, or values that make a key again,
 * which then stays what it is.
 */
#include "state/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct type text = {.kind = TYPE_STRING, .nullable = true};
static const struct type number = {.kind = TYPE_INT32, .nullable = true};
static const struct type flag = {.kind = TYPE_BOOLEAN, .nullable = true};
static const struct type amount = {.kind = TYPE_DECIMAL, .nullable = true, .precision = 30, .scale = 2};
static const struct field fields[] = {
    {.name = "a", .type = &text},   {.name = "b", .type = &number}, {.name = "c", .type = &flag},
    {.name = "d", .type = &amount}, {.name = "e", .type = &text},
};
static const struct schema schema = {COUNT_OF(fields), fields};
static const int32_t columns[] = {0, 1, 2, 3, 4};

/* Decode and encode; false when it is no key. */
static bool round_trip(struct slice bytes, struct key_batch *out)
{
    struct builder b;
    struct batch *batch = NULL;
    struct error e;
    bool is_key;

    if (!builder_init(&b, &schema, NULL))
        return false;
    is_key = key_decode(bytes, b.columns, schema.field_count);
    for (int32_t i = 0; i < schema.field_count; i++)
        assert(b.columns[i].row_count == is_key);
    if (is_key && builder_finish(&b, &batch, &e) == OK)
        is_key = key_batch_fill(out, batch, columns, schema.field_count);
    batch_unref(batch);
    builder_fini(&b);
    return is_key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key_batch once = {0}, twice = {0};

    if (round_trip(slice_of(data, size), &once)) {
        bool again = round_trip(once.keys[0].bytes, &twice);

        assert(again && slice_equal(once.keys[0].bytes, twice.keys[0].bytes));
        assert(once.keys[0].hash == twice.keys[0].hash);
    }
    key_batch_fini(&once);
    key_batch_fini(&twice);
    return 0;
}
