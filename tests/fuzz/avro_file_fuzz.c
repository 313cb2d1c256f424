/* avro_file_fuzz.c: a container file of any schema, read as the columns of two of ours. */
#include "base/map.h"
#include "formats/avro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = {
        "id BIGINT, name STRING, tags MAP<STRING NOT NULL, ARRAY<DOUBLE>>, r ROW<a INT, b DATE>",
        "status INT NOT NULL, data_file ROW<file_path STRING NOT NULL, `partition` ROW<d DATE>, "
        "column_sizes MAP<INT NOT NULL, BIGINT NOT NULL>, split_offsets ARRAY<BIGINT NOT NULL>> NOT NULL",
    };

    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        struct arena arena = {0};
        const struct schema *schema = NULL;
        struct map metadata = {0};
        struct batch *batch = NULL;
        struct error e;

        if (schema_parse(&arena, slice_text(columns[i]), &schema, &e) == OK &&
            avro_file_read(slice_of(data, size), schema, &arena, &metadata, &batch, &e) == OK)
            assert(batch_check(batch, &e) == OK);
        batch_unref(batch);
        map_fini(&metadata);
        arena_fini(&arena);
    }
    return 0;
}
