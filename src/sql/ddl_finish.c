/* ddl_finish.c: a draft looked at as a whole: names that are there once, keys and partitions of columns that
 * there are, computed columns and the watermark bound and typed; then made a definition.
 */
#include "sql/bind.h"
#include "sql/ddl_draft.h"
#include "sql/show.h"

#define TIME_PRECISION_MAX 3 /* of event time */

static enum err fail(struct draft *dr, struct ast_place place, const char *fmt, const char *name)
{
    return sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, place, fmt, name);
}

/* --- columns --- */

static enum err check_names(struct draft *dr)
{
    if (dr->column_count == 0)
        return fail(dr, dr->place, "table `%s` has no columns", dr->path.name);
    for (int32_t i = 0; i < dr->column_count; i++)
        if (draft_find(dr, dr->columns[i].column.name) < i) {
            fail(dr, dr->columns[i].place, "column `%s` is there twice", dr->columns[i].column.name);
            sql_hint(dr->d->error, "give one of them another name");
            return ERR_INPUT;
        }
    return OK;
}

static enum err check_metadata(struct draft *dr)
{
    for (int32_t i = 0; i < dr->column_count; i++)
        for (int32_t k = 0; k < i; k++) {
            const struct table_column *a = &dr->columns[k].column, *b = &dr->columns[i].column;

            if (a->kind != AST_METADATA || b->kind != AST_METADATA ||
                strcmp(a->metadata_key, b->metadata_key) != 0)
                continue;
            sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, dr->columns[i].place,
                     "columns `%s` and `%s` are both of the metadata key '%s'", a->name, b->name,
                     a->metadata_key);
            sql_hint(dr->d->error, "keep one, and compute the other from it: `%s` AS `%s`", b->name, a->name);
            return ERR_INPUT;
        }
    return OK;
}

/* The columns, or only those that are not computed; untyped ones are left out. */
static const struct schema *schema_of(struct draft *dr, bool computed)
{
    struct field *fields = ARENA_ARRAY(dr->d->arena, struct field, dr->column_count);
    struct schema *schema = ARENA_NEW(dr->d->arena, struct schema);

    if (fields == NULL || schema == NULL)
        return NULL;
    schema->fields = fields;
    for (int32_t i = 0; i < dr->column_count; i++) {
        const struct table_column *c = &dr->columns[i].column;

        if (c->type && (computed || c->kind != AST_COMPUTED))
            fields[schema->field_count++] = (struct field){.name = c->name, .type = c->type};
    }
    return schema;
}

/* x, or when it is NULL the text, over schema. An error in the text is told at place. */
static enum err bind(struct draft *dr, const struct schema *schema, const struct ast_expr *x,
                     const char *text, const char *whose, struct ast_place place, const struct expr **out)
{
    const struct sql_source source = {.text = slice_text(text)};
    struct sql_error error = {0};
    enum err rc;

    if (x)
        return bind_expr_over(dr->d->s, dr->d->arena, dr->d->source, x, schema, out, dr->d->error);
    if ((rc = draft_tree(dr, text, whose, place, &x)) != OK ||
        (rc = bind_expr_over(dr->d->s, dr->d->arena, &source, x, schema, out, &error)) == OK)
        return rc;
    sql_fail(dr->d->error, rc, error.stage, place, "%s is %.200s: %.250s", whose, text, error.message);
    sql_hint(dr->d->error, "%s", error.hint);
    return rc;
}

static enum err bind_computed(struct draft *dr)
{
    const struct schema *schema = schema_of(dr, false);

    for (int32_t i = 0; schema && i < dr->column_count; i++) {
        struct draft_column *c = &dr->columns[i];
        const char *whose = arena_printf(dr->d->arena, "computed column `%s`", c->column.name);
        const struct expr *x = NULL;
        enum err rc;

        if (c->column.kind != AST_COMPUTED || whose == NULL)
            continue;
        if ((rc = bind(dr, schema, c->expr, c->column.expr, whose, c->place, &x)) != OK)
            return rc;
        if (x->type->form == FORM_NULL) {
            fail(dr, c->place, "computed column `%s` is a NULL without a type", c->column.name);
            sql_hint(dr->d->error, "say which: CAST(NULL AS STRING)");
            return ERR_INPUT;
        }
        c->column.type = x->type;
    }
    return dr->d->arena->failed ? doing_memory(dr->d) : OK;
}

