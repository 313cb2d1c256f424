/* connector.c: the table of connectors, and what they share. */
#include "connectors/connector.h"
#include "base/mem.h"
#include "config/config.h"

extern const struct connector kafka_connector, iceberg_connector, print_connector, blackhole_connector;

static const struct connector *const connectors[] = {
    &kafka_connector,
    &iceberg_connector,
    &print_connector,
    &blackhole_connector,
};

const struct connector *connector_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(connectors); i++)
        if (strcmp(connectors[i]->name, name) == 0)
            return connectors[i];
    return NULL;
}

const char *connector_names(void)
{
    return "kafka, iceberg, print, blackhole";
}

/* Whether word is in a blank-separated list, where `x*` stands for all that begins with x. */
static bool list_has(const char *list, struct slice word)
{
    while (list && *list) {
        size_t len = strcspn(list, " ");

        if (len && list[len - 1] == '*' ? slice_starts(word, slice_of(list, len - 1))
                                        : slice_equal(word, slice_of(list, len)))
            return true;
        list += len + strspn(list + len, " ");
    }
    return false;
}

/* The names of list as an array for config_nearest; at most max. */
static size_t split_names(struct arena *arena, const char *list, const char **names, size_t max)
{
    size_t count = 0;

    while (list && *list && count < max) {
        size_t len = strcspn(list, " ");

        names[count] = arena_text(arena, slice_of(list, len));
        count += names[count] != NULL;
        list += len + strspn(list + len, " ");
    }
    return count;
}

static enum err unknown_option(const struct connector *c, const char *name, const char *also, struct error *e)
{
    const char *names[128], *near;
    struct arena arena = {0};
    size_t count = split_names(&arena, c->options, names, COUNT_OF(names));

    count += split_names(&arena, also, names + count, COUNT_OF(names) - count);
    near = config_nearest(name, names, count);
    error_set(e, ERR_CONFIG, "connector '%s' has no option '%s'%s%s%s; it takes: %s%s%s", c->name, name,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", c->options,
              also ? " " : "", also ? also : "");
    arena_fini(&arena);
    return ERR_CONFIG;
}

enum err connector_check_options(const struct connector *c, const struct map *options, const char *also,
                                 struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(options, &at)) != NULL)
        if (!list_has(c->options, entry->key) && !list_has(also, entry->key))
            return unknown_option(c, entry->key.ptr, also, e);
    return OK;
}
