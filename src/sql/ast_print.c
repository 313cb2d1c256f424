/* ast_print.c: statements back to text. */
#include "sql/ast_print.h"

static void flag(bool is, const char *text, struct bytes *out)
{
    bytes_text(out, is ? text : "");
}

static void comment(const struct ast_word *word, struct bytes *out)
{
    if (word == NULL)
        return;
    bytes_text(out, " COMMENT ");
    ast_print_string(word, out);
}

static void words_in_parens(const struct ast_words *words, struct bytes *out)
{
    bytes_u8(out, '(');
    ast_print_words(words, out);
    bytes_u8(out, ')');
}

static void keys(const struct ast_words *words, struct bytes *out)
{
    bytes_u8(out, '(');
    for (int32_t i = 0; i < words->count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_string(&words->items[i], out);
    }
    bytes_u8(out, ')');
}

static void with(bool is, const struct ast_options *options, struct bytes *out)
{
    if (!is)
        return;
    bytes_text(out, " WITH ");
    ast_print_options(options, out);
}

static void as_query(const struct ast_query *q, struct bytes *out)
{
    if (q == NULL)
        return;
    bytes_text(out, " AS ");
    ast_print_query(q, out);
}

static void assigns(const struct ast_assigns *list, struct bytes *out)
{
    for (int32_t i = 0; i < list->count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_name(&list->items[i].name, out);
        if (list->items[i].value) {
            bytes_text(out, " = ");
            ast_print_expr(list->items[i].value, out);
        }
    }
}

static void partition(const struct ast_assigns *list, struct bytes *out)
{
    if (list->count == 0)
        return;
    bytes_text(out, " PARTITION (");
    assigns(list, out);
    bytes_u8(out, ')');
}

/* --- changing rows --- */

static void print_insert(const struct ast_insert *i, struct bytes *out)
{
    bytes_text(out, i->overwrite ? "INSERT OVERWRITE " : "INSERT INTO ");
    ast_print_name(&i->table, out);
    ast_print_hints(&i->hints, out);
    partition(&i->partition, out);
    if (i->columns.count) {
        bytes_u8(out, ' ');
        words_in_parens(&i->columns, out);
    }
    bytes_u8(out, ' ');
    ast_print_query(i->query, out);
}

static void alias(const struct ast_word *word, struct bytes *out)
{
    if (word == NULL)
        return;
    bytes_text(out, " AS ");
    ast_print_word(word->text, out);
}

static void where(const struct ast_expr *x, struct bytes *out)
{
    if (x == NULL)
        return;
    bytes_text(out, " WHERE ");
    ast_print_expr(x, out);
}

static void print_update(const struct ast_update *u, struct bytes *out)
{
    bytes_text(out, "UPDATE ");
    ast_print_name(&u->table, out);
    alias(u->alias, out);
    bytes_text(out, " SET ");
    assigns(&u->assigns, out);
    where(u->where, out);
}

static void print_delete(const struct ast_delete *d, struct bytes *out)
{
    bytes_text(out, "DELETE FROM ");
    ast_print_name(&d->table, out);
    alias(d->alias, out);
    where(d->where, out);
}

static void print_set(const struct ast_set *s, struct bytes *out)
{
    bytes_text(out, "STATEMENT SET BEGIN ");
    for (int32_t i = 0; i < s->count; i++) {
        ast_print(s->inserts[i], out);
        bytes_text(out, "; ");
    }
    bytes_text(out, "END");
}

/* What stands behind EXPLAIN or FOR. */
static void print_inner(const struct ast_statement *s, struct bytes *out)
{
    if (s->kind == AST_STATEMENT_SET)
        print_set(&s->set, out);
    else
        ast_print(s, out);
}

static void print_explain(const struct ast_explain *x, struct bytes *out)
{
    static const char *const details[] = {"ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN",
                                          "PLAN_ADVICE"};
    const char *between = "";

    bytes_text(out, "EXPLAIN ");
    for (size_t i = 0; i < COUNT_OF(details); i++)
        if (x->details & 1u << i) {
            bytes_printf(out, "%s%s", between, details[i]);
            between = ", ";
        }
    flag(x->details, " ", out);
    print_inner(x->statement, out);
}

