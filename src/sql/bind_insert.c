/* bind_insert.c: INSERT INTO: the query's columns, cast and put where the table wants them. */
#include "config/config.h"
#include "sql/bind_internal.h"
#include <stdio.h>
#include <strings.h>

struct target {
    struct binder *b;
    const struct ast_insert *insert;
    const struct table_def *table;
    int32_t count;             /* columns that the table stores */
    int32_t *columns;          /* their numbers in the table */
    const struct expr **exprs; /* what goes into each */
};

/* Physical columns, then metadata columns that are written. */
static enum err stored_columns(struct target *t)
{
    int32_t most = MAX(t->table->column_count, 1);

    t->columns = ARENA_ARRAY(t->b->arena, int32_t, most);
    t->exprs = ARENA_ARRAY(t->b->arena, const struct expr *, most);
    if (t->columns == NULL || t->exprs == NULL)
        return bind_memory(t->b, t->insert->table.place);
    for (int32_t pass = 0; pass < 2; pass++)
        for (int32_t i = 0; i < t->table->column_count; i++) {
            const struct table_column *c = &t->table->columns[i];

            if (pass == 0 ? c->kind == AST_PHYSICAL : c->kind == AST_METADATA && !c->is_virtual)
                t->columns[t->count++] = i;
        }
    return OK;
}

static const struct table_column *column(const struct target *t, int32_t i)
{
    return &t->table->columns[t->columns[i]];
}

static int32_t find_stored(const struct target *t, const char *name)
{
    for (int32_t i = 0; i < t->count; i++)
        if (strcmp(column(t, i)->name, name) == 0)
            return i;
    return -1;
}

static enum err no_such_column(struct target *t, const struct ast_word *word)
{
    const char **names = ARENA_ARRAY(t->b->arena, const char *, MAX(t->count, 1));
    const char *near;
    int32_t number = table_def_column(t->table, word->text);
    enum err rc;

    if (number >= 0)
        return bind_fail(t->b, ERR_INPUT, word->place, "column `%s` of table `%s` is not written: it is %s",
                         word->text, t->table->name,
                         t->table->columns[number].kind == AST_COMPUTED ? "computed"
                                                                        : "metadata declared VIRTUAL");
    rc = bind_fail(t->b, ERR_INPUT, word->place, "Unknown target column '%s' of table `%s`", word->text,
                   t->table->name);
    for (int32_t i = 0; names && i < t->count; i++)
        names[i] = column(t, i)->name;
    if (names && (near = sql_nearest(word->text, names, (size_t)t->count)) != NULL)
        sql_hint(t->b->error, "did you mean `%s`?", near);
    return rc;
}

/* --- PARTITION (k = v): constants for columns that the query does not give --- */

static enum err static_partition(struct target *t, bool *given)
{
    const struct scope none = {0};

    for (int32_t i = 0; i < t->insert->partition.count; i++) {
        const struct ast_assign *a = &t->insert->partition.items[i];
        int32_t number = find_stored(t, a->name.parts[0].text);
        enum err rc;

        if (number < 0)
            return no_such_column(t, &a->name.parts[0]);
        if (a->value == NULL)
            continue;
        if ((rc = bind_expr(t->b, &none, a->value, &t->exprs[number])) != OK)
            return rc;
        given[number] = true;
    }
    return OK;
}

/* Which stored column each of the query's goes to. */
static enum err named_targets(struct target *t, const bool *given, int32_t *targets, int32_t *count)
{
    *count = 0;
    if (t->insert->columns.count == 0) {
        for (int32_t i = 0; i < t->count; i++)
            if (!given[i])
                targets[(*count)++] = i;
        return OK;
    }
    for (int32_t i = 0; i < t->insert->columns.count; i++) {
        const struct ast_word *word = &t->insert->columns.items[i];
        int32_t number = find_stored(t, word->text);
        bool twice = number >= 0 && given[number]; /* PARTITION (k = v) has it */

        if (number < 0)
            return no_such_column(t, word);
        for (int32_t j = 0; j < *count; j++)
            twice = twice || targets[j] == number;
        if (twice)
            return bind_fail(t->b, ERR_INPUT, word->place, "Target column '%s' is assigned more than once",
                             word->text);
        if (*count >= t->count)
            return bind_fail(t->b, ERR_INPUT, word->place, "more columns than table `%s` has",
                             t->table->name);
        targets[(*count)++] = number;
    }
    return OK;
}

