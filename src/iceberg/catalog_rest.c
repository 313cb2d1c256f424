/* catalog_rest.c: tables in an Iceberg REST catalog. The server keeps the metadata files; it is sent what
 * should change, and on what condition. Its configuration of a table (credentials of its storage, s3.*) is
 * not used: files are read and written with what the catalog was given here.
 */
#include "base/mem.h"
#include "iceberg/catalog.h"
#include "iceberg/catalog_names.h"
#include "iceberg/json_field.h"
#include "iceberg/rest_session.h"
#include "os/log.h"

struct rest {
    struct catalog base;
    struct rest_session *session; /* owned */
};

static struct rest *rest_of(struct catalog *c)
{
    return CONTAINER_OF(c, struct rest, base);
}

struct rest_session *catalog_rest_session(struct catalog *c)
{
    return rest_of(c)->session;
}

static enum err no_memory(struct error *e)
{
    return error_memory(e, 0, "a request to a catalog");
}

/* Send to the path of a namespace or table, with `ending` behind it. */
static enum err send_to(struct catalog *c, const char *method, const char *name_space, const char *table,
                        const char *ending, json_t *body, struct rest_answer *out, struct error *e)
{
    struct bytes path = {0};
    enum err rc = rest_session_path(rest_of(c)->session, name_space, table, &path, e);

    *out = (struct rest_answer){0};
    bytes_text(&path, ending);
    if (rc == OK)
        rc = bytes_cstr(&path) ? rest_session_send(rest_of(c)->session, method, path.ptr, body, out, e)
                               : no_memory(e);
    bytes_fini(&path);
    return rc;
}

/* `["a", "b"]` of a.b */
json_t *catalog_namespace_json(const char *name_space)
{
    json_t *list = json_array();
    bool ok = list != NULL;

    for (const char *at = name_space; ok; at++) {
        size_t len = strcspn(at, ".");

        ok = json_field_append(list, json_stringn(at, len));
        at += len;
        if (*at == '\0')
            break;
    }
    if (ok)
        return list;
    json_decref(list);
    return NULL;
}

/* --- namespaces --- */

static enum err rest_namespace_create(struct catalog *c, const char *name_space, struct error *e)
{
    struct rest_answer answer = {0};
    json_t *body = json_object();
    enum err rc;

    if (!json_field_put(body, "namespace", catalog_namespace_json(name_space)) ||
        !json_field_put(body, "properties", json_object()))
        rc = no_memory(e);
    else
        rc = rest_session_send(rest_of(c)->session, "POST", "namespaces", body, &answer, e);
    if (rc == OK && answer.status != 200 && answer.status != 409) /* 409: it is there */
        rc = rest_session_error(&answer, e);
    rest_answer_fini(&answer);
    json_decref(body);
    return rc;
}

/* --- tables --- */

static void note_config(const struct table *t, json_t *config)
{
    const char *key;
    json_t *value;

    json_object_foreach(config, key, value)
    {
        log_debug("iceberg", "table %s.%s: the catalog's %s is not used", t->name_space, t->name, key);
    }
}

/* t becomes the version that a LoadTableResult or CommitTableResponse tells of. */
static enum err take_table(struct table *t, const struct rest_answer *answer, struct error *e)
{
    const char *location = json_field_get(answer->json, "metadata-location");
    json_t *document;
    struct metadata *m;
    char *copy;
    enum err rc;

    if ((rc = json_field_object(answer->json, "metadata", &document, e)) != OK)
        return error_add(e, rc, "the catalog's answer");
    if ((copy = mem_strdup(location ? location : "")) == NULL)
        return no_memory(e);
    if ((rc = metadata_of_json(json_incref(document), *copy ? copy : "(from the catalog)", &m, e)) != OK) {
        mem_free(copy);
        return rc;
    }
    note_config(t, json_object_get(answer->json, "config"));
    table_set(t, copy, m);
    return OK;
}

static enum err rest_load(struct catalog *c, struct table *t, struct error *e)
{
    struct rest_answer answer;
    enum err rc = send_to(c, "GET", t->name_space, t->name, "", NULL, &answer, e);

    if (rc == OK)
        rc = answer.status == 200 ? take_table(t, &answer, e) : rest_session_error(&answer, e);
    rest_answer_fini(&answer);
    return rc;
}

static enum err create_request(const struct table *t, const struct table_spec *spec, json_t **out,
                               struct error *e)
{
    struct arena arena = {0};
    const struct schema *schema;
    const int32_t *key_ids;
    int32_t key_count, last_id;
    json_t *properties = NULL, *body = NULL;
    enum err rc;