static void print_plan(const struct ast_plan *p, bool compile, struct bytes *out)
{
    bytes_text(out, compile ? "COMPILE " : "EXECUTE PLAN ");
    if (compile)
        bytes_text(out, p->execute ? "AND EXECUTE PLAN " : "PLAN ");
    ast_print_string(&p->path, out);
    if (!compile)
        return;
    flag(p->if_not_exists, " IF NOT EXISTS", out);
    bytes_text(out, " FOR ");
    print_inner(p->statement, out);
}

/* --- tables --- */

static void print_constraint(const struct ast_constraint *c, bool of_column, struct bytes *out)
{
    if (c->name) {
        bytes_text(out, "CONSTRAINT ");
        ast_print_word(c->name->text, out);
        bytes_u8(out, ' ');
    }
    bytes_text(out, c->unique ? "UNIQUE" : "PRIMARY KEY");
    if (!of_column) {
        bytes_u8(out, ' ');
        words_in_parens(&c->columns, out);
    }
    flag(c->enforced == AST_NOT_ENFORCED, " NOT ENFORCED", out);
}

static void print_column(const struct ast_column *c, struct bytes *out)
{
    ast_print_word(c->name.text, out);
    if (c->kind == AST_COMPUTED) {
        bytes_text(out, " AS ");
        ast_print_expr(c->expr, out);
    } else {
        bytes_u8(out, ' ');
        ast_print_type(c->type, out);
    }
    flag(c->kind == AST_METADATA, " METADATA", out);
    if (c->metadata_key) {
        bytes_text(out, " FROM ");
        ast_print_string(c->metadata_key, out);
    }
    flag(c->is_virtual, " VIRTUAL", out);
    if (c->constraint) {
        bytes_u8(out, ' ');
        print_constraint(c->constraint, true, out);
    }
    comment(c->comment, out);
    flag(c->first, " FIRST", out);
    if (c->after) {
        bytes_text(out, " AFTER ");
        ast_print_word(c->after->text, out);
    }
}

static void print_schema(const struct ast_schema *s, bool parens, struct bytes *out)
{
    const char *between = "";

    flag(parens, "(", out);
    for (int32_t i = 0; i < s->column_count; i++, between = ", ") {
        bytes_text(out, between);
        print_column(&s->columns[i], out);
    }
    if (s->watermark) {
        bytes_printf(out, "%sWATERMARK FOR ", between);
        ast_print_name(&s->watermark->column, out);
        bytes_text(out, " AS ");
        ast_print_expr(s->watermark->expr, out);
        between = ", ";
    }
    for (int32_t i = 0; i < s->constraint_count; i++, between = ", ") {
        bytes_text(out, between);
        print_constraint(&s->constraints[i], false, out);
    }
    flag(parens, ")", out);
}

static void print_distribution(const struct ast_distribution *d, struct bytes *out)
{
    static const char *const kinds[] = {"", "HASH", "RANGE"};

    if (d->columns.count) {
        bytes_printf(out, " BY %s", kinds[d->kind]);
        words_in_parens(&d->columns, out);
    }
    if (d->buckets) {
        bytes_text(out, " INTO ");
        ast_print_expr(d->buckets, out);
        bytes_text(out, " BUCKETS");
    }
}

static void print_like(const struct ast_like *l, struct bytes *out)
{
    static const char *const rules[] = {"INCLUDING", "EXCLUDING", "OVERWRITING"};
    static const char *const parts[] = {"ALL",      "CONSTRAINTS", "DISTRIBUTION", "GENERATED",
                                        "METADATA", "OPTIONS",     "PARTITIONS",   "WATERMARKS"};

    bytes_text(out, " LIKE ");
    ast_print_name(&l->table, out);
    for (int32_t i = 0; i < l->option_count; i++)
        bytes_printf(out, "%s%s %s", i ? " " : " (", rules[l->options[i].rule], parts[l->options[i].part]);
    flag(l->option_count, ")", out);
}

static const char *const refresh_modes[] = {"", "CONTINUOUS", "FULL"};

