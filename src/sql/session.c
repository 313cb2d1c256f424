/* session.c: a session's making and end, its settings as a configuration, and what others ask it. */
#include "sql/session.h"
#include "base/mem.h"
#include "base/zone.h"
#include "config/config.h"
#include "os/clock.h"
#include "sql/session_internal.h"
#include <limits.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

static bool add_default_catalog(struct session *s)
{
    const char *name = config_string(s->config, "table.builtin-catalog-name");
    const struct table_option options[] = {
        {"type", "generic_in_memory"},
        {"default-database", config_string(s->config, "table.builtin-database-name")},
    };
    const struct catalog_request request = {.name = name,
                                            .options = options,
                                            .option_count = COUNT_OF(options),
                                            .config = s->config,
                                            .fs = s->env.fs,
                                            .clock = s->env.clock};
    struct sql_catalog *c = NULL;
    struct error e;

    if (sql_memory_new(&request, &c, &e) != OK)
        return false;
    if (!map_put(&s->catalogs, slice_text(name), c)) {
        c->ops->free(c);
        return false;
    }
    s->catalog = mem_strdup(name);
    s->database = mem_strdup(c->default_database);
    return s->catalog && s->database;
}

struct session *session_new(const struct session_env *env)
{
    struct session *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return NULL;
    s->env = *env;
    if ((s->config = config_copy(env->config)) != NULL && add_default_catalog(s))
        return s;
    session_free(s);
    return NULL;
}

static void free_values(struct map *m)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(m, &at)) != NULL;)
        mem_free(entry->value);
    map_fini(m);
}

void session_free(struct session *s)
{
    struct map_entry *entry;

    if (s == NULL)
        return;
    for (size_t at = 0; (entry = map_next(&s->catalogs, &at)) != NULL;) {
        struct sql_catalog *c = entry->value;

        c->ops->free(c);
    }
    map_fini(&s->catalogs);
    map_fini(&s->overridden);
    free_values(&s->functions);
    free_values(&s->settings);
    sql_store_fini(&s->temporary);
    config_free(s->config);
    mem_free(s->catalog);
    mem_free(s->database);
    mem_free(s);
}

struct config *session_config(struct session *s)
{
    return s->config;
}

struct fs *session_fs(struct session *s)
{
    return s->env.fs;
}

struct clock *session_clock(struct session *s)
{
    return s->env.clock;
}

struct sql_catalog *session_find_catalog(struct session *s, const char *name)
{
    return map_get(&s->catalogs, slice_text(name));
}

/* --- what expressions ask --- */

/* The machine's zone: TZ, or where /etc/localtime points to; UTC when neither tells. */
static const struct zone *machine_zone(void)
{
    static const char folder[] = "zoneinfo/";
    const char *name = getenv("TZ"), *behind;
    char path[PATH_MAX];
    const struct zone *zone;
    struct error e;
    ssize_t len;

    if (name && *name == ':')
        name++;
    if ((name == NULL || *name == '\0') && (len = readlink("/etc/localtime", path, sizeof path - 1)) > 0) {
        path[len] = '\0';
        behind = strstr(path, folder);
        name = behind ? behind + sizeof folder - 1 : NULL;
    }
    return name && *name && zone_find(slice_text(name), &zone, &e) == OK ? zone : zone_gmt();
}

enum err session_expr(struct session *s, struct arena *arena, const struct expr_session **out,
                      struct error *e)
{
    const char *zone = config_string(s->config, "table.local-time-zone");
    struct expr_session *x = ARENA_NEW(arena, struct expr_session);
    enum err rc;

    if (x == NULL)
        return error_memory(e, sizeof *x, "a session's settings");
    if (zone == NULL || strcasecmp(zone, "default") == 0)
        x->zone = machine_zone();
    else if ((rc = zone_find(slice_text(zone), &x->zone, e)) != OK)
        return error_add(e, rc == ERR_MEMORY ? rc : ERR_CONFIG, "table.local-time-zone");
    x->legacy_cast = strcasecmp(config_string(s->config, "table.exec.legacy-cast-behaviour"), "ENABLED") == 0;
    x->query_start_us = clock_wall_us(s->env.clock);
    *out = x;
    return OK;
}