static void print_columns(struct bytes *out, const struct schema *s)
{
    bytes_text(out, "[");
    for (int32_t i = 0; i < s->field_count; i++) {
        bytes_printf(out, "%s%s: ", i ? ", " : "", s->fields[i].name);
        type_print(s->fields[i].type, out);
    }
    bytes_text(out, "]");
}

/* Flink's words for a query that does not fit its table. */
static enum err mismatch(struct target *t, const struct schema *query, const int32_t *targets, int32_t count,
                         const char *cause)
{
    struct schema sink = {count, NULL};
    struct field *fields = ARENA_ARRAY(t->b->arena, struct field, MAX(count, 1));
    struct bytes a = {0}, b = {0};
    enum err rc;

    for (int32_t i = 0; fields && i < count; i++)
        fields[i] = (struct field){.name = column(t, targets[i])->name, .type = column(t, targets[i])->type};
    sink.fields = fields;
    if (fields) {
        print_columns(&a, query);
        print_columns(&b, &sink);
    }
    rc = bind_fail(
        t->b, ERR_INPUT, t->insert->query->place,
        "Column types of query result and sink for '%s.%s.%s' do not match. Cause: %s. Query schema: %s. "
        "Sink schema: %s",
        t->table->catalog, t->table->database, t->table->name, cause, bytes_cstr(&a) ? a.ptr : "?",
        bytes_cstr(&b) ? b.ptr : "?");
    bytes_fini(&a);
    bytes_fini(&b);
    return rc;
}

static enum err assign(struct target *t, const struct rel *query, const int32_t *targets, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const struct table_column *c = column(t, targets[i]);
        struct error e;
        enum err rc;

        if ((t->exprs[targets[i]] = expr_column(t->b->arena, i, query->schema->fields[i].type)) == NULL)
            return bind_memory(t->b, t->insert->query->place);
        rc = expr_implicit_cast(t->b->arena, t->exprs[targets[i]], c->type,
                                bind_place(t->insert->query->place), &t->exprs[targets[i]], &e);
        if (rc == ERR_MEMORY)
            return bind_memory(t->b, t->insert->query->place);
        if (rc != OK) {
            char cause[300];

            snprintf(cause, sizeof cause, "Incompatible types for sink column '%s' at position %d", c->name,
                     (int)i);
            return mismatch(t, query->schema, targets, count, cause);
        }
    }
    return OK;
}

/* Columns that nobody gives are NULL; static ones are cast. */
static enum err fill_in(struct target *t, const bool *given)
{
    for (int32_t i = 0; i < t->count; i++) {
        const struct table_column *c = column(t, i);
        struct error e;
        enum err rc = OK;

        if (t->exprs[i] == NULL && !c->type->nullable)
            return bind_fail(t->b, ERR_INPUT, t->insert->table.place,
                             "column '%s' of table `%s` is NOT NULL, and the INSERT gives it no value",
                             c->name, t->table->name);
        if (t->exprs[i] == NULL)
            t->exprs[i] = expr_null(t->b->arena, c->type);
        else if (given[i])
            rc = expr_implicit_cast(t->b->arena, t->exprs[i], c->type, (struct place){0}, &t->exprs[i], &e);
        if (rc != OK)
            return bind_failed(t->b, rc, t->insert->table.place, &e);
        if (t->exprs[i] == NULL)
            return bind_memory(t->b, t->insert->table.place);
    }
    return OK;
}

