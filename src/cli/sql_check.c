/* sql_check.c: see sql_check.h.
 *
 *   parse all --> errors
 *   statement by statement: CREATE, SET, USE ... are done in a session that is thrown away; queries and
 *   INSERTs are bound, and planned where that asks no service
 *
 * A catalog that is not in memory is replaced by one that is, so that nothing is made in it. What is there
 * already is not known then: a name that is not found is a note and no error. Nor is it after a CREATE that
 * could not be read.
 */
#include "cli/sql_check.h"
#include "base/mem.h"
#include "cli/job_run.h"
#include "cli/sql_client.h"
#include "connectors/collect.h"
#include <stdio.h>
#include <stdlib.h>

#define MEMORY_CATALOG "generic_in_memory"

struct check {
    struct session *session;
    struct arena arena;
    struct sql_source source;
    struct sql_error *errors; /* owned */
    size_t error_count, error_capacity;
    int32_t note_count;
    bool replaced; /* a catalog */
    bool broken;   /* a statement that makes something */
};

static void add_error(struct check *k, const struct sql_error *error)
{
    if (MEM_GROW(k->errors, k->error_count, k->error_capacity))
        k->errors[k->error_count++] = *error;
}

static void note(struct check *k, const struct sql_error *error)
{
    k->note_count++;
    fprintf(stderr, "note: %s:%" PRId32 ":%" PRId32 ": not checked: %s\n",
            k->source.name ? k->source.name : "<stdin>", error->place.line, error->place.column,
            error->message);
}

/* What was found: an error, or something that only the real surroundings can say. */
static void judge(struct check *k, const struct sql_error *error)
{
    switch (error->code) {
    case ERR_NOT_FOUND:
        if (!k->replaced && !k->broken)
            add_error(k, error);
        else if (k->replaced)
            note(k, error);
        break;
    case ERR_UNAVAILABLE:
    case ERR_IO:
    case ERR_DENIED:
        note(k, error);
        break;
    default:
        add_error(k, error);
        break;
    }
}

/* --- statements ----------------------------------------------------------------------------------------- */

static bool session_do(struct check *k, const struct sql_source *source, const struct ast_statement *s)
{
    struct result result = {0};
    struct sql_error error = {0};
    enum err rc = session_execute(k->session, &k->arena, source, s, &result, &error);

    batch_unref(result.rows);
    if (rc != OK)
        judge(k, &error);
    return rc == OK;
}

static void run_text(struct check *k, const struct bytes *text)
{
    struct sql_source source = {.text = bytes_all(text)};
    const struct ast_statement *s = NULL;
    struct sql_error error = {0};
    size_t offset = 0;

    while (!text->failed && sql_parse(&k->arena, &source, &offset, &s, &error) == OK && s)
        if (!session_do(k, &source, s))
            return;
}

static const char *option_of(const struct ast_options *options, const char *key, const char *unset)
{
    for (int32_t i = 0; i < options->count; i++)
        if (strcmp(options->items[i].key.text, key) == 0)
            return options->items[i].value.text;
    return unset;
}

/* A catalog of that name in memory takes the place of the one that was just made. */
static void replace_catalog(struct check *k, const struct ast_create_object *o)
{
    const char *name = o->name.parts[o->name.count - 1].text;
    const char *database = option_of(&o->options, "default-database", "default");
    struct sql_catalog *made = session_find_catalog(k->session, name);
    struct bytes text = {0};

    if (made == NULL || strcmp(made->ops->type, MEMORY_CATALOG) == 0)
        return;
    k->replaced = true;
    bytes_text(&text, "DROP CATALOG ");
    ast_print_word(name, &text);
    bytes_text(&text, "; CREATE CATALOG ");
    ast_print_word(name, &text);
    bytes_text(&text, " WITH ('type' = '" MEMORY_CATALOG "', 'default-database' = ");
    ast_print_text(slice_text(database), &text);
    bytes_text(&text, ");");
    run_text(k, &text);
    bytes_fini(&text);
}

static void bind(struct check *k, const struct ast_statement *s)
{
    struct sql_error error = {0};
    const struct rel *rel = NULL;
    struct bound_insert insert;
    enum err rc = s->kind == AST_INSERT
                      ? bind_insert(k->session, &k->arena, &k->source, &s->insert, &insert, &error)
                      : bind_query(k->session, &k->arena, &k->source, s->query, &rel, &error);

    if (rc != OK)
        judge(k, &error);
}

/* What stands in a query's or INSERT's place is right: whether its tables can be used as declared. */
static void plan(struct check *k, const struct ast_statement *s)
{
    struct collect *collect;
    struct sql_error error = {0};
    struct plan *plan = NULL;

    if (k->replaced || (collect = collect_new(1)) == NULL)
        return;
    if (plan_job(k->session, &k->source, s, collect, &plan, &error) != OK)
        judge(k, &error);
    plan_free(plan);
    collect_free(collect);
}

