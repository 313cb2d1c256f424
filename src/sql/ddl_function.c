/* ddl_function.c: see ddl_function.h. */
#include "sql/ddl_function.h"
#include "base/mem.h"
#include "sql/user_function.h"
#include <ctype.h>

/* --- names --- */

/* In arena; NULL: no memory, which the arena remembers. */
static const char *lower(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text, strlen(text) + 1);

    for (char *p = copy; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return copy;
}

static struct slice key_of(struct arena *arena, const struct table_path *p)
{
    return p->catalog ? session_key(arena, p) : slice_text(p->name);
}

/* Where a function called name is: a system one's path has a name only. */
static enum err path_of(struct session *s, struct arena *arena, const struct ast_name *name, bool system,
                        struct table_path *out, struct sql_error *error)
{
    enum err rc;

    if (system && name->count > 1)
        return sql_fail(error, ERR_INPUT, SQL_VALIDATION_FAILED, name->place,
                        "the name of a SYSTEM function has one part");
    if ((rc = session_path(s, arena, name, out, error)) != OK)
        return rc;
    out->name = lower(arena, out->name);
    if (system)
        *out = (struct table_path){.name = out->name};
    return arena->failed ? sql_fail(error, ERR_MEMORY, NULL, name->place, "no memory for a name") : OK;
}

static const struct stored_function *find(struct session *s, struct arena *arena, const struct table_path *p)
{
    struct slice key = key_of(arena, p);

    return key.ptr ? map_get(&s->functions, key) : NULL;
}

/* What a call by this name means; NULL: nothing of the user's. */
static const struct stored_function *find_called(struct session *s, struct arena *arena,
                                                 const struct ast_name *name)
{
    const struct ast_word *last = &name->parts[name->count - 1];
    const struct stored_function *f;
    struct table_path path;
    struct sql_error ignored;

    if (map_count(&s->functions) == 0)
        return NULL;
    if (name->count == 1) {
        path = (struct table_path){.name = lower(arena, last->text)};
        if (path.name && (f = find(s, arena, &path)) != NULL)
            return f;
        if (function_find(last->text))
            return NULL;
    }
    return path_of(s, arena, name, false, &path, &ignored) == OK ? find(s, arena, &path) : NULL;
}

enum err session_function(struct session *s, struct arena *arena, const struct ast_name *name,
                          const struct user_function **out, struct sql_error *error)
{
    const struct stored_function *f = find_called(s, arena, name);
    struct error e;
    enum err rc;

    *out = NULL;
    if (f == NULL)
        return OK;
    rc = user_function_load(arena, name->parts[name->count - 1].text, f->library, f->symbol, out, &e);
    return rc == OK ? OK : sql_fail(error, rc, SQL_VALIDATION_FAILED, name->place, "%s", e.text);
}

const char *session_function_near(struct session *s, struct arena *arena, const char *name)
{
    struct sql_names names = {.arena = arena};
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&s->functions, &at)) != NULL;)
        sql_names_add(&names, ((const struct stored_function *)entry->value)->path.name);
    return names.count ? sql_nearest(name, names.items, (size_t)names.count) : NULL;
}

/* --- CREATE FUNCTION --- */

static enum err refuse(struct doing *d, enum err rc, struct ast_place place, const char *text,
                       const char *hint)
{
    sql_fail(d->error, rc, SQL_VALIDATION_FAILED, place, "%s", text);
    sql_hint(d->error, "%s", hint);
    return rc;
}

static enum err check_language(struct doing *d, const struct ast_function *f)
{
    const struct ast_word *last = &f->name.parts[f->name.count - 1];
    const struct function *built_in = function_find(last->text);

    if (f->language && strcmp(f->language, "C") == 0)
        return OK;
    sql_fail(d->error, ERR_UNSUPPORTED, SQL_VALIDATION_FAILED, f->class_name.place,
             "function `%s` is a %s class, and weir runs none", last->text,
             f->language ? f->language : "Java");
    if (built_in)
        sql_hint(d->error, "%s is built in: leave the CREATE FUNCTION out", built_in->name);
    else
        sql_hint(d->error,
                 "use what SHOW FUNCTIONS lists, or write it in C (weir/function.h): "
                 "CREATE FUNCTION %s AS 'symbol' LANGUAGE C USING JAR 'lib.so'",
                 last->text);
    return ERR_UNSUPPORTED;
}

