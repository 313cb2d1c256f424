/* file_columns.c: see file_columns.h. */
#include "connectors/file_columns.h"
#include "base/calendar.h"
#include "base/mem.h"
#include "batch/builder.h"
#include "config/config.h"
#include <stdio.h>
#include <stdlib.h>

bool file_columns_can_partition(const struct type *t)
{
    return t->kind == TYPE_BOOLEAN || (t->kind >= TYPE_INT8 && t->kind <= TYPE_INT64) ||
           t->kind == TYPE_DATE || t->kind == TYPE_STRING;
}

/* `2025-11-01` */
static bool parse_date(const char *text, int32_t *days)
{
    struct civil date;
    char rest;

    if (sscanf(text, "%4" SCNd32 "-%2" SCNd32 "-%2" SCNd32 "%c", &date.year, &date.month, &date.day, &rest) !=
            3 ||
        date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    *days = calendar_days(date);
    return calendar_civil(*days).day == date.day;
}

static bool parse_whole(const char *text, enum type_kind kind, int64_t *v)
{
    static const int64_t most[] = {
        [TYPE_INT8] = INT8_MAX, [TYPE_INT16] = INT16_MAX, [TYPE_INT32] = INT32_MAX, [TYPE_INT64] = INT64_MAX};
    struct error ignored;

    return config_parse_int(text, v, &ignored) == OK && *v <= most[kind] && *v >= -most[kind] - 1;
}

static bool append_partition(struct column_builder *to, const char *text)
{
    enum type_kind kind = to->type->kind;
    struct error ignored;
    int64_t v = 0;
    int32_t days = 0;
    bool flag = false;

    if (kind == TYPE_STRING)
        builder_borrowed(to, text, strlen(text));
    else if (kind == TYPE_BOOLEAN && config_parse_bool(text, &flag, &ignored) == OK)
        builder_u8(to, flag);
    else if (kind == TYPE_DATE && parse_date(text, &days))
        builder_i32(to, days);
    else if (kind >= TYPE_INT8 && kind <= TYPE_INT64 && parse_whole(text, kind, &v)) {
        if (kind == TYPE_INT8)
            builder_i8(to, (int8_t)v);
        else if (kind == TYPE_INT16)
            builder_i16(to, (int16_t)v);
        else if (kind == TYPE_INT32)
            builder_i32(to, (int32_t)v);
        else
            builder_i64(to, v);
    } else {
        return false;
    }
    return true;
}

static enum err add_partition(struct file_columns *c, const struct listed_file *file, int32_t i,
                              struct column_builder *to, struct error *e)
{
    const char *name = c->spec->schema->fields[i].name;
    struct slice found = file_list_partition(&c->arena, c->spec->path, file->path, name);
    const char *text = found.ptr ? arena_text(&c->arena, found) : NULL;

    if (c->arena.failed)
        return error_memory(e, found.len, "a partition");
    if (text == NULL)
        return error_set(e, ERR_INPUT,
                         "%s: there is no folder %s=... in its path, and the table is partitioned by %s",
                         file->path, name, name);
    if (strcmp(text, c->spec->default_partition) == 0) {
        builder_null(to);
        return to->type->nullable ? OK : error_set(e, ERR_INPUT, "%s: %s is NOT NULL", file->path, name);
    }
    return append_partition(to, text)
               ? OK
               : error_set(e, ERR_INPUT, "%s: '%s' is no value of column %s", file->path, text, name);
}

static enum err add_constant(struct file_columns *c, const struct listed_file *file, int32_t i,
                             struct column_builder *to, struct error *e)
{
    const char *path = arena_strdup(&c->arena, file->path);

    if (path == NULL)
        return error_memory(e, strlen(file->path), "a path");
    switch (c->spec->columns[i].origin) {
    case FILE_CONTENT:
        builder_null(to);
        break;
    case FILE_PARTITION:
        return add_partition(c, file, i, to, e);
    case FILE_PATH:
        builder_borrowed(to, path, strlen(path));
        break;
    case FILE_NAME:
        builder_borrowed(to, file_list_name(path), strlen(file_list_name(path)));
        break;
    case FILE_SIZE:
        builder_i64(to, file->size);
        break;
    case FILE_MODIFIED:
        builder_i64(to, file->modified_ms * 1000);
        break;
    }
    return OK;
}

enum err file_columns_set(struct file_columns *c, const struct file_source_spec *spec,
                          const struct listed_file *file, struct error *e)
{
    struct builder b;
    struct batch *values = NULL;
    enum err rc = OK;

    file_columns_fini(c);
    c->spec = spec;
    if (!builder_init(&b, spec->schema, NULL))
        return error_memory(e, sizeof b, "columns of a file");
    for (int32_t i = 0; rc == OK && i < spec->schema->field_count; i++)
        rc = add_constant(c, file, i, &b.columns[i], e);
    if (rc == OK)
        rc = builder_finish(&b, &values, e);
    builder_fini(&b);
    if (rc == OK && (c->values = batch_copy(values, NULL)) == NULL) /* its texts outlive the arena */
        rc = error_memory(e, sizeof *values, "columns of a file");
    batch_unref(values);
    return rc;
}

void file_columns_fini(struct file_columns *c)
{
    batch_unref(c->values);
    arena_fini(&c->arena);
    *c = (struct file_columns){0};
}

static bool keep_batch(struct batch *out, struct batch *b)
{
    if (batch_keep(out, keep_ref(&b->keep)))
        return true;
    batch_unref(b);
    return false;
}

enum err file_columns_add(struct file_columns *c, struct batch *content, struct budget *budget,
                          struct batch **out, struct error *e)
{
    const struct file_source_spec *spec = c->spec;
    int32_t *first = mem_calloc((size_t)MAX(content->row_count, 1),
                                sizeof *first); /* row 0, again and again */
    struct batch *b = batch_new(spec->schema, budget);
    bool ok = first && b && keep_batch(b, content) && keep_batch(b, c->values);

    for (int32_t i = 0; ok && i < spec->schema->field_count; i++) {
        const struct file_column *from = &spec->columns[i];

        if (from->origin == FILE_CONTENT)
            column_adopt(&b->columns[i], &content->columns[from->field], spec->schema->fields[i].type);
        else
            ok = column_gather(&c->values->columns[i], first, content->row_count, b, &b->columns[i]);
    }
    mem_free(first);
    if (!ok) {
        batch_unref(b);
        return error_memory(e, (size_t)content->row_count, "rows of a file");
    }
    b->row_count = content->row_count;
    b->selection = content->selection;
    b->selected_count = content->selected_count;
    b->row_kinds = content->row_kinds;
    *out = b;
    return OK;
}
