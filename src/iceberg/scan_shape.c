/* scan_shape.c: see scan_shape.h. */
#include "iceberg/scan_shape.h"
#include "iceberg/absent_column.h"
#include "iceberg/single_value.h"

static int32_t field_of_id(const struct field *fields, int32_t count, int32_t id)
{
    for (int32_t i = 0; i < count; i++)
        if (fields[i].id == id)
            return i;
    return -1;
}

/* --- planning --- */

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "the columns of a data file");
}

static enum err plan_type(const struct type *wanted, const struct type *have, struct arena *arena,
                          const struct type **read, struct shape_part *part, struct error *e);

/* The fields of a nested type, each with its read type in fields. Elements, keys and values stand where they
 * are; those of a ROW are told by their ids. */
static enum err plan_fields(const struct type *wanted, const struct type *have, struct arena *arena,
                            struct field *fields, struct shape_part *part, struct error *e)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < wanted->field_count; i++) {
        struct shape_part *child = &part->parts[i];
        int32_t n = wanted->kind == TYPE_STRUCT
                        ? field_of_id(have->fields, have->field_count, wanted->fields[i].id)
                        : i;

        *child = (struct shape_part){.from = n};
        if (n < 0 && !wanted->fields[i].type->nullable)
            return error_set(e, ERR_CORRUPT, "the file has no field %s, which is NOT NULL in the table",
                             wanted->fields[i].name);
        if (n >= 0)
            rc = plan_type(wanted->fields[i].type, have->fields[n].type, arena, &fields[n].type, child, e);
        if (rc != OK)
            error_add(e, rc, "field %s", wanted->fields[i].name);
    }
    return rc;
}

/* Does every part stay where it is? Then nothing is to be arranged. */
static bool is_plain(const struct shape_part *part, const struct type *wanted, const struct type *have)
{
    if (wanted->field_count != have->field_count)
        return false;
    for (int32_t i = 0; i < wanted->field_count; i++)
        if (part->parts[i].from != i || part->parts[i].parts)
            return false;
    return true;
}

static enum err plan_type(const struct type *wanted, const struct type *have, struct arena *arena,
                          const struct type **read, struct shape_part *part, struct error *e)
{
    struct type *type;
    struct field *fields;
    enum err rc;

    *read = wanted;
    if (!type_is_nested(wanted))
        return OK; /* whether the leaf can be read so, the reader says */
    if (wanted->kind != have->kind)
        return error_set(e, ERR_CORRUPT, "it is of another kind in the file");
    type = arena_copy(arena, have, sizeof *have);
    fields = arena_copy(arena, have->fields, sizeof *fields * (size_t)have->field_count);
    part->parts = ARENA_ARRAY(arena, struct shape_part, MAX(wanted->field_count, 1));
    if (arena->failed)
        return no_memory(e);
    type->nullable = wanted->nullable;
    type->fields = fields;
    *read = type;
    if ((rc = plan_fields(wanted, have, arena, fields, part, e)) == OK && is_plain(part, wanted, have))
        part->parts = NULL;
    return rc;
}

/* The partition's value of a column that the file leaves out, as files do that came from Hive. */
static const struct slice *partition_constant(const struct metadata *m, const struct data_file *file,
                                              const struct field *f)
{
    const struct partition_spec *spec = metadata_spec(m, file->spec_id);

    for (int32_t i = 0; spec && i < spec->field_count && i < file->partition_count; i++)
        if (spec->fields[i].source_id == f->id && spec->fields[i].transform.kind == TRANSFORM_IDENTITY &&
            !file->partition[i].null && single_value_fits(f->type, file->partition[i].value))
            return &file->partition[i].value;
    return NULL;
}

static bool has_ids(const struct schema *s)
{
    for (int32_t i = 0; i < s->field_count; i++)
        if (s->fields[i].id > 0)
            return true;
    return s->field_count == 0;
}

static enum err plan_column(struct shape *s, int32_t number, const struct schema *have,
                            const struct metadata *m, const struct data_file *file, struct field *fields,
                            struct arena *arena, struct error *e)
{
    const struct field *wanted = &s->wanted->fields[number];
    int32_t column = field_of_id(have->fields, have->field_count, wanted->id), n = s->read.field_count;
    struct shape_part *part = &s->parts[number];
    enum err rc;