/* --- key and partition --- */

static enum err find_column(struct draft *dr, const struct ast_word *word, const char *fmt, int32_t *out)
{
    *out = draft_find(dr, word->text);
    if (*out >= 0)
        return OK;
    fail(dr, word->place, fmt, word->text);
    draft_hint_columns(dr, word->text);
    return ERR_NOT_FOUND;
}

static enum err check_once(struct draft *dr, const struct ast_words *words, int32_t at, const char *fmt)
{
    for (int32_t k = 0; k < at; k++)
        if (strcmp(words->items[k].text, words->items[at].text) == 0)
            return fail(dr, words->items[at].place, fmt, words->items[at].text);
    return OK;
}

/* Its columns become NOT NULL. */
static enum err finish_key(struct draft *dr, int32_t *numbers)
{
    for (int32_t i = 0; i < dr->key.count; i++) {
        const struct ast_word *word = &dr->key.items[i];
        struct table_column *c;
        enum err rc;

        if ((rc = find_column(dr, word, "the PRIMARY KEY has a column `%s`, which is not declared",
                              &numbers[i])) != OK ||
            (rc = check_once(dr, &dr->key, i, "column `%s` is in the PRIMARY KEY twice")) != OK)
            return rc;
        c = &dr->columns[numbers[i]].column;
        if (c->kind != AST_PHYSICAL) {
            sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, word->place,
                     "column `%s` of the PRIMARY KEY is a %s column; a key is made of physical columns",
                     c->name, c->kind == AST_COMPUTED ? "computed" : "metadata");
            return ERR_INPUT;
        }
        if ((c->type = type_nullable(dr->d->arena, c->type, false)) == NULL)
            return doing_memory(dr->d);
    }
    return OK;
}

static enum err finish_partition(struct draft *dr, int32_t *numbers)
{
    for (int32_t i = 0; i < dr->partition.count; i++) {
        const struct ast_word *word = &dr->partition.items[i];
        enum err rc;

        if ((rc = find_column(dr, word, "the table is PARTITIONED BY `%s`, which is not declared",
                              &numbers[i])) != OK ||
            (rc = check_once(dr, &dr->partition, i, "the table is PARTITIONED BY `%s` twice")) != OK)
            return rc;
        if (dr->columns[numbers[i]].column.kind != AST_PHYSICAL)
            return fail(dr, word->place, "the table is PARTITIONED BY `%s`, which is no physical column",
                        word->text);
    }
    return OK;
}

/* --- the watermark --- */

static bool is_time(const struct type *t)
{
    return (t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_LTZ) && t->precision <= TIME_PRECISION_MAX;
}

/* The type in fmt's one %s, without NOT NULL's being there or not mattering. */
static enum err wrong_type(struct draft *dr, struct ast_place place, const char *fmt, const struct type *t)
{
    struct bytes text = {0};

    type_print(t, &text);
    fail(dr, place, fmt, bytes_cstr(&text) ? text.ptr : "another");
    bytes_fini(&text);
    return ERR_INPUT;
}

static enum err wrong_time(struct draft *dr, const struct table_column *c)
{
    bool timestamp = c->type->kind == TYPE_TIMESTAMP || c->type->kind == TYPE_TIMESTAMP_LTZ;
    const char *fits = c->type->kind == TYPE_TIMESTAMP ? "TIMESTAMP(3)" : "TIMESTAMP_LTZ(3)";

    wrong_type(dr, dr->time.place,
               "Invalid data type of time field for watermark definition. The field must be of type "
               "TIMESTAMP(p) or TIMESTAMP_LTZ(p), the supported precision 'p' is from 0 to 3, but the time "
               "field type is %s",
               c->type);
    if (timestamp && c->kind == AST_COMPUTED)
        sql_hint(dr->d->error, "cast it: `%s` AS CAST(%s AS %s)", c->name, c->expr, fits);
    else if (timestamp)
        sql_hint(dr->d->error, "declare `%s` as %s", c->name, fits);
    else if (c->type->kind == TYPE_STRING)
        sql_hint(dr->d->error, "make a column of it and use that: ts AS TO_TIMESTAMP(`%s`)", c->name);
    else if (c->type->kind == TYPE_INT64 || c->type->kind == TYPE_INT32)
        sql_hint(dr->d->error, "make a column of it and use that: ts AS TO_TIMESTAMP_LTZ(`%s`, 3)", c->name);
    return ERR_INPUT;
}

