/* catalog_rest_names.c: namespaces and lists of tables of a REST catalog. */
#include "base/mem.h"
#include "iceberg/catalog_names.h"
#include "iceberg/json_field.h"
#include "iceberg/rest_session.h"
#include <ctype.h>

#define PAGES_MAX 10000 /* of one list: a bound for a server that never comes to an end */

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a request to a catalog");
}

/* One request to path, which must be answered by a success. */
static enum err ask(struct catalog *c, const char *method, const char *path, json_t *body,
                    struct rest_answer *out, struct error *e)
{
    enum err rc = rest_session_send(catalog_rest_session(c), method, path, body, out, e);

    if (rc == OK && (out->status < 200 || out->status > 299))
        rc = rest_session_error(out, e);
    return rc;
}

/* The path of a namespace or table with `ending` behind it, in out. */
static enum err path_of(struct catalog *c, const char *name_space, const char *table, const char *ending,
                        struct bytes *out, struct error *e)
{
    enum err rc = rest_session_path(catalog_rest_session(c), name_space, table, out, e);

    bytes_text(out, ending);
    return rc == OK && bytes_cstr(out) == NULL ? no_memory(e) : rc;
}

/* --- lists --- */

/* The last name of `["a", "b"]`, or of {"name": "t"}. */
static const char *last_name(json_t *one)
{
    size_t count = json_array_size(one);

    if (json_is_object(one))
        return json_field_get(one, "name");
    return count ? json_string_value(json_array_get(one, count - 1)) : NULL;
}

/* A page's address: path, or path with the token of the page before. */
static const char *page_path(struct arena *arena, const char *path, const char *token)
{
    struct bytes text = {0};
    const char *copy = NULL;

    bytes_printf(&text, "%s?pageToken=", path);
    for (; *token; token++)
        if (isalnum((unsigned char)*token) || strchr("-._~", *token))
            bytes_u8(&text, (uint8_t)*token);
        else
            bytes_printf(&text, "%%%02X", (unsigned char)*token);
    if (!text.failed)
        copy = arena_text(arena, bytes_all(&text));
    bytes_fini(&text);
    return copy;
}

static enum err visit_page(json_t *page, const char *key, catalog_visit *visit, void *arg, struct error *e)
{
    json_t *list, *one;
    const char *name;
    size_t i;
    enum err rc = json_field_array(page, key, &list, e);

    if (rc != OK)
        return error_add(e, rc, "the catalog's answer");
    json_array_foreach(list, i, one)
    {
        if ((name = last_name(one)) != NULL)
            visit(arg, name);
    }
    return OK;
}

/* All pages of a list. */
static enum err list(struct catalog *c, const char *path, const char *key, catalog_visit *visit, void *arg,
                     struct error *e)
{
    struct arena arena = {0};
    const char *at = path;
    enum err rc = OK;

    for (int page = 0; rc == OK && at; page++) {
        struct rest_answer answer = {0};
        const char *token = NULL;

        if ((rc = ask(c, "GET", at, NULL, &answer, e)) == OK &&
            (rc = visit_page(answer.json, key, visit, arg, e)) == OK)
            token = json_field_get(answer.json, "next-page-token");
        if (rc == OK && page == PAGES_MAX)
            rc = error_set(e, ERR_INPUT, "the catalog's list of %s does not end", key);
        at = token && *token ? page_path(&arena, path, token) : NULL;
        if (rc == OK && token && *token && at == NULL)
            rc = no_memory(e);
        rest_answer_fini(&answer);
    }
    arena_fini(&arena);
    return rc;
}

enum err rest_namespaces(struct catalog *c, catalog_visit *visit, void *arg, struct error *e)
{
    return list(c, "namespaces", "namespaces", visit, arg, e);
}

enum err rest_tables(struct catalog *c, const char *name_space, catalog_visit *visit, void *arg,
                     struct error *e)
{
    struct bytes path = {0};
    enum err rc = path_of(c, name_space, NULL, "/tables", &path, e);

