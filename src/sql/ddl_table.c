/* ddl_table.c: CREATE TABLE: from columns, LIKE another, AS a query. */
#include "sql/bind.h"
#include "sql/ddl_draft.h"
#include "sql/ddl_override.h"

/* A column as it is written: in the place of the base's that it overwrites, else at the end. */
static enum err add_column(struct draft *dr, const struct ast_column *written)
{
    struct draft_column c;
    int32_t at = draft_find(dr, written->name.text);
    enum err rc = draft_column(dr, written, &c);

    if (rc == OK && written->constraint)
        rc = draft_key(dr, written->constraint, &written->name);
    if (rc != OK)
        return rc;
    if (at >= 0 && dr->columns[at].base)
        dr->columns[at] = c;
    else
        draft_insert(dr, dr->column_count, &c);
    return OK;
}

static enum err add_schema(struct draft *dr, const struct ast_schema *schema)
{
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < schema->column_count; i++)
        rc = add_column(dr, &schema->columns[i]);
    for (int32_t i = 0; rc == OK && i < schema->constraint_count; i++)
        rc = draft_key(dr, &schema->constraints[i], NULL);
    if (rc == OK && schema->watermark)
        rc = draft_watermark(dr, schema->watermark);
    return rc;
}

/* CREATE TABLE ... AS: the query's columns. */
static enum err add_query(struct draft *dr, const struct ast_create_table *t)
{
    const struct rel *rel = NULL;
    enum err rc;

    if (t->schema.column_count) {
        doing_unsupported(dr->d, t->schema.columns[0].place, "a column in CREATE TABLE ... AS",
                          "its columns are those of the query; name them there: SELECT a AS b");
        return ERR_UNSUPPORTED;
    }
    if ((rc = bind_query(dr->d->s, dr->d->arena, dr->d->source, t->query, &rel, dr->d->error)) != OK)
        return rc;
    for (int32_t i = 0; i < rel->schema->field_count; i++) {
        const struct field *f = &rel->schema->fields[i];
        struct draft_column c = {.column = {.name = f->name, .kind = AST_PHYSICAL, .type = f->type},
                                 .place = t->query->place};

        if (f->type->form == FORM_NULL) {
            sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, t->query->place,
                     "column `%s` of the query is a NULL without a type", f->name);
            sql_hint(dr->d->error, "say which: CAST(NULL AS STRING)");
            return ERR_INPUT;
        }
        draft_insert(dr, dr->column_count, &c);
    }
    return OK;
}

static enum err check_form(struct doing *d, const struct ast_create_table *t, struct ast_place place)
{
    if (t->or_replace)
        return doing_unsupported(d, place, "CREATE OR REPLACE TABLE",
                                 "DROP TABLE IF EXISTS, then CREATE TABLE");
    if (t->distribution)
        return doing_unsupported(d, t->distribution->place, "DISTRIBUTED", "no connector has buckets");
    if (t->query && t->temporary)
        return doing_unsupported(d, place, "CREATE TEMPORARY TABLE ... AS",
                                 "CREATE TEMPORARY TABLE, then INSERT INTO");
    return OK;
}

static enum err build(struct draft *dr, const struct ast_create_table *t)
{
    enum err rc;

    if ((rc = session_path(dr->d->s, dr->d->arena, &t->name, &dr->path, dr->d->error)) != OK ||
        (t->like && (rc = draft_like(dr, t)) != OK) || (t->query && (rc = add_query(dr, t)) != OK) ||
        (rc = add_schema(dr, &t->schema)) != OK || (rc = draft_options(dr, &t->options)) != OK ||
        (rc = ddl_override_table(dr->d, dr->path.name, &dr->options, &dr->option_count)) != OK)
        return rc;
    if (t->partitioned_by.count)
        dr->partition = t->partitioned_by;
    dr->comment = t->comment ? t->comment->text : NULL;
    return OK;
}

/* Is there a table of that name, that IF NOT EXISTS leaves as it is? */
static bool is_there(struct draft *dr)
{
    const struct table_def *t;
    struct sql_error ignored;

    return session_load(dr->d->s, dr->d->arena, &dr->path, dr->place, &t, &ignored) == OK &&
           t->temporary == dr->temporary;
}

enum err ddl_create_table(struct doing *d, const struct ast_create_table *t, struct ast_place place)
{
    struct draft dr = {.d = d, .place = t->name.place, .temporary = t->temporary};
    const struct table_def *def = NULL;
    bool made = false;
    enum err rc;

    if ((rc = check_form(d, t, place)) != OK || (rc = build(&dr, t)) != OK ||
        (rc = draft_finish(&dr, &def)) != OK)
        return rc;
    if (t->if_not_exists && is_there(&dr))
        made = false; /* a service need not be asked to make it */
    else if ((rc = ddl_store_new(d, def, t->if_not_exists, t->name.place, &made)) != OK)
        return rc;
    if (t->query)
        d->out->kind = RESULT_JOB;
    else if (!made)
        doing_note(d, "table %s exists already and is left as it is", session_path_text(d->arena, &dr.path));
    return OK;
}
