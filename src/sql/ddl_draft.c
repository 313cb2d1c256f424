/* ddl_draft.c: the parts of a table's definition, as they are written. */
#include "sql/ddl_draft.h"
#include "sql/parser.h"

const char *draft_text(struct doing *d, const struct ast_expr *x)
{
    struct bytes text = {0};
    const char *copy;

    ast_print_expr(x, &text);
    d->arena->failed |= text.failed;
    copy = text.failed ? NULL : arena_text(d->arena, bytes_all(&text));
    bytes_fini(&text);
    return copy;
}

/* --- columns --- */

int32_t draft_find(const struct draft *dr, const char *name)
{
    for (int32_t i = 0; i < dr->column_count; i++)
        if (strcmp(dr->columns[i].column.name, name) == 0)
            return i;
    return -1;
}

void draft_insert(struct draft *dr, int32_t at, const struct draft_column *c)
{
    if (dr->column_count == dr->capacity) {
        int32_t capacity = MAX(16, dr->capacity * 2);
        struct draft_column *columns = ARENA_ARRAY(dr->d->arena, struct draft_column, capacity);

        if (columns == NULL)
            return;
        if (dr->column_count)
            memcpy(columns, dr->columns, sizeof *columns * (size_t)dr->column_count);
        dr->columns = columns;
        dr->capacity = capacity;
    }
    memmove(&dr->columns[at + 1], &dr->columns[at], sizeof *c * (size_t)(dr->column_count - at));
    dr->columns[at] = *c;
    dr->column_count++;
}

void draft_remove(struct draft *dr, int32_t at)
{
    dr->column_count--;
    memmove(&dr->columns[at], &dr->columns[at + 1], sizeof *dr->columns * (size_t)(dr->column_count - at));
}

void draft_hint_columns(struct draft *dr, const char *wrong)
{
    struct sql_names names = {.arena = dr->d->arena};
    struct bytes list = {0};
    const char *nearest = NULL;

    for (int32_t i = 0; i < dr->column_count; i++)
        sql_names_add(&names, dr->columns[i].column.name);
    if (names.count)
        nearest = sql_nearest(wrong, names.items, (size_t)names.count);
    for (int32_t i = 0; i < names.count && list.len < 200; i++)
        bytes_printf(&list, "%s%s", i ? ", " : "", names.items[i]);
    if (nearest)
        sql_hint(dr->d->error, "did you mean `%s`?", nearest);
    else if (names.count && bytes_cstr(&list))
        sql_hint(dr->d->error, "there are the columns %s", list.ptr);
    bytes_fini(&list);
}

enum err draft_column(struct draft *dr, const struct ast_column *written, struct draft_column *out)
{
    struct table_column *c = &out->column;

    *out = (struct draft_column){.expr = written->expr, .place = written->name.place};
    c->name = written->name.text;
    c->kind = written->kind;
    c->type = written->type;
    c->is_virtual = written->is_virtual;
    c->comment = written->comment ? written->comment->text : NULL;
    if (c->kind == AST_METADATA)
        c->metadata_key = written->metadata_key ? written->metadata_key->text : c->name;
    if (c->kind == AST_COMPUTED && (c->expr = draft_text(dr->d, written->expr)) == NULL)
        return doing_memory(dr->d);
    if (c->kind != AST_COMPUTED && c->type->form == FORM_NULL)
        return sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, written->type_place,
                        "column `%s` cannot be of type NULL", c->name);
    return OK;
}

/* --- key, watermark, options --- */

static enum err one_key_only(struct draft *dr, struct ast_place place)
{
    sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, place, "a table has one PRIMARY KEY");
    sql_hint(dr->d->error, "put all its columns in one: PRIMARY KEY (a, b) NOT ENFORCED");
    return ERR_INPUT;
}

enum err draft_key(struct draft *dr, const struct ast_constraint *c, const struct ast_word *column)
{
    struct doing *d = dr->d;

    if (c->unique)
        return doing_unsupported(d, c->place, "UNIQUE",
                                 "a PRIMARY KEY ... NOT ENFORCED says what rows are about");
    if (c->enforced != AST_NOT_ENFORCED) {
        sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, c->place,
                 "a PRIMARY KEY must be declared NOT ENFORCED: nobody checks that keys are unique");
        sql_hint(d->error, "write NOT ENFORCED behind it");
        return ERR_INPUT;
    }
    if (dr->key.count)
        return one_key_only(dr, c->place);
    dr->key = column ? (struct ast_words){1, column} : c->columns;
    dr->key_name = c->name ? c->name->text : NULL;
    return OK;
}

enum err draft_watermark(struct draft *dr, const struct ast_watermark *w)
{
    if (w->column.count > 1)
        return doing_unsupported(dr->d, w->column.place, "WATERMARK FOR a field of a ROW",
                                 "make a computed column of it: ts AS a.b");
    dr->time = w->column.parts[0];
    dr->watermark = w->expr;
    dr->watermark_text = draft_text(dr->d, w->expr);
    return dr->watermark_text ? OK : doing_memory(dr->d);
}

enum err draft_options(struct draft *dr, const struct ast_options *options)
{
    const struct table_option *list = NULL;
    int32_t count = 0;
    enum err rc;

    if ((rc = ddl_options(dr->d, options, &list, &count)) != OK)
        return rc;
    return ddl_options_merge(dr->d, dr->options, dr->option_count, list, count, &dr->options,
                             &dr->option_count);
}

/* --- what is there --- */

enum err draft_tree(struct draft *dr, const char *text, const char *whose, struct ast_place place,
                    const struct ast_expr **out)
{
    const struct sql_source source = {.text = slice_text(text)};
    struct sql_error error = {0};
    enum err rc = sql_parse_expr(dr->d->arena, &source, out, &error);

    if (rc == OK)
        return OK;
    return sql_fail(dr->d->error, rc, SQL_VALIDATION_FAILED, place, "%s is %.200s: %.250s", whose, text,
                    error.message);
}

static struct ast_words words_of(struct arena *arena, const struct table_def *t, const int32_t *numbers,
                                 int32_t count, struct ast_place place)
{
    struct ast_word *words = ARENA_ARRAY(arena, struct ast_word, count);

    for (int32_t i = 0; words && i < count; i++)
        words[i] = (struct ast_word){t->columns[numbers[i]].name, place};
    return (struct ast_words){words ? count : 0, words};
}

void draft_of(struct draft *dr, struct doing *d, const struct table_def *t, struct ast_place place)
{
    *dr = (struct draft){.d = d,
                         .path = {t->catalog, t->database, t->name},
                         .place = place,
                         .temporary = t->temporary,
                         .comment = t->comment,
                         .key_name = t->key_name,
                         .options = t->options,
                         .option_count = t->option_count};
    for (int32_t i = 0; i < t->column_count; i++) {
        struct draft_column c = {.column = t->columns[i], .place = place};

        draft_insert(dr, dr->column_count, &c);
    }
    dr->key = words_of(d->arena, t, t->key, t->key_count, place);
    dr->partition = words_of(d->arena, t, t->partition, t->partition_count, place);
    if (t->time_column >= 0) {
        dr->time = (struct ast_word){t->columns[t->time_column].name, place};
        dr->watermark_text = t->watermark;
    }
}