/* The file that USING JAR names. */
static enum err library_of(struct doing *d, const struct ast_function *f, const char **out)
{
    const char *text;

    if (f->jars.count == 0)
        return refuse(d, ERR_INPUT, f->class_name.place, "where the function is, is not said",
                      "add USING JAR 'lib.so': the shared object that has the symbol");
    if (f->jars.count > 1)
        return refuse(d, ERR_INPUT, f->jars.items[1].place, "a function in C comes from one library",
                      "link what it needs into that, or let it load the rest itself");
    text = f->jars.items[0].text;
    if (strncmp(text, "file://", 7) == 0)
        text += 7;
    else if (strstr(text, "://"))
        return refuse(d, ERR_UNSUPPORTED, f->jars.items[0].place,
                      "a library is loaded from a local file only",
                      "fetch it first: USING JAR 'file:///opt/jobs/lib.so'");
    *out = text;
    return OK;
}

static enum err check_place(struct doing *d, const struct ast_function *f, const struct table_path *p)
{
    struct sql_catalog *c = NULL;
    enum err rc;

    if (f->system) {
        const struct function *built_in = function_find(p->name);

        return built_in ? refuse(d, ERR_UNSUPPORTED, f->name.place,
                                 "the name of a built-in function is taken", "give it another name")
                        : OK;
    }
    if ((rc = session_catalog_at(d, p->catalog, f->name.place, &c)) != OK ||
        (rc = session_need_database(d, c, p->database, f->name.place)) != OK)
        return rc;
    if (f->temporary || strcmp(c->ops->type, "generic_in_memory") == 0)
        return OK;
    return refuse(d, ERR_UNSUPPORTED, f->name.place, "this catalog stores no functions",
                  "write CREATE TEMPORARY FUNCTION: it is there as long as the session");
}

static struct stored_function *make_stored(struct doing *d, const struct ast_function *f,
                                           const struct table_path *p, const char *library)
{
    const char *texts[] = {p->catalog ? p->catalog : "", p->database ? p->database : "", p->name, library,
                           f->class_name.text};
    struct stored_function *out;
    size_t size = sizeof *out;
    char *at;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        size += strlen(texts[i]) + 1;
    if ((out = mem_zalloc(size)) == NULL) {
        d->arena->failed = true;
        return NULL;
    }
    at = (char *)(out + 1);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        size_t len = strlen(texts[i]) + 1;

        memcpy(at, texts[i], len);
        texts[i] = at;
        at += len;
    }
    *out = (struct stored_function){
        .temporary = f->temporary, .system = f->system, .library = texts[3], .symbol = texts[4]};
    out->path = (struct table_path){f->system ? NULL : texts[0], f->system ? NULL : texts[1], texts[2]};
    return out;
}

enum err ddl_create_function(struct doing *d, const struct ast_function *f)
{
    const struct user_function *loaded;
    struct stored_function *stored;
    const char *library;
    struct table_path path;
    struct error e;
    enum err rc;

    if ((rc = check_language(d, f)) != OK ||
        (rc = path_of(d->s, d->arena, &f->name, f->system, &path, d->error)) != OK ||
        (rc = library_of(d, f, &library)) != OK || (rc = check_place(d, f, &path)) != OK)
        return rc;
    if (find(d->s, d->arena, &path))
        return f->if_not_exists
                   ? OK
                   : refuse(d, ERR_EXISTS, f->name.place, "a function of that name exists already",
                            "drop it first, or write IF NOT EXISTS");
    rc = user_function_load(d->arena, f->name.parts[f->name.count - 1].text, library, f->class_name.text,
                            &loaded, &e);
    if (rc != OK)
        return doing_fail(d, f->class_name.place, rc, &e);
    if ((stored = make_stored(d, f, &path, library)) == NULL ||
        !map_put(&d->s->functions, key_of(d->arena, &path), stored)) {
        mem_free(stored);
        return doing_memory(d);
    }
    if (!f->system && function_find(path.name))
        doing_note(d, "a built-in function has the same name and goes before it; call it by %s",
                   session_path_text(d->arena, &path));
    return OK;
}

/* --- DROP FUNCTION --- */

enum err ddl_drop_function(struct doing *d, const struct ast_drop *drop)
{
    const char *name = drop->name.parts[drop->name.count - 1].text, *near;
    const struct function *built_in = function_find(name);
    const struct stored_function *f;
    struct table_path path;
    enum err rc;

