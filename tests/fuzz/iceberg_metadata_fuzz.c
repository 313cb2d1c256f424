/* iceberg_metadata_fuzz.c: table metadata, changes of it, and partitioning as text.
 * The input is a document, and behind a 0 byte perhaps a list of updates, and behind another a partitioning.
 * Whatever is taken must be written and read again as the same, and what a change makes of it must be
 * metadata too or be refused.
 */
#include "base/arena.h"
#include "iceberg/catalog.h"
#include "iceberg/json_field.h"

static struct slice next_part(struct slice *left)
{
    const char *end = left->len ? memchr(left->ptr, '\0', left->len) : NULL;
    struct slice part = slice_of(left->ptr, end ? (size_t)(end - left->ptr) : left->len);

    *left = slice_from(*left, part.len + (end != NULL));
    return part;
}

static void check_round_trip(const struct metadata *m)
{
    struct bytes text = {0};
    struct metadata *again;
    struct error e;

    assert(metadata_encode(m->json, false, &text, &e) == OK);
    assert(metadata_parse(bytes_all(&text), "again", &again, &e) == OK);
    assert(json_equal(m->json, again->json) && m->snapshot_count == again->snapshot_count);
    metadata_free(again);
    bytes_fini(&text);
}

static void check_apply(const struct metadata *m, struct slice text)
{
    struct metadata *changed;
    json_t *updates, *none = json_array(), *doc;
    struct error e;

    if (json_field_parse(text, &updates, &e) == OK) {
        if (metadata_apply(m, none, updates, 1, "old", &doc, &e) == OK &&
            metadata_of_json(doc, "changed", &changed, &e) == OK) {
            check_round_trip(changed);
            metadata_free(changed);
        }
        if (metadata_apply(m, updates, none, 1, NULL, &doc, &e) == OK) /* read as requirements */
            json_decref(doc);
        json_decref(updates);
    }
    json_decref(none);
}

static void check_spec(const struct metadata *m, struct slice text)
{
    struct arena arena = {0};
    const struct schema *schema;
    const struct partition_spec *spec;
    struct partitioner *p;
    int32_t last;
    struct error e;

    assert(metadata_assign_ids(&arena, m->schema, &schema, &last, &e) == OK);
    if (partition_spec_parse(&arena, text, schema, &spec, &e) == OK &&
        partitioner_new(spec, schema, &p, &e) == OK)
        partitioner_free(p);
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice left = slice_of(data, size), document = next_part(&left), updates = next_part(&left);
    struct metadata *m;
    struct error e;

    if (metadata_parse(document, "input", &m, &e) != OK)
        return 0;
    check_round_trip(m);
    for (int32_t i = 0; i < m->snapshot_count; i++)
        metadata_parent(m, &m->snapshots[i]);
    metadata_property_long(m, "commit.retry.num-retries", 4);
    check_apply(m, updates);
    check_spec(m, left);
    metadata_free(m);
    return 0;
}