/* What must hold of a row that is written: no NULL where the table has NOT NULL. NULL: nothing. */
static enum err enforce(struct target *t, const struct rel *query, const int32_t *targets, int32_t count,
                        const struct expr **out)
{
    const char *mode = config_string(session_config(t->b->session), "table.exec.sink.not-null-enforcer");
    bool drop = strcmp(mode, "DROP") == 0;
    struct place place = bind_place(t->insert->query->place);
    enum err rc = OK;
    struct error e;

    *out = NULL;
    for (int32_t i = 0; rc == OK && i < count; i++) {
        const struct table_column *c = column(t, targets[i]);
        const struct expr *args[2] = {NULL, NULL}, *both[2] = {*out, NULL};

        if (c->type->nullable || !query->schema->fields[i].type->nullable)
            continue;
        args[0] = expr_column(t->b->arena, i, query->schema->fields[i].type);
        args[1] = expr_char(t->b->arena, slice_text(c->name));
        if (args[0] == NULL || args[1] == NULL)
            return bind_memory(t->b, t->insert->table.place);
        rc = expr_call(t->b->arena, drop ? "IS NOT NULL" : "ENFORCED", args, drop ? 1 : 2, place, &both[1],
                       &e);
        if (rc == OK && both[0])
            rc = expr_call(t->b->arena, "AND", both, 2, place, &both[1], &e);
        *out = both[1];
    }
    return rc == OK ? OK : bind_failed(t->b, rc, t->insert->table.place, &e);
}

static enum err bind_targets(struct target *t, const struct rel *query, const struct rel **out)
{
    bool *given = ARENA_ARRAY(t->b->arena, bool, MAX(t->count, 1));
    int32_t *targets = ARENA_ARRAY(t->b->arena, int32_t, MAX(t->count, 1)), count;
    const char **names = ARENA_ARRAY(t->b->arena, const char *, MAX(t->count, 1));
    const struct expr *condition;
    enum err rc;

    if (given == NULL || targets == NULL || names == NULL)
        return bind_memory(t->b, t->insert->table.place);
    if ((rc = static_partition(t, given)) != OK || (rc = named_targets(t, given, targets, &count)) != OK)
        return rc;
    if (count != query->schema->field_count)
        return mismatch(t, query->schema, targets, count, "Different number of columns");
    if ((rc = assign(t, query, targets, count)) != OK || (rc = fill_in(t, given)) != OK)
        return rc;
    for (int32_t i = 0; i < t->count; i++)
        names[i] = column(t, i)->name;
    if ((rc = enforce(t, query, targets, count, &condition)) != OK)
        return rc;
    if (condition) {
        struct rel *filter = bind_rel(t->b, REL_FILTER, query->schema, t->insert->query->place, query);

        if (filter == NULL)
            return bind_memory(t->b, t->insert->table.place);
        filter->filter.condition = condition;
        query = filter;
    }
    *out = bind_project(t->b, query, t->exprs, names, t->count, t->insert->query->place);
    return *out ? OK : bind_memory(t->b, t->insert->table.place);
}

enum err bind_insert(struct session *s, struct arena *arena, const struct sql_source *source,
                     const struct ast_insert *insert, struct bound_insert *out, struct sql_error *error)
{
    struct binder b = {.session = s, .arena = arena, .source = source, .error = error};
    struct target t = {.b = &b, .insert = insert};
    const struct rel *query;
    enum err rc;

    if ((rc = session_table(s, arena, &insert->table, &t.table, error)) != OK)
        return rc;
    if (t.table->is_view)
        return bind_fail(&b, ERR_INPUT, insert->table.place, "`%s` is a view: rows are inserted into tables",
                         t.table->name);
    *out = (struct bound_insert){
        .table = t.table, .overwrite = insert->overwrite, .place = insert->table.place};
    for (int32_t i = 0; i < insert->hints.count; i++)
        if (strcasecmp(insert->hints.items[i].name.text, "OPTIONS") == 0)
            out->hints = insert->hints.items[i].options;
    if ((rc = stored_columns(&t)) != OK || (rc = bind_any_query(&b, insert->query, &query)) != OK)
        return rc;
    if ((rc = bind_targets(&t, query, &out->rel)) != OK)
        return rc;
    out->columns = t.columns;
    return OK;
}