    if ((rc = path_of(d->s, d->arena, &drop->name, drop->system, &path, d->error)) != OK)
        return rc;
    f = find(d->s, d->arena, &path);
    if (f && f->temporary && !drop->temporary)
        return refuse(d, ERR_INPUT, drop->name.place, "this function is a temporary one",
                      "write DROP TEMPORARY FUNCTION");
    if (f && (f->temporary || !drop->temporary)) {
        mem_free(map_remove(&d->s->functions, key_of(d->arena, &path)));
        return OK;
    }
    if (built_in)
        return sql_fail(d->error, ERR_INPUT, SQL_VALIDATION_FAILED, drop->name.place,
                        "function %s is built in and cannot be dropped", built_in->name);
    if (drop->if_exists)
        return OK;
    near = session_function_near(d->s, d->arena, name);
    sql_fail(d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, drop->name.place,
             "%sfunction `%s` does not exist", drop->temporary ? "temporary " : "", name);
    if (f)
        sql_hint(d->error, "it is there, and not temporary: write DROP FUNCTION");
    else if (near)
        sql_hint(d->error, "SHOW USER FUNCTIONS lists those there are; did you mean `%s`?", near);
    return ERR_NOT_FOUND;
}

/* --- SHOW and DESCRIBE --- */

void ddl_function_names(struct doing *d, const char *catalog, const char *database, struct sql_names *names)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&d->s->functions, &at)) != NULL;) {
        const struct stored_function *f = entry->value;

        if (f->system || (strcmp(f->path.catalog, catalog) == 0 && strcmp(f->path.database, database) == 0))
            sql_names_add(names, f->path.name);
    }
}

static void add(struct rows *r, const char *name, const char *value)
{
    rows_add(r, name);
    rows_add(r, value);
}

/* What users and built-in functions both can say. */
static void describe_function(struct rows *r, const struct function *f)
{
    bool steady = !(f->flags & (FN_VOLATILE | FN_DYNAMIC));

    add(r, "is deterministic", f->flags & FN_VOLATILE ? "false" : "true");
    add(r, "supports constant folding", steady && !(f->flags & FN_AGGREGATE) ? "true" : "false");
    add(r, "signature", f->usage);
    add(r, "description", f->doc);
}

static enum err describe_user(struct doing *d, const struct ast_describe *x, const struct stored_function *f,
                              struct rows *r)
{
    const struct user_function *u;
    struct bytes text = {0};
    enum err rc = session_function(d->s, d->arena, &x->name, &u, d->error);

    if (rc != OK)
        return rc;
    add(r, "is system function", f->system ? "true" : "false");
    add(r, "is temporary", f->temporary ? "true" : "false");
    if (x->extended) {
        add(r, "class name", f->symbol);
        add(r, "function language", "C");
        add(r, "resource uris", f->library);
        add(r, "kind", u->is_table ? "TABLE" : "SCALAR");
        describe_function(r, &u->function);
        type_print(u->result, &text);
        add(r, "result", bytes_cstr(&text) ? arena_strdup(d->arena, text.ptr) : NULL);
        d->arena->failed |= text.failed;
        bytes_fini(&text);
    }
    return rows_finish(r);
}

enum err ddl_describe_function(struct doing *d, const struct ast_describe *x)
{
    static const char *const names[] = {"info name", "info value"};
    const struct ast_word *last = &x->name.parts[x->name.count - 1];
    const struct stored_function *f = find_called(d->s, d->arena, &x->name);
    const struct function *built_in = x->name.count == 1 ? function_find(last->text) : NULL;
    struct rows r = {.d = d, .column_count = 2, .names = names};

    if (f)
        return describe_user(d, x, f, &r);
    if (built_in == NULL) {
        const char *near = function_nearest(last->text),
                   *mine = session_function_near(d->s, d->arena, last->text);

        sql_fail(d->error, ERR_NOT_FOUND, SQL_VALIDATION_FAILED, x->name.place,
                 "function `%s` does not exist", last->text);
        sql_hint(d->error, near || mine ? "did you mean `%s`?" : "SHOW FUNCTIONS lists those there are",
                 mine ? mine : near);
        return ERR_NOT_FOUND;
    }
    add(&r, "is system function", "true");
    add(&r, "is temporary", "false");
    if (x->extended) {
        add(&r, "kind", built_in->flags & FN_AGGREGATE ? "AGGREGATE" : "SCALAR");
        describe_function(&r, built_in);
    }
    return rows_finish(&r);
}