static void print_create_table(const struct ast_create_table *t, bool materialized, struct bytes *out)
{
    bytes_text(out, t->or_replace ? "CREATE OR REPLACE " : "CREATE ");
    flag(t->temporary, "TEMPORARY ", out);
    bytes_text(out, materialized ? "MATERIALIZED TABLE " : "TABLE ");
    flag(t->if_not_exists, "IF NOT EXISTS ", out);
    ast_print_name(&t->name, out);
    if (t->has_schema) {
        bytes_u8(out, ' ');
        print_schema(&t->schema, true, out);
    }
    comment(t->comment, out);
    if (t->distribution) {
        bytes_text(out, " DISTRIBUTED");
        print_distribution(t->distribution, out);
    }
    if (t->partitioned_by.count) {
        bytes_text(out, " PARTITIONED BY ");
        words_in_parens(&t->partitioned_by, out);
    }
    with(t->has_options, &t->options, out);
    if (t->freshness) {
        bytes_text(out, " FRESHNESS = ");
        ast_print_expr(t->freshness, out);
    }
    if (t->refresh)
        bytes_printf(out, " REFRESH_MODE = %s", refresh_modes[t->refresh]);
    if (t->like)
        print_like(t->like, out);
    as_query(t->query, out);
}

/* --- other objects --- */

static void rename_to(const struct ast_name *name, struct bytes *out)
{
    bytes_text(out, " RENAME TO ");
    ast_print_name(name, out);
}

static void print_view(const struct ast_view *v, bool create, struct bytes *out)
{
    bytes_text(out, create ? "CREATE " : "ALTER ");
    flag(v->temporary, "TEMPORARY ", out);
    bytes_text(out, "VIEW ");
    flag(v->if_not_exists, "IF NOT EXISTS ", out);
    ast_print_name(&v->name, out);
    if (v->columns.count) {
        bytes_u8(out, ' ');
        words_in_parens(&v->columns, out);
    }
    comment(v->comment, out);
    if (v->new_name)
        rename_to(v->new_name, out);
    as_query(v->query, out);
}

static void print_create_object(const struct ast_create_object *o, const char *what, struct bytes *out)
{
    bytes_printf(out, "CREATE %s ", what);
    flag(o->if_not_exists, "IF NOT EXISTS ", out);
    ast_print_name(&o->name, out);
    comment(o->comment, out);
    with(o->has_options, &o->options, out);
}

static void print_function(const struct ast_function *f, bool create, struct bytes *out)
{
    bytes_text(out, create ? "CREATE " : "ALTER ");
    flag(f->temporary, "TEMPORARY ", out);
    flag(f->system, "SYSTEM ", out);
    bytes_text(out, "FUNCTION ");
    flag(f->if_not_exists, "IF NOT EXISTS ", out);
    flag(f->if_exists, "IF EXISTS ", out);
    ast_print_name(&f->name, out);
    bytes_text(out, " AS ");
    ast_print_string(&f->class_name, out);
    if (f->language)
        bytes_printf(out, " LANGUAGE %s", f->language);
    for (int32_t i = 0; i < f->jars.count; i++) {
        bytes_text(out, i ? ", JAR " : " USING JAR ");
        ast_print_string(&f->jars.items[i], out);
    }
}

static void print_model(const struct ast_model *m, bool create, struct bytes *out)
{
    bytes_text(out, create ? "CREATE " : "ALTER ");
    flag(m->temporary, "TEMPORARY ", out);
    bytes_text(out, "MODEL ");
    flag(m->if_not_exists, "IF NOT EXISTS ", out);
    flag(m->if_exists, "IF EXISTS ", out);
    ast_print_name(&m->name, out);
    if (m->input.column_count) {
        bytes_text(out, " INPUT ");
        print_schema(&m->input, true, out);
    }
    if (m->output.column_count) {
        bytes_text(out, " OUTPUT ");
        print_schema(&m->output, true, out);
    }
    comment(m->comment, out);
    if (m->new_name) {
        rename_to(m->new_name, out);
    } else if (m->options.count) {
        bytes_text(out, create ? " WITH " : " SET ");
        ast_print_options(&m->options, out);
    }
    as_query(m->query, out);
}

/* --- ALTER --- */

static void print_partitions(const struct ast_alter *a, const char *between, struct bytes *out)
{
    for (int32_t i = 0; i < a->partition_count; i++) {
        bytes_text(out, i ? between : "");
        partition(&a->partitions[i].spec, out);
        with(a->partitions[i].options.count, &a->partitions[i].options, out);
    }
}

