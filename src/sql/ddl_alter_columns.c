/* ddl_alter_columns.c: ALTER TABLE ADD, MODIFY, RENAME and DROP of columns, keys and watermarks. */
#include "sql/ddl_alter.h"

static enum err no_column(struct draft *dr, const struct ast_word *word)
{
    sql_fail(dr->d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, word->place, "table `%s` has no column `%s`",
             dr->path.name, word->text);
    draft_hint_columns(dr, word->text);
    return ERR_NOT_FOUND;
}

/* Where FIRST or AFTER wants a column; standard when neither is said. */
static enum err position(struct draft *dr, const struct ast_column *c, int32_t standard, int32_t *out)
{
    *out = c->first ? 0 : standard;
    if (c->after == NULL)
        return OK;
    *out = draft_find(dr, c->after->text) + 1;
    return *out > 0 ? OK : no_column(dr, c->after);
}

static enum err check_distribution(struct draft *dr, const struct ast_alter *a)
{
    if (a->distribution == NULL)
        return OK;
    return doing_unsupported(dr->d, a->distribution->place, "DISTRIBUTION", "no connector has buckets");
}

/* --- ADD --- */

static enum err add_column(struct draft *dr, const struct ast_column *written)
{
    struct draft_column c;
    int32_t at = 0;
    enum err rc;

    if (draft_find(dr, written->name.text) >= 0) {
        sql_fail(dr->d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, written->name.place,
                 "table `%s` has a column `%s` already", dr->path.name, written->name.text);
        sql_hint(dr->d->error, "use ALTER TABLE ... MODIFY to change it");
        return ERR_EXISTS;
    }
    if ((rc = draft_column(dr, written, &c)) != OK ||
        (written->constraint && (rc = draft_key(dr, written->constraint, &written->name)) != OK) ||
        (rc = position(dr, written, dr->column_count, &at)) != OK)
        return rc;
    draft_insert(dr, at, &c);
    return OK;
}

static enum err has_already(struct draft *dr, struct ast_place place, const char *what)
{
    sql_fail(dr->d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, place, "table `%s` has a %s already",
             dr->path.name, what);
    sql_hint(dr->d->error, "use ALTER TABLE ... MODIFY to change it, or drop it first");
    return ERR_EXISTS;
}

enum err alter_add(struct draft *dr, const struct ast_alter *a)
{
    const struct ast_schema *s = &a->schema;
    enum err rc = check_distribution(dr, a);

    if (rc == OK && s->constraint_count && dr->key.count)
        return has_already(dr, s->constraints[0].place, "PRIMARY KEY");
    if (rc == OK && s->watermark && dr->time.text)
        return has_already(dr, s->watermark->place, "WATERMARK");
    for (int32_t i = 0; rc == OK && i < s->column_count; i++)
        rc = add_column(dr, &s->columns[i]);
    for (int32_t i = 0; rc == OK && i < s->constraint_count; i++)
        rc = draft_key(dr, &s->constraints[i], NULL);
    if (rc == OK && s->watermark)
        rc = draft_watermark(dr, s->watermark);
    return rc;
}

/* --- MODIFY --- */

static enum err modify_column(struct draft *dr, const struct ast_column *written)
{
    struct draft_column c;
    int32_t from = draft_find(dr, written->name.text), at = from;
    enum err rc;

    if (from < 0)
        return no_column(dr, &written->name);
    if ((rc = draft_column(dr, written, &c)) != OK)
        return rc;
    if (written->constraint) {
        dr->key = (struct ast_words){0};
        if ((rc = draft_key(dr, written->constraint, &written->name)) != OK)
            return rc;
    }
    draft_remove(dr, from);
    if ((rc = position(dr, written, from, &at)) == OK)
        draft_insert(dr, at, &c);
    return rc;
}

static enum err has_none(struct draft *dr, struct ast_place place, const char *what)
{
    sql_fail(dr->d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, place, "table `%s` has no %s", dr->path.name,
             what);
    sql_hint(dr->d->error, "use ALTER TABLE ... ADD");
    return ERR_NOT_FOUND;
}

enum err alter_modify(struct draft *dr, const struct ast_alter *a)
{
    const struct ast_schema *s = &a->schema;
    enum err rc = check_distribution(dr, a);