static void check_job(struct check *k, const struct ast_statement *s)
{
    size_t before = k->error_count;
    int32_t notes_before = k->note_count;

    if (s->kind == AST_STATEMENT_SET)
        for (int32_t i = 0; i < s->set.count; i++)
            bind(k, s->set.inserts[i]);
    else
        bind(k, s);
    if (k->error_count == before && k->note_count == notes_before && !k->broken)
        plan(k, s);
}

static void check_statement(struct check *k, const struct ast_statement *s)
{
    switch (s->kind) {
    case AST_QUERY:
    case AST_INSERT:
    case AST_STATEMENT_SET:
        check_job(k, s);
        break;
    case AST_EXPLAIN:
        check_statement(k, s->explain.statement);
        break;
    case AST_CREATE_CATALOG:
        if (session_do(k, &k->source, s))
            replace_catalog(k, &s->create_object);
        break;
    case AST_BEGIN_STATEMENT_SET:
    case AST_END:
    case AST_CLIENT:
    case AST_STOP_JOB:
    case AST_UPDATE:
    case AST_DELETE:
    case AST_TRUNCATE:
    case AST_CALL_PROCEDURE:
    case AST_ANALYZE:
        break; /* nothing that could be done without doing it */
    default:
        k->broken |= !session_do(k, &k->source, s);
        break;
    }
}

/* --- files ---------------------------------------------------------------------------------------------- */

static int by_place(const void *a, const void *b)
{
    const struct sql_error *x = a, *y = b;

    return (x->place.begin > y->place.begin) - (x->place.begin < y->place.begin);
}

static void print_errors(struct check *k)
{
    if (k->error_count)
        qsort(k->errors, k->error_count, sizeof *k->errors, by_place);
    for (size_t i = 0; i < k->error_count; i++) {
        struct bytes text = {0};

        sql_error_render(&k->errors[i], &k->source, &text);
        fprintf(stderr, "%s\n\n", text.failed ? k->errors[i].message : bytes_cstr(&text));
        bytes_fini(&text);
    }
}

static enum err check_text(struct check *k, int32_t *statement_count, struct error *e)
{
    struct sql_script script = {0};
    enum err rc = sql_parse_script(&k->arena, &k->source, &script, e);

    if (rc != OK)
        return rc;
    k->broken = script.error_count > 0;
    for (int32_t i = 0; i < script.error_count; i++)
        add_error(k, &script.errors[i]);
    for (int32_t i = 0; i < script.statement_count; i++)
        check_statement(k, script.statements[i]);
    print_errors(k);
    *statement_count = script.statement_count + script.error_count;
    return OK;
}

/* One file in k's session; counts its errors. */
static enum err check_file(struct check *k, const char *path, size_t *error_count, struct error *e)
{
    struct bytes text = {0};
    int32_t statement_count = 0;
    enum err rc = sql_client_read(path, &text, e);

    if (rc == OK) {
        k->source = (struct sql_source){strcmp(path, "-") == 0 ? NULL : path, bytes_all(&text)};
        k->error_count = 0;
        k->note_count = 0;
        rc = check_text(k, &statement_count, e);
    }
    if (rc == OK) {
        *error_count += k->error_count;
        printf("%s: %" PRId32 " statements, %zu errors%s\n", path, statement_count, k->error_count,
               k->note_count ? ", not all could be checked" : "");
    }
    bytes_fini(&text);
    return rc;
}

static enum err check_one(const struct session_env *env, const char *init, const char *path,
                          size_t *error_count, struct error *e)
{
    struct check k = {.session = session_new(env)};
    enum err rc = k.session ? OK : error_memory(e, 0, "a SQL session");

    if (rc == OK && init)
        rc = check_file(&k, init, error_count, e);
    if (rc == OK)
        rc = check_file(&k, path, error_count, e);
    session_free(k.session);
    arena_fini(&k.arena);
    mem_free(k.errors);
    return rc;
}

int sql_check(struct config *config, const char *init, char **files, int32_t file_count)
{
    struct job_process process = {0};
    struct session_env env = {.config = config, .clock = clock_system()};
    size_t error_count = 0;
    bool failed = false;
    struct error e;

    if (job_process_logs(config, "WARN", &e) != OK || job_process_init(&process, config, &e) != OK) {
        fprintf(stderr, "weir sql: %s\n", e.text);
        failed = true;
    }
    env.fs = process.fs;
    for (int32_t i = 0; i < file_count && process.fs; i++)
        if (check_one(&env, init, files[i], &error_count, &e) != OK) {
            fprintf(stderr, "weir sql: %s\n", e.text);
            failed = true;
        }
    job_process_fini(&process);
    return failed || error_count > 0 ? 1 : 0;
}