static void print_added(const struct ast_alter *a, const char *word, struct bytes *out)
{
    bytes_printf(out, " %s ", word);
    if (a->distribution) {
        bytes_text(out, "DISTRIBUTION");
        print_distribution(a->distribution, out);
    } else {
        print_schema(&a->schema, a->listed, out);
    }
}

static void print_dropped_columns(const struct ast_alter *a, struct bytes *out)
{
    bytes_text(out, a->listed ? " DROP (" : " DROP ");
    ast_print_exprs(&a->columns, out);
    flag(a->listed, ")", out);
}

static void print_action(const struct ast_alter *a, struct bytes *out)
{
    static const char *const bare[] = {[AST_ALTER_DROP_PRIMARY_KEY] = " DROP PRIMARY KEY",
                                       [AST_ALTER_DROP_WATERMARK] = " DROP WATERMARK",
                                       [AST_ALTER_DROP_DISTRIBUTION] = " DROP DISTRIBUTION",
                                       [AST_ALTER_SUSPEND] = " SUSPEND"};

    switch (a->action) {
    case AST_ALTER_RENAME:
        rename_to(a->new_name, out);
        break;
    case AST_ALTER_SET:
        bytes_text(out, " SET ");
        ast_print_options(&a->options, out);
        break;
    case AST_ALTER_RESET:
        bytes_text(out, " RESET ");
        keys(&a->keys, out);
        break;
    case AST_ALTER_COMMENT:
        comment(&a->comment, out);
        break;
    case AST_ALTER_ADD:
        print_added(a, "ADD", out);
        break;
    case AST_ALTER_MODIFY:
        print_added(a, "MODIFY", out);
        break;
    case AST_ALTER_RENAME_COLUMN:
        bytes_text(out, " RENAME ");
        ast_print_name(&a->column, out);
        bytes_text(out, " TO ");
        ast_print_word(a->new_column.text, out);
        break;
    case AST_ALTER_DROP_COLUMNS:
        print_dropped_columns(a, out);
        break;
    case AST_ALTER_DROP_CONSTRAINT:
        bytes_text(out, " DROP CONSTRAINT ");
        ast_print_name(&a->column, out);
        break;
    case AST_ALTER_ADD_PARTITIONS:
        bytes_text(out, a->if_not_exists ? " ADD IF NOT EXISTS" : " ADD");
        print_partitions(a, "", out);
        break;
    case AST_ALTER_DROP_PARTITIONS:
        bytes_text(out, a->partition_if_exists ? " DROP IF EXISTS" : " DROP");
        print_partitions(a, ",", out);
        break;
    case AST_ALTER_COMPACT:
        print_partitions(a, ",", out);
        bytes_text(out, " COMPACT");
        break;
    case AST_ALTER_FRESHNESS:
        bytes_text(out, " SET FRESHNESS = ");
        ast_print_expr(a->freshness, out);
        break;
    case AST_ALTER_REFRESH_MODE:
        bytes_printf(out, " SET REFRESH_MODE = %s", refresh_modes[a->refresh]);
        break;
    case AST_ALTER_RESUME:
        bytes_text(out, " RESUME");
        with(a->options.count, &a->options, out);
        break;
    case AST_ALTER_REFRESH:
        bytes_text(out, " REFRESH");
        print_partitions(a, ",", out);
        break;
    case AST_ALTER_AS:
        as_query(a->query, out);
        break;
    case AST_ALTER_DROP_PRIMARY_KEY:
    case AST_ALTER_DROP_WATERMARK:
    case AST_ALTER_DROP_DISTRIBUTION:
    case AST_ALTER_SUSPEND:
        bytes_text(out, bare[a->action]);
        break;
    }
}

static void print_alter(const struct ast_alter *a, const char *what, struct bytes *out)
{
    bytes_printf(out, "ALTER %s ", what);
    flag(a->if_exists, "IF EXISTS ", out);
    ast_print_name(&a->name, out);
    print_action(a, out);
}

/* --- the session --- */