    *part = (struct shape_part){.from = -1};
    if (column < 0) {
        part->constant = partition_constant(m, file, wanted);
        if (part->constant == NULL && !wanted->type->nullable)
            return error_set(e, ERR_CORRUPT, "%s has no column %s, which is NOT NULL in the table",
                             file->path, wanted->name);
        return OK;
    }
    part->from = n;
    s->columns[n] = column;
    fields[n] = *wanted;
    s->read.field_count++;
    rc = plan_type(wanted->type, have->fields[column].type, arena, &fields[n].type, part, e);
    return rc == OK ? OK : error_add(e, rc, "%s: column %s", file->path, wanted->name);
}

enum err shape_plan(struct shape *s, const struct schema *wanted, const struct schema *have,
                    const struct metadata *m, const struct data_file *file, struct arena *arena,
                    struct error *e)
{
    struct field *fields = ARENA_ARRAY(arena, struct field, MAX(wanted->field_count, 1));
    enum err rc = OK;

    *s = (struct shape){.wanted = wanted};
    s->columns = ARENA_ARRAY(arena, int32_t, MAX(wanted->field_count, 1));
    s->parts = ARENA_ARRAY(arena, struct shape_part, MAX(wanted->field_count, 1));
    s->read.fields = fields;
    if (arena->failed)
        return no_memory(e);
    if (!has_ids(have))
        return error_set(e, ERR_UNSUPPORTED,
                         "%s has no field ids (it was imported); weir cannot tell its columns, as it does "
                         "not read by schema.name-mapping.default",
                         file->path);
    for (int32_t i = 0; rc == OK && i < wanted->field_count; i++)
        rc = plan_column(s, i, have, m, file, fields, arena, e);
    return rc;
}

/* --- applying --- */

static bool fill(const struct shape_part *part, const struct column *from, struct column *to,
                 struct batch *owner)
{
    const struct type *type = to->type;

    if (part->parts == NULL) {
        column_adopt(to, from, type);
        return true;
    }
    to->row_count = from->row_count;
    to->validity = from->validity;
    if (type->kind != TYPE_STRUCT)
        to->offsets = from->offsets;
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct shape_part *child = &part->parts[i];
        bool ok = child->from >= 0 ? fill(child, &from->children[child->from], &to->children[i], owner)
                                   : absent_column_fill(&to->children[i], from->row_count, owner);

        if (!ok)
            return false;
    }
    return true;
}

/* The partition's value in every row. */
static bool fill_constant(struct column *to, struct slice value, int32_t row_count, struct budget *budget,
                          struct batch *owner)
{
    const struct field field = {.name = "constant", .type = to->type};
    const struct schema schema = {1, &field};
    int32_t *rows = batch_alloc(owner, sizeof *rows * (size_t)MAX(row_count, 1));
    struct batch *one = NULL;
    struct builder b;
    struct error e;
    bool ok;

    if (rows == NULL || !builder_init(&b, &schema, budget))
        return false;
    single_value_build(&b.columns[0], value);
    ok = builder_finish(&b, &one, &e) == OK;
    builder_fini(&b);
    if (!ok)
        return false;
    memset(rows, 0, sizeof *rows * (size_t)row_count);
    ok = column_gather(&one->columns[0], rows, row_count, owner, to) &&
         batch_keep(owner, keep_ref(&one->keep));
    batch_unref(one);
    return ok;
}

static bool fill_columns(const struct shape *s, struct batch *some, struct batch *all, struct budget *budget)
{
    for (int32_t i = 0; i < s->wanted->field_count; i++) {
        const struct shape_part *part = &s->parts[i];
        struct column *to = &all->columns[i];
        bool ok;

        if (part->from >= 0)
            ok = fill(part, &some->columns[part->from], to, all);
        else if (part->constant)
            ok = fill_constant(to, *part->constant, all->row_count, budget, all);
        else
            ok = absent_column_fill(to, all->row_count, all);
        if (!ok)
            return false;
    }
    return true;
}

struct batch *shape_apply(const struct shape *s, struct batch *some, int32_t row_count, struct budget *budget)
{
    struct batch *all = batch_new(s->wanted, budget);

    if (all && some && !batch_keep(all, keep_ref(&some->keep))) {
        batch_unref(some); /* the reference that all was to have */
        batch_unref(all);
        all = NULL;
    }
    if (all)
        all->row_count = row_count;
    if (all && !fill_columns(s, some, all, budget)) {
        batch_unref(all);
        all = NULL;
    }
    batch_unref(some);
    return all;
}
