/* plan_letters.c: 'on-error' = 'dead-letter': what a source's format could not read goes, in the same job and its
 * checkpoints, to the table of 'dead-letter.table'.
 *
 *   source -> decode --0--> the query
 *                  \--1--> dead letters -> calc -> sink
 *
 * The table's columns are filled by their names; those of other names are NULL.
 */
#include "formats/format.h"
#include "operators/dead_letter.h"
#include "plan/plan_internal.h"
#include "sql/parser.h"
#include <strings.h>

/* By which names a table may have what a letter tells. text: instead of bytes, where the column is a text. */
static const struct {
    const char *names;
    enum letter_column column, text;
} known[] = {
    {"raw_payload payload raw_value value", LETTER_PAYLOAD, LETTER_PAYLOAD_TEXT},
    {"raw_key message_key kafka_key key", LETTER_KEY, LETTER_KEY_TEXT},
    {"error_type", LETTER_ERROR_TYPE, LETTER_ERROR_TYPE},
    {"error_message error", LETTER_ERROR_MESSAGE, LETTER_ERROR_MESSAGE},
    {"error_timestamp error_time error_date processing_time", LETTER_ERROR_TIME, LETTER_ERROR_TIME},
    {"table_name source_table", LETTER_TABLE, LETTER_TABLE},
    {"topic kafka_topic", LETTER_TOPIC, LETTER_TOPIC},
    {"partition kafka_partition", LETTER_PARTITION, LETTER_PARTITION},
    {"offset kafka_offset", LETTER_OFFSET, LETTER_OFFSET},
    {"timestamp kafka_timestamp", LETTER_TIMESTAMP, LETTER_TIMESTAMP},
    {"timestamp_type kafka_timestamp_type", LETTER_TIMESTAMP_TYPE, LETTER_TIMESTAMP_TYPE},
    {"headers kafka_headers", LETTER_HEADERS, LETTER_HEADERS},
    {"leader_epoch", LETTER_LEADER_EPOCH, LETTER_LEADER_EPOCH},
    {"file file_path", LETTER_FILE, LETTER_FILE},
    {"line line_number", LETTER_LINE, LETTER_LINE},
};

struct letter_plan {
    struct planner *p;
    const struct source *source;
    const struct table_def *table; /* that takes the letters */
    struct ast_place place;
};

static enum err fail(struct letter_plan *l, enum err rc, const char *text)
{
    return plan_fail(l->p, rc, l->place, "table `%s`, option 'dead-letter.table': %s", l->source->table->name,
                     text);
}

/* Say of an error that is told already that it is about dead letters. */
static enum err explain(struct letter_plan *l, enum err rc)
{
    struct sql_error told = *l->p->error;

    fail(l, rc, told.message);
    if (*told.hint)
        sql_hint(l->p->error, "%s", told.hint);
    return rc;
}

/* --- which table --- */

/* A short name is looked up beside the table that is read. */
static enum err full_name(struct letter_plan *l, const char *text, struct ast_name *out)
{
    const struct sql_source source = {.text = slice_text(text)};
    const struct table_def *from = l->source->table;
    struct ast_word *words = ARENA_ARRAY(l->p->arena, struct ast_word, 3);
    const struct ast_expr *x;
    struct sql_error error;
    int32_t missing;

    if (words == NULL)
        return plan_memory(l->p, l->place);
    if (sql_parse_expr(l->p->arena, &source, &x, &error) != OK || x->kind != AST_COLUMN ||
        x->column.count > 3)
        return fail(l, ERR_CONFIG,
                    arena_printf(l->p->arena, "'%s' is no table's name: t, d.t or c.d.t is wanted", text));
    words[0].text = from->catalog;
    words[1].text = from->database;
    missing = 3 - x->column.count;
    for (int32_t i = 0; i < x->column.count; i++)
        words[missing + i].text = x->column.parts[i].text;
    for (int32_t i = 0; i < 3; i++)
        words[i].place = l->place;
    *out = (struct ast_name){.count = 3, .parts = words, .place = l->place};
    return OK;
}

static enum err find_table(struct letter_plan *l, const char *text)
{
    const struct table_def *from = l->source->table;
    struct ast_name name;
    enum err rc = full_name(l, text, &name);

    if (rc != OK)
        return rc;
    if ((rc = session_table(l->p->session, l->p->arena, &name, &l->table, l->p->error)) != OK)
        return explain(l, rc);
    if (l->table->is_view)
        return fail(l, ERR_INPUT, "it is a view: dead letters are written to a table");
    if (strcmp(l->table->name, from->name) == 0 && strcmp(l->table->database, from->database) == 0 &&
        strcmp(l->table->catalog, from->catalog) == 0)
        return fail(l, ERR_INPUT, "the table cannot take its own dead letters: it would read them again");
    return OK;
}

/* --- its columns --- */

static bool has_name(const char *names, const char *name)
{
    size_t len = strlen(name);

    while (*names) {
        size_t n = strcspn(names, " ");

        if (n == len && strncasecmp(names, name, n) == 0)
            return true;
        names += n + strspn(names + n, " ");
    }
    return false;
}

static bool is_text(const struct type *t)
{
    return t->kind == TYPE_STRING;
}

/* The letter's column that fills one of the table's; -1: none does. */
static int32_t letter_of(const struct table_column *c)
{
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (has_name(known[i].names, c->name))
            return is_text(c->type) ? (int32_t)known[i].text : (int32_t)known[i].column;
    return -1;
}