static enum err check_time(struct draft *dr, int32_t *time_column)
{
    const struct table_column *c;
    enum err rc;

    if ((rc = find_column(dr, &dr->time, "the WATERMARK is for `%s`, which is not declared", time_column)) !=
        OK)
        return rc;
    c = &dr->columns[*time_column].column;
    if (c->kind == AST_COMPUTED && show_is_proctime(c)) {
        fail(dr, dr->time.place, "A watermark can not be defined for a processing-time attribute: `%s`",
             c->name);
        sql_hint(dr->d->error, "leave the WATERMARK out");
        return ERR_INPUT;
    }
    return is_time(c->type) ? OK : wrong_time(dr, c);
}

static enum err finish_watermark(struct draft *dr, int32_t *time_column)
{
    const struct schema *schema;
    const struct expr *x = NULL;
    const struct type *time;
    struct ast_place place = dr->watermark ? dr->watermark->place : dr->time.place;
    enum err rc;

    *time_column = -1;
    if (dr->time.text == NULL)
        return OK;
    if ((rc = check_time(dr, time_column)) != OK)
        return rc;
    if ((schema = schema_of(dr, true)) == NULL)
        return doing_memory(dr->d);
    if ((rc = bind(dr, schema, dr->watermark, dr->watermark_text, "the watermark", place, &x)) != OK)
        return rc;
    time = dr->columns[*time_column].column.type;
    if (!is_time(x->type))
        return wrong_type(
            dr, place,
            "Invalid data type of expression for watermark definition. The field must be of type "
            "TIMESTAMP(p) or TIMESTAMP_LTZ(p), the supported precision 'p' is from 0 to 3, but "
            "the watermark expression type is %s",
            x->type);
    if (x->type->kind != time->kind)
        return wrong_type(dr, place,
                          "the watermark's type %s is not that of the column it is for: TIMESTAMP and "
                          "TIMESTAMP_LTZ do not mix",
                          x->type);
    return OK;
}

/* --- the whole --- */

static enum err make(struct draft *dr, struct table_def *t, const struct table_def **out)
{
    struct table_column *columns = ARENA_ARRAY(dr->d->arena, struct table_column, dr->column_count);

    for (int32_t i = 0; columns && i < dr->column_count; i++)
        columns[i] = dr->columns[i].column;
    t->catalog = dr->path.catalog;
    t->database = dr->path.database;
    t->name = dr->path.name;
    t->temporary = dr->temporary;
    t->column_count = dr->column_count;
    t->columns = columns;
    t->watermark = t->time_column >= 0 ? dr->watermark_text : NULL;
    t->key_count = dr->key.count;
    t->key_name = dr->key_name;
    t->partition_count = dr->partition.count;
    t->option_count = dr->option_count;
    t->options = dr->options;
    t->comment = dr->comment;
    *out = t;
    return dr->d->arena->failed ? doing_memory(dr->d) : OK;
}

enum err draft_finish(struct draft *dr, const struct table_def **out)
{
    struct table_def *t = ARENA_NEW(dr->d->arena, struct table_def);
    int32_t *key = ARENA_ARRAY(dr->d->arena, int32_t, dr->key.count);
    int32_t *partition = ARENA_ARRAY(dr->d->arena, int32_t, dr->partition.count);
    enum err rc;

    if (dr->d->arena->failed)
        return doing_memory(dr->d);
    t->key = key;
    t->partition = partition;
    if ((rc = check_names(dr)) != OK || (rc = check_metadata(dr)) != OK || (rc = finish_key(dr, key)) != OK ||
        (rc = finish_partition(dr, partition)) != OK || (rc = bind_computed(dr)) != OK ||
        (rc = finish_watermark(dr, &t->time_column)) != OK)
        return rc;
    return make(dr, t, out);
}
