/* sql_settings.c: see sql_settings.h. What is set is looked through once; what is not, has the default. */
#include "cli/sql_settings.h"
#include <strings.h>

#define WIDTH_MIN 4 /* one character and "..." */

struct reading {
    struct sql_settings *out;
    struct error *e;
    enum err rc;
};

static enum err read_mode(const char *value, struct sql_settings *out, struct error *e)
{
    static const char *const names[] = {
        [MODE_TABLEAU] = "tableau", [MODE_TABLE] = "table", [MODE_CHANGELOG] = "changelog"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(value, names[i]) == 0) {
            out->mode = (enum result_mode)i;
            return OK;
        }
    return error_set(e, ERR_CONFIG, "\"%s\" is not one of tableau, table, changelog", value);
}

static enum err read_width(const char *value, struct sql_settings *out, struct error *e)
{
    int64_t n;
    enum err rc = config_parse_int(value, &n, e);

    if (rc == OK && (n < WIDTH_MIN || n > 100000))
        return error_set(e, ERR_CONFIG, "%s is no width of a column (want %d to 100000)", value, WIDTH_MIN);
    out->most_width = rc == OK ? (int32_t)n : out->most_width;
    return rc;
}

static enum err read_rows(const char *value, struct sql_settings *out, struct error *e)
{
    enum err rc = config_parse_int(value, &out->most_rows, e);

    if (rc == OK && out->most_rows < 1)
        return error_set(e, ERR_CONFIG, "%s is no number of rows to keep (want 1 or more)", value);
    return rc;
}

static enum err read_time_cost(const char *value, struct sql_settings *out, struct error *e)
{
    return config_parse_bool(value, &out->time_cost, e);
}

static enum err read_runtime(const char *value, struct sql_settings *out, struct error *e)
{
    out->batch = strcasecmp(value, "batch") == 0;
    if (out->batch || strcasecmp(value, "streaming") == 0)
        return OK;
    return error_set(e, ERR_UNSUPPORTED, "\"%s\" is not there; there are streaming and batch", value);
}

static enum err read_sync(const char *value, struct sql_settings *out, struct error *e)
{
    return config_parse_bool(value, &out->dml_sync, e);
}

static const struct {
    const char *key, *values; /* values: "a|b|c"; NULL: any */
    enum err (*read)(const char *value, struct sql_settings *out, struct error *e);
} keys[] = {
    {"sql-client.execution.result-mode", "tableau|table|changelog", read_mode},
    {"sql-client.execution.max-table-result.rows", NULL, read_rows},
    {"sql-client.display.max-column-width", NULL, read_width},
    {"table.display.max-column-width", NULL, read_width},
    {"sql-client.display.print-time-cost", "true|false", read_time_cost},
    {"execution.runtime-mode", "streaming|batch", read_runtime},
    {"table.dml-sync", "true|false", read_sync},
};

const char *sql_settings_key(size_t n, const char **values)
{
    *values = n < COUNT_OF(keys) ? keys[n].values : NULL;
    return n < COUNT_OF(keys) ? keys[n].key : NULL;
}

static void read_one(void *arg, const char *key, const char *value)
{
    struct reading *r = arg;

    for (size_t i = 0; i < COUNT_OF(keys) && r->rc == OK; i++)
        if (strcmp(key, keys[i].key) == 0 && (r->rc = keys[i].read(value, r->out, r->e)) != OK)
            r->rc = error_add(r->e, r->rc, "%s", key);
}

enum err sql_settings_check(const char *key, const char *value, struct error *e)
{
    struct sql_settings unused;
    struct reading r = {.out = &unused, .e = e};

    read_one(&r, key, value);
    return r.rc;
}

enum err sql_settings_read(const struct config *c, struct sql_settings *out, struct error *e)
{
    struct reading r = {.out = out, .e = e};

    *out = (struct sql_settings){
        .mode = MODE_TABLEAU, .most_rows = 1000000, .most_width = 30, .time_cost = true};
    config_each(c, read_one, &r);
    return r.rc;
}