    if (rc == OK && s->constraint_count && dr->key.count == 0)
        return has_none(dr, s->constraints[0].place, "PRIMARY KEY");
    if (rc == OK && s->watermark && dr->time.text == NULL)
        return has_none(dr, s->watermark->place, "WATERMARK");
    for (int32_t i = 0; rc == OK && i < s->column_count; i++)
        rc = modify_column(dr, &s->columns[i]);
    if (s->constraint_count)
        dr->key = (struct ast_words){0};
    for (int32_t i = 0; rc == OK && i < s->constraint_count; i++)
        rc = draft_key(dr, &s->constraints[i], NULL);
    if (rc == OK && s->watermark)
        rc = draft_watermark(dr, s->watermark);
    return rc;
}

/* --- RENAME and DROP --- */

static bool within(const struct ast_words *words, const char *name)
{
    for (int32_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i].text, name) == 0)
            return true;
    return false;
}

static enum err in_use(struct draft *dr, const struct ast_word *word, const char *verb, const char *by)
{
    return sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, word->place,
                    "column `%s` cannot be %s: it is used by %s", word->text, verb, by);
}

/* Does a computed column or the watermark read it? Those of `gone` go with it. */
static enum err check_readers(struct draft *dr, const struct ast_word *word, const char *verb,
                              const struct ast_exprs *gone)
{
    const struct ast_expr *x = NULL;
    enum err rc;

    for (int32_t i = 0; i < dr->column_count; i++) {
        const struct table_column *c = &dr->columns[i].column;
        bool goes = false;

        for (int32_t k = 0; gone && k < gone->count; k++)
            goes |= strcmp(gone->items[k]->column.parts[0].text, c->name) == 0;
        if (c->kind != AST_COMPUTED || goes)
            continue;
        if ((rc = draft_tree(dr, c->expr, "the computed column", word->place, &x)) != OK)
            return rc;
        if (ddl_reads(x, word->text))
            return in_use(dr, word, verb, arena_printf(dr->d->arena, "the computed column `%s`", c->name));
    }
    if (dr->time.text == NULL)
        return OK;
    if ((rc = draft_tree(dr, dr->watermark_text, "the watermark", word->place, &x)) != OK)
        return rc;
    if (strcmp(dr->time.text, word->text) == 0 || ddl_reads(x, word->text))
        return in_use(dr, word, verb, "the WATERMARK");
    return OK;
}

enum err alter_rename_column(struct draft *dr, const struct ast_alter *a)
{
    const struct ast_word *from = &a->column.parts[0];
    struct ast_word *key = ARENA_ARRAY(dr->d->arena, struct ast_word, dr->key.count);
    int32_t at = draft_find(dr, from->text);
    enum err rc;

    if (key == NULL)
        return doing_memory(dr->d);
    if (a->column.count > 1)
        return doing_unsupported(dr->d, a->column.place, "renaming a field of a ROW", NULL);
    if (at < 0)
        return no_column(dr, from);
    if (draft_find(dr, a->new_column.text) >= 0)
        return sql_fail(dr->d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, a->new_column.place,
                        "table `%s` has a column `%s` already", dr->path.name, a->new_column.text);
    if (within(&dr->partition, from->text))
        return in_use(dr, from, "renamed", "PARTITIONED BY");
    if ((rc = check_readers(dr, from, "renamed", NULL)) != OK)
        return rc;
    dr->columns[at].column.name = a->new_column.text;
    for (int32_t i = 0; i < dr->key.count; i++) {
        key[i] = dr->key.items[i];
        if (strcmp(key[i].text, from->text) == 0)
            key[i] = a->new_column;
    }
    dr->key.items = key;
    return OK;
}

static enum err drop_column(struct draft *dr, const struct ast_exprs *all, int32_t nth)
{
    const struct ast_name *name = &all->items[nth]->column;
    const struct ast_word *word = &name->parts[0];
    int32_t at = draft_find(dr, word->text);
    enum err rc;

    if (name->count > 1)
        return doing_unsupported(dr->d, name->place, "dropping a field of a ROW", NULL);
    for (int32_t i = 0; i < nth; i++)
        if (strcmp(all->items[i]->column.parts[0].text, word->text) == 0)
            return sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, word->place,
                            "column `%s` is there twice", word->text);
    if (at < 0)
        return no_column(dr, word);
    if (within(&dr->key, word->text))
        return in_use(dr, word, "dropped", "the PRIMARY KEY");
    if (within(&dr->partition, word->text))
        return in_use(dr, word, "dropped", "PARTITIONED BY");
    if ((rc = check_readers(dr, word, "dropped", all)) == OK)
        draft_remove(dr, at);
    return rc;
}

enum err alter_drop_columns(struct draft *dr, const struct ast_alter *a)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < a->columns.count; i++)
        rc = drop_column(dr, &a->columns, i);
    return rc;
}