static void print_drop(const struct ast_drop *d, struct bytes *out)
{
    static const char *const objects[] = {
        "TABLE", "VIEW", "DATABASE", "CATALOG", "FUNCTION", "MATERIALIZED TABLE", "MODEL", "JOB"};

    bytes_text(out, "DROP ");
    flag(d->temporary, "TEMPORARY ", out);
    flag(d->system, "SYSTEM ", out);
    bytes_printf(out, "%s ", objects[d->object]);
    flag(d->if_exists, "IF EXISTS ", out);
    ast_print_name(&d->name, out);
    flag(d->restricted, " RESTRICT", out);
    flag(d->cascade, " CASCADE", out);
}

static void print_use(const struct ast_use *u, struct bytes *out)
{
    static const char *const kinds[] = {"USE ", "USE CATALOG ", "USE MODULES "};

    bytes_text(out, kinds[u->kind]);
    if (u->kind == AST_USE_MODULES)
        ast_print_words(&u->modules, out);
    else
        ast_print_name(&u->name, out);
}

static void print_show(const struct ast_show *s, struct bytes *out)
{
    static const char *const kinds[] = {
        "CATALOGS",       "CURRENT CATALOG", "DATABASES",    "CURRENT DATABASE",
        "TABLES",         "VIEWS",           "FUNCTIONS",    "MODULES",
        "PROCEDURES",     "COLUMNS",         "CREATE TABLE", "CREATE VIEW",
        "CREATE CATALOG", "CREATE MODEL",    "PARTITIONS",   "JARS",
        "JOBS",           "MODELS"};
    bool named = s->kind >= AST_SHOW_CREATE_TABLE && s->kind <= AST_SHOW_PARTITIONS;

    bytes_text(out, "SHOW ");
    flag(s->user, "USER ", out);
    flag(s->full, "FULL ", out);
    bytes_text(out, kinds[s->kind]);
    if (s->from) {
        bytes_text(out, named ? " " : " FROM ");
        ast_print_name(s->from, out);
    }
    partition(&s->partition, out);
    if (s->like) {
        bytes_printf(out, "%s %s ", s->not_like ? " NOT" : "", s->any_case ? "ILIKE" : "LIKE");
        ast_print_string(s->like, out);
    }
}

static void print_describe(const struct ast_describe *d, struct bytes *out)
{
    bytes_text(out, "DESCRIBE ");
    if (d->object == AST_OBJECT_JOB) {
        bytes_text(out, "JOB ");
        ast_print_string(&d->job, out);
        return;
    }
    flag(d->object == AST_OBJECT_CATALOG, "CATALOG ", out);
    flag(d->object == AST_OBJECT_DATABASE, "DATABASE ", out);
    flag(d->object == AST_OBJECT_MODEL, "MODEL ", out);
    flag(d->object == AST_OBJECT_FUNCTION, "FUNCTION ", out);
    flag(d->extended, "EXTENDED ", out);
    ast_print_name(&d->name, out);
}

static void print_option(const char *word, const struct ast_option *o, bool value, struct bytes *out)
{
    bytes_text(out, word);
    if (o->key.text == NULL)
        return;
    bytes_u8(out, ' ');
    ast_print_string(&o->key, out);
    if (!value)
        return;
    bytes_text(out, " = ");
    ast_print_string(&o->value, out);
}

static void print_text(const char *words, const struct ast_word *text, struct bytes *out)
{
    bytes_text(out, words);
    ast_print_string(text, out);
}

static void print_module(const char *words, const struct ast_module *m, struct bytes *out)
{
    bytes_text(out, words);
    ast_print_word(m->name.text, out);
    with(m->options.count, &m->options, out);
}

static void print_analyze(const struct ast_analyze *a, struct bytes *out)
{
    bytes_text(out, "ANALYZE TABLE ");
    ast_print_name(&a->table, out);
    partition(&a->partition, out);
    bytes_text(out, " COMPUTE STATISTICS");
    flag(a->all_columns, " FOR ALL COLUMNS", out);
    if (a->columns.count) {
        bytes_text(out, " FOR COLUMNS ");
        ast_print_words(&a->columns, out);
    }
}