    if ((rc = metadata_plan_schema(spec, &arena, &schema, &last_id, &key_ids, &key_count, e)) == OK &&
        (rc = metadata_plan_properties(spec, &properties, e)) == OK) {
        body = json_object();
        if (!json_field_put(body, "name", json_string(t->name)) ||
            !json_field_put(body, "schema", metadata_schema_json(schema, 0, key_ids, key_count)) ||
            !json_field_put(body, "partition-spec", metadata_spec_json(spec->partition)) ||
            !json_field_put(body, "stage-create", json_false()) ||
            !json_field_put(properties, "format-version", json_string("2")) ||
            !json_field_put(body, "properties", json_incref(properties)) ||
            (spec->location && !json_field_put(body, "location", json_string(spec->location))))
            rc = no_memory(e);
    }
    json_decref(properties);
    arena_fini(&arena);
    if (rc == OK)
        *out = body;
    else
        json_decref(body);
    return rc;
}

static enum err rest_create(struct catalog *c, struct table *t, const struct table_spec *spec,
                            struct error *e)
{
    struct rest_answer answer = {0};
    json_t *body = NULL;
    enum err rc = create_request(t, spec, &body, e);

    if (rc == OK)
        rc = send_to(c, "POST", t->name_space, NULL, "/tables", body, &answer, e);
    if (rc == OK && answer.status == 200) {
        rc = take_table(t, &answer, e);
    } else if (rc == OK) {
        rc = rest_session_error(&answer, e);
        if (answer.status == 409)
            rc = error_add(e, ERR_EXISTS, "the table exists already");
        else if (answer.status == 404)
            error_add(e, rc, "database %.100s does not exist; create it first", t->name_space);
    }
    rest_answer_fini(&answer);
    json_decref(body);
    return rc;
}

static enum err commit_request(const struct table *t, json_t *requirements, json_t *updates, json_t **out,
                               struct error *e)
{
    json_t *body = json_object(), *id = json_object();

    if (json_field_put(id, "namespace", catalog_namespace_json(t->name_space)) &&
        json_field_put(id, "name", json_string(t->name)) &&
        json_field_put(body, "identifier", json_incref(id)) &&
        json_field_put(body, "requirements", json_incref(requirements)) &&
        json_field_put(body, "updates", json_incref(updates))) {
        json_decref(id);
        *out = body;
        return OK;
    }
    json_decref(id);
    json_decref(body);
    return no_memory(e);
}

/* Was it done? After 500, 502, 504 and silence nobody knows; 503 and 4xx mean no. */
static bool is_unknown(int status)
{
    return status == 0 || status == 500 || status == 502 || status == 504;
}

static enum err rest_commit(struct catalog *c, struct table *t, json_t *requirements, json_t *updates,
                            struct error *e)
{
    struct rest_answer answer = {0};
    json_t *body = NULL;
    enum err rc = commit_request(t, requirements, updates, &body, e);

    if (rc != OK)
        return rc;
    rc = send_to(c, "POST", t->name_space, t->name, "", body, &answer, e);
    if (rc == OK && answer.status == 200) {
        rc = take_table(t, &answer, e);
        if (rc != OK)
            rc = error_add(e, ERR_UNKNOWN, "the change was made, but its answer cannot be read");
    } else if (rc == OK) {
        rc = rest_session_error(&answer, e);
        if (is_unknown(answer.status))
            rc = error_add(e, ERR_UNKNOWN, "the change may have been made or not");
    } else if (rc != ERR_DENIED &&
               rc != ERR_CONFIG) { /* those come from the token, before anything was sent */
        rc = error_add(e, ERR_UNKNOWN, "the change may have been made or not");
    }
    rest_answer_fini(&answer);
    json_decref(body);
    return rc;
}

static void rest_free(struct catalog *c)
{
    rest_session_free(rest_of(c)->session);
    mem_free(rest_of(c));
}

static const struct catalog_ops rest_ops = {
    .name = "rest",
    .namespace_create = rest_namespace_create,
    .load = rest_load,
    .create = rest_create,
    .commit = rest_commit,
    .namespaces = rest_namespaces,
    .namespace_load = rest_namespace_load,
    .namespace_make = rest_namespace_make,
    .namespace_change = rest_namespace_change,
    .namespace_drop = rest_namespace_drop,
    .tables = rest_tables,
    .table_drop = rest_table_drop,
    .table_rename = rest_table_rename,
    .free = rest_free,
};

enum err catalog_rest_new(const struct catalog_config *config, struct catalog **out, struct error *e)
{
    struct rest *r = mem_zalloc(sizeof *r);
    enum err rc;

    if (r == NULL)
        return error_memory(e, sizeof *r, "a catalog");
    if ((rc = rest_session_new(config, &r->session, e)) != OK) {
        mem_free(r);
        return rc;
    }
    r->base.ops = &rest_ops;
    *out = &r->base;
    return OK;
}