static enum err fill_column(struct letter_plan *l, const struct table_column *c, const struct expr **out)
{
    int32_t number = letter_of(c);
    const struct type *from = number >= 0 ? dead_letter_schema.fields[number].type : NULL;
    struct arena *arena = l->p->arena;
    struct error e;
    enum err rc;

    if (!c->type->nullable && (from == NULL || from->nullable))
        return fail(l, ERR_INPUT,
                    arena_printf(arena, "column `%s` of `%s` is NOT NULL, but %s; let it be NULL", c->name,
                                 l->table->name,
                                 from ? "not every record has it" : "a dead letter has no such thing"));
    if (from == NULL) {
        *out = expr_null(arena, c->type);
        return *out ? OK : plan_memory(l->p, l->place);
    }
    if ((*out = expr_column(arena, number, from)) == NULL)
        return plan_memory(l->p, l->place);
    if ((rc = expr_cast(arena, *out, c->type, false, (struct place){0}, out, &e)) == OK)
        return OK;
    return rc == ERR_MEMORY
               ? plan_memory(l->p, l->place)
               : fail(l, ERR_INPUT,
                      arena_printf(arena, "column `%s` of `%s`: %s", c->name, l->table->name, e.text));
}

/* A table that has neither payloads nor messages was probably not meant. */
static enum err check_use(struct letter_plan *l)
{
    for (int32_t i = 0; i < l->table->column_count; i++) {
        int32_t number = letter_of(&l->table->columns[i]);

        if (number == LETTER_PAYLOAD || number == LETTER_PAYLOAD_TEXT || number == LETTER_ERROR_MESSAGE)
            return OK;
    }
    enum err rc = fail(
        l, ERR_INPUT,
        arena_printf(l->p->arena, "`%s` has no column for what cannot be read: raw_payload or error_message",
                     l->table->name));

    sql_hint(
        l->p->error,
        "columns are filled by name: raw_payload, raw_key, error_type, error_message, error_timestamp, "
        "table_name, topic, partition, offset, timestamp, timestamp_type, headers, leader_epoch, file, line");
    return rc;
}

/* What a table stores: physical columns, then metadata that is written. */
static enum err table_columns(struct letter_plan *l, struct bound_insert *insert, const struct expr ***exprs)
{
    struct arena *arena = l->p->arena;
    int32_t most = MAX(l->table->column_count, 1), n = 0;
    int32_t *columns = ARENA_ARRAY(arena, int32_t, most);
    struct field *fields = ARENA_ARRAY(arena, struct field, most);
    struct schema *schema = ARENA_NEW(arena, struct schema);
    struct rel *rel = ARENA_NEW(arena, struct rel);
    enum err rc = OK;

    *exprs = ARENA_ARRAY(arena, const struct expr *, most);
    if (arena->failed)
        return plan_memory(l->p, l->place);
    for (int pass = 0; pass < 2; pass++)
        for (int32_t i = 0; rc == OK && i < l->table->column_count; i++) {
            const struct table_column *c = &l->table->columns[i];

            if (pass == 0 ? c->kind != AST_PHYSICAL : c->kind != AST_METADATA || c->is_virtual)
                continue;
            fields[n] = (struct field){.name = c->name, .type = c->type};
            columns[n] = i;
            rc = fill_column(l, c, &(*exprs)[n++]);
        }
    *schema = (struct schema){n, fields};
    rel->schema = schema;
    *insert = (struct bound_insert){.table = l->table, .rel = rel, .columns = columns, .place = l->place};
    return rc;
}

/* --- vertices --- */

static enum err add_letters(struct letter_plan *l, const struct connector_plan *plan, struct stage *s)
{
    struct planner *p = l->p;
    const struct table_def *from = l->source->table;
    struct dead_letter_spec *spec = ARENA_NEW(p->arena, struct dead_letter_spec);
    struct vertex v = {.factory = &dead_letter_factory, .spec = spec, .schema = &dead_letter_schema};

    if (spec == NULL)
        return plan_memory(p, l->place);
    *spec = (struct dead_letter_spec){
        .table = arena_printf(p->arena, "%s.%s.%s", from->catalog, from->database, from->name),
        .lines = plan->errors == ERRORS_OF_LINES};
    v.name = arena_printf(p->arena, "Dead letters: %s[%d]", from->name, (int)++p->numbered);
    *s = (struct stage){.vertices = l->source->stage.vertices,
                        .count = 1,
                        .port = 1,
                        .schema = &format_error_schema,
                        .parallelism = l->source->stage.parallelism,
                        .bounded = l->source->stage.bounded};
    return p->arena->failed ? plan_memory(p, l->place) : plan_vertex(p, s, &v, l->place);
}

enum err plan_letters(struct planner *p, const struct source *source, const struct connector_plan *plan,
                      const struct map *options, struct ast_place place)
{
    struct letter_plan l = {.p = p, .source = source, .place = place};
    const char *name = map_get(options, SLICE("dead-letter.table"));
    const struct expr **exprs;
    struct bound_insert insert;
    struct stage stage;
    enum err rc;

    assert(name); /* connector_plan_source has seen to it */
    if ((rc = find_table(&l, name)) != OK || (rc = check_use(&l)) != OK ||
        (rc = table_columns(&l, &insert, &exprs)) != OK || (rc = add_letters(&l, plan, &stage)) != OK ||
        (rc = plan_calc(p, &stage, NULL, exprs, insert.rel->schema, place)) != OK)
        return rc;
    rc = plan_sink(p, &insert, &stage);
    return rc == OK ? OK : explain(&l, rc);
}
