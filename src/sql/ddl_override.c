/* ddl_override.c: see ddl_override.h. A session remembers which names were asked for: an override that nobody
 * asks for is most likely misspelt, and the table is then not where its user believes.
 */
#include "config/config.h"
#include "sql/ddl_override.h"

#define PREFIX "override."

/* One pass over the settings for one thing: "override.catalog.iceberg.". */
struct overriding {
    struct doing *d;
    const char *prefix;
    const struct table_option **options;
    int32_t *count;
    int32_t changed;
    enum err rc;
};

static void override_one(void *arg, const char *key, UNUSED const char *shown)
{
    struct overriding *o = arg;
    size_t len = strlen(o->prefix);
    struct arena *arena = o->d->arena;
    struct table_option option;
    struct ast_word word;

    if (o->rc != OK || strncmp(key, o->prefix, len) != 0 || key[len] == '\0')
        return;
    option.key = arena_strdup(arena, key + len);
    option.value = arena_strdup(arena, config_string(o->d->s->config, key)); /* what is shown hides secrets */
    word = (struct ast_word){.text = option.key};
    o->changed++;
    if (arena->failed)
        o->rc = doing_memory(o->d);
    else if (*option.value == '\0')
        o->rc = ddl_options_without(o->d, *o->options, *o->count, &(struct ast_words){1, &word}, o->options,
                                    o->count);
    else
        o->rc = ddl_options_merge(o->d, *o->options, *o->count, &option, 1, o->options, o->count);
}

/* The overrides of one kind and name, over the options of what is created. */
static enum err override(struct doing *d, const char *created, const char *kind, const char *name,
                         const struct table_option **options, int32_t *count)
{
    const char *prefix = arena_printf(d->arena, PREFIX "%s.%s.", kind, name);
    struct overriding o = {d, prefix, options, count, 0, OK};

    if (prefix == NULL || !map_put(&d->s->overridden, slice_text(prefix), d->s))
        return doing_memory(d);
    config_each(d->s->config, override_one, &o);
    if (o.rc == OK && o.changed)
        doing_note(d, "%s: %" PRId32 " option%s as the configuration says (%s*)", created, o.changed,
                   o.changed == 1 ? " is" : "s are", prefix);
    return o.rc;
}

enum err ddl_override_catalog(struct doing *d, const char *name, const struct table_option **options,
                              int32_t *count)
{
    return override(d, name, "catalog", name, options, count);
}

/* The table may be given another connector, whose overrides are then the ones. */
enum err ddl_override_table(struct doing *d, const char *name, const struct table_option **options,
                            int32_t *count)
{
    enum err rc = override(d, name, "table", name, options, count);
    const char *connector = rc == OK ? sql_option(*options, *count, "connector") : NULL;

    if (connector == NULL || (rc = override(d, name, "connector", connector, options, count)) != OK)
        return rc;
    return override(d, name, "table", name, options, count);
}

/* --- what nobody asked for ------------------------------------------------------------------------------ */

struct looking {
    struct session *s;
    void (*fn)(void *arg, const char *key);
    void *arg;
};

static void look(void *arg, const char *key, UNUSED const char *shown)
{
    struct looking *l = arg;
    size_t at = 0;

    if (strncmp(key, PREFIX, sizeof PREFIX - 1) != 0)
        return;
    for (struct map_entry *asked; (asked = map_next(&l->s->overridden, &at)) != NULL;)
        if (slice_starts(slice_text(key), asked->key))
            return;
    l->fn(l->arg, key);
}

void session_unused_overrides(struct session *s, void (*fn)(void *arg, const char *key), void *arg)
{
    struct looking l = {s, fn, arg};

    config_each(s->config, look, &l);
}