    if (rc == OK)
        rc = list(c, path.ptr, "identifiers", visit, arg, e);
    bytes_fini(&path);
    return rc;
}

/* --- namespaces --- */

enum err rest_namespace_load(struct catalog *c, const char *name_space, json_t **out, struct error *e)
{
    struct rest_answer answer = {0};
    struct bytes path = {0};
    json_t *properties;
    enum err rc = path_of(c, name_space, NULL, "", &path, e);

    if (rc == OK && (rc = ask(c, "GET", path.ptr, NULL, &answer, e)) == OK) {
        properties = json_object_get(answer.json, "properties");
        *out = json_is_object(properties) ? json_incref(properties) : json_object();
        rc = *out ? OK : no_memory(e);
    }
    rest_answer_fini(&answer);
    bytes_fini(&path);
    return rc;
}

enum err rest_namespace_make(struct catalog *c, const char *name_space, json_t *properties, struct error *e)
{
    struct rest_answer answer = {0};
    json_t *body = json_object();
    enum err rc;

    if (!json_field_put(body, "namespace", catalog_namespace_json(name_space)) ||
        !json_field_put(body, "properties", json_incref(properties)))
        rc = no_memory(e);
    else
        rc = ask(c, "POST", "namespaces", body, &answer, e);
    if (rc == ERR_CONFLICT)
        rc = ERR_EXISTS;
    rest_answer_fini(&answer);
    json_decref(body);
    return rc;
}

enum err rest_namespace_change(struct catalog *c, const char *name_space, json_t *updates, json_t *removals,
                               struct error *e)
{
    struct rest_answer answer = {0};
    struct bytes path = {0};
    json_t *body = json_object();
    enum err rc = path_of(c, name_space, NULL, "/properties", &path, e);

    if (rc == OK && (!json_field_put(body, "updates", json_incref(updates)) ||
                     !json_field_put(body, "removals", json_incref(removals))))
        rc = no_memory(e);
    if (rc == OK)
        rc = ask(c, "POST", path.ptr, body, &answer, e);
    rest_answer_fini(&answer);
    bytes_fini(&path);
    json_decref(body);
    return rc;
}

enum err rest_namespace_drop(struct catalog *c, const char *name_space, struct error *e)
{
    struct rest_answer answer = {0};
    struct bytes path = {0};
    enum err rc = path_of(c, name_space, NULL, "", &path, e);

    if (rc == OK)
        rc = ask(c, "DELETE", path.ptr, NULL, &answer, e);
    if (rc == ERR_CONFLICT)
        rc = error_set(e, ERR_CONFIG, "it is not empty");
    rest_answer_fini(&answer);
    bytes_fini(&path);
    return rc;
}

/* --- tables --- */

enum err rest_table_drop(struct catalog *c, const char *name_space, const char *name, struct error *e)
{
    struct rest_answer answer = {0};
    struct bytes path = {0};
    enum err rc = path_of(c, name_space, name, "?purgeRequested=true", &path, e);

    if (rc == OK)
        rc = ask(c, "DELETE", path.ptr, NULL, &answer, e);
    rest_answer_fini(&answer);
    bytes_fini(&path);
    return rc;
}

static json_t *identifier(const char *name_space, const char *name)
{
    json_t *o = json_object();

    if (json_field_put(o, "namespace", catalog_namespace_json(name_space)) &&
        json_field_put(o, "name", json_string(name)))
        return o;
    json_decref(o);
    return NULL;
}

enum err rest_table_rename(struct catalog *c, const char *name_space, const char *from, const char *to,
                           struct error *e)
{
    struct rest_answer answer = {0};
    json_t *body = json_object();
    enum err rc;

    if (!json_field_put(body, "source", identifier(name_space, from)) ||
        !json_field_put(body, "destination", identifier(name_space, to)))
        rc = no_memory(e);
    else
        rc = ask(c, "POST", "tables/rename", body, &answer, e);
    if (rc == ERR_CONFLICT)
        rc = ERR_EXISTS;
    rest_answer_fini(&answer);
    json_decref(body);
    return rc;
}