/* Statements about the session, jobs and files; false when s is none of them. */
static bool print_session(const struct ast_statement *s, struct bytes *out)
{
    switch (s->kind) {
    case AST_USE:
        print_use(&s->use, out);
        return true;
    case AST_SHOW:
        print_show(&s->show, out);
        return true;
    case AST_DESCRIBE:
        print_describe(&s->describe, out);
        return true;
    case AST_STOP_JOB:
        print_text("STOP JOB ", &s->stop_job.job, out);
        flag(s->stop_job.savepoint, " WITH SAVEPOINT", out);
        flag(s->stop_job.drain, " WITH DRAIN", out);
        return true;
    case AST_LOAD_MODULE:
        print_module("LOAD MODULE ", &s->module, out);
        return true;
    case AST_UNLOAD_MODULE:
        print_module("UNLOAD MODULE ", &s->module, out);
        return true;
    case AST_ADD_JAR:
        print_text("ADD JAR ", &s->text, out);
        return true;
    case AST_REMOVE_JAR:
        print_text("REMOVE JAR ", &s->text, out);
        return true;
    case AST_SET:
        print_option("SET", &s->option, true, out);
        return true;
    case AST_RESET:
        print_option("RESET", &s->option, false, out);
        return true;
    case AST_ANALYZE:
        print_analyze(&s->analyze, out);
        return true;
    case AST_CLIENT:
        bytes_text(out, s->text.text);
        return true;
    default:
        return false;
    }
}

/* CREATE, ALTER and DROP; false when s is none of them. */
static bool print_definition(const struct ast_statement *s, struct bytes *out)
{
    switch (s->kind) {
    case AST_CREATE_TABLE:
    case AST_CREATE_MATERIALIZED_TABLE:
        print_create_table(&s->create_table, s->kind == AST_CREATE_MATERIALIZED_TABLE, out);
        return true;
    case AST_CREATE_VIEW:
    case AST_ALTER_VIEW:
        print_view(&s->view, s->kind == AST_CREATE_VIEW, out);
        return true;
    case AST_CREATE_CATALOG:
        print_create_object(&s->create_object, "CATALOG", out);
        return true;
    case AST_CREATE_DATABASE:
        print_create_object(&s->create_object, "DATABASE", out);
        return true;
    case AST_CREATE_FUNCTION:
    case AST_ALTER_FUNCTION:
        print_function(&s->function, s->kind == AST_CREATE_FUNCTION, out);
        return true;
    case AST_CREATE_MODEL:
    case AST_ALTER_MODEL:
        print_model(&s->model, s->kind == AST_CREATE_MODEL, out);
        return true;
    case AST_ALTER_TABLE:
        print_alter(&s->alter, "TABLE", out);
        return true;
    case AST_ALTER_MATERIALIZED_TABLE:
        print_alter(&s->alter, "MATERIALIZED TABLE", out);
        return true;
    case AST_ALTER_CATALOG:
        print_alter(&s->alter, "CATALOG", out);
        return true;
    case AST_ALTER_DATABASE:
        print_alter(&s->alter, "DATABASE", out);
        return true;
    case AST_DROP:
        print_drop(&s->drop, out);
        return true;
    default:
        return false;
    }
}

void ast_print(const struct ast_statement *s, struct bytes *out)
{
    if (print_session(s, out) || print_definition(s, out))
        return;
    flag(s->execute || s->kind == AST_STATEMENT_SET, "EXECUTE ", out);
    switch (s->kind) {
    case AST_QUERY:
        ast_print_query(s->query, out);
        break;
    case AST_INSERT:
        print_insert(&s->insert, out);
        break;
    case AST_UPDATE:
        print_update(&s->update, out);
        break;
    case AST_DELETE:
        print_delete(&s->del, out);
        break;
    case AST_TRUNCATE:
        bytes_text(out, "TRUNCATE TABLE ");
        ast_print_name(&s->name, out);
        break;
    case AST_CALL_PROCEDURE:
        bytes_text(out, "CALL ");
        ast_print_expr(s->call, out);
        break;
    case AST_STATEMENT_SET:
        print_set(&s->set, out);
        break;
    case AST_BEGIN_STATEMENT_SET:
        bytes_text(out, "BEGIN STATEMENT SET");
        break;
    case AST_END:
        bytes_text(out, "END");
        break;
    case AST_EXPLAIN:
        print_explain(&s->explain, out);
        break;
    case AST_COMPILE_PLAN:
    case AST_EXECUTE_PLAN:
        print_plan(&s->plan, s->kind == AST_COMPILE_PLAN, out);
        break;
    default:
        assert(!"a statement that cannot be printed");
    }
}
