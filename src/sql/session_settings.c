/* session_settings.c: SET and RESET: a layer of the session's own above the program's configuration. */
#include "base/mem.h"
#include "config/config.h"
#include "sql/session_internal.h"
#include <stdlib.h>
#include <strings.h>

/* The program's configuration with all settings above it. */
static enum err build(struct session *s, struct config **out, struct error *e)
{
    struct config *c = config_copy(s->env.config);
    struct map_entry *entry;
    enum err rc = c ? OK : error_memory(e, 0, "the session's settings");

    for (size_t at = 0; rc == OK && (entry = map_next(&s->settings, &at)) != NULL;)
        rc = config_set(c, entry->key.ptr, entry->value, "SET", e);
    if (rc == OK)
        *out = c;
    else
        config_free(c);
    return rc;
}

static enum err rebuild(struct session *s, struct error *e)
{
    struct config *fresh = NULL;
    enum err rc = build(s, &fresh, e);

    if (rc != OK)
        return rc;
    config_free(s->config);
    s->config = fresh;
    return OK;
}

/* Put value (taken; NULL: none) in the place of what there is, which is given back. */
static bool swap(struct session *s, struct slice key, char *value, char **old)
{
    if (value == NULL) {
        *old = map_remove(&s->settings, key);
        return true;
    }
    *old = map_get(&s->settings, key);
    return map_put(&s->settings, key, value);
}

/* Change one setting; s is as it was when that fails. */
static enum err change(struct session *s, const char *key, const char *value, struct error *e)
{
    struct slice name = slice_text(key);
    char *copy = value ? mem_strdup(value) : NULL, *old = NULL, *ours = NULL;
    enum err rc;

    if ((value && copy == NULL) || !swap(s, name, copy, &old)) {
        mem_free(copy);
        return error_memory(e, strlen(key), "a setting");
    }
    if ((rc = rebuild(s, e)) == OK) {
        mem_free(old);
        return OK;
    }
    if (!swap(s, name, old, &ours)) { /* a removed key that finds no room again: it stays removed */
        mem_free(old);
        return rc;
    }
    mem_free(ours);
    return rc;
}

/* --- showing --- */

struct pair {
    const char *key, *value;
};
struct pairs {
    struct arena *arena;
    struct pair *items;
    size_t count, capacity;
};

static void add_pair(void *arg, const char *key, const char *value)
{
    struct pairs *p = arg;

    if (p->count == p->capacity) {
        size_t capacity = MAX((size_t)32, p->capacity * 2);
        struct pair *items = ARENA_ARRAY(p->arena, struct pair, capacity);

        if (items == NULL)
            return;
        if (p->count)
            memcpy(items, p->items, sizeof *items * p->count);
        p->items = items;
        p->capacity = capacity;
    }
    p->items[p->count++] = (struct pair){arena_strdup(p->arena, key), arena_strdup(p->arena, value)};
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static enum err show(struct doing *d)
{
    static const char *const names[] = {"key", "value"};
    struct rows rows = {.d = d, .column_count = 2, .names = names};
    struct pairs pairs = {.arena = d->arena};

    config_each(d->s->config, add_pair, &pairs);
    if (d->arena->failed)
        return doing_memory(d);
    if (pairs.count == 0)
        doing_note(d, "every key has its default: `weir config` and Tab after SET ' list them");
    if (pairs.count)
        qsort(pairs.items, pairs.count, sizeof *pairs.items, compare);
    for (size_t i = 0; i < pairs.count; i++) {
        rows_add(&rows, pairs.items[i].key);
        rows_add(&rows, pairs.items[i].value);
    }
    return rows_finish(&rows);
}

/* --- the statements --- */

/* What the user should know: a typo, or that the key has no effect here. */
static void note_key(struct doing *d, const char *name)
{
    const char *nearest = NULL;
    const struct config_key *key = config_find_key(name, &nearest);

    if (key && key->use == KEY_NOT_NEEDED && key->doc)
        doing_note(d, "%s has no effect: %s", key->name, key->doc);
    else if (key == NULL && nearest)
        doing_note(d, "%s is set, but weir knows no such key; did you mean %s?", name, nearest);
}

static enum err check_dialect(struct doing *d, const struct ast_option *o)
{
    if (strcmp(o->key.text, "table.sql-dialect") != 0 || strcasecmp(o->value.text, "default") == 0)
        return OK;
    sql_fail(d->error, ERR_UNSUPPORTED, SQL_VALIDATION_FAILED, o->value.place,
             "SQL dialect '%.60s' is not supported; there is the dialect `default`", o->value.text);
    sql_hint(d->error, "write Flink SQL, and leave table.sql-dialect as it is");
    return ERR_UNSUPPORTED;
}

enum err session_set(struct doing *d, const struct ast_option *option)
{
    struct error e;
    enum err rc;

    if (option->key.text == NULL)
        return show(d);
    if ((rc = check_dialect(d, option)) != OK)
        return rc;
    if ((rc = change(d->s, option->key.text, option->value.text, &e)) != OK)
        return doing_fail(d, option->value.place, rc, &e);
    note_key(d, option->key.text);
    return OK;
}

/* All settings go at once: the old ones are kept until that has worked. */
static enum err reset_all(struct doing *d)
{
    struct map old = d->s->settings;
    struct map_entry *entry;
    struct error e;
    enum err rc;

    d->s->settings = (struct map){0};
    if ((rc = rebuild(d->s, &e)) != OK) {
        d->s->settings = old;
        return doing_fail(d, (struct ast_place){0}, rc, &e);
    }
    for (size_t at = 0; (entry = map_next(&old, &at)) != NULL;)
        mem_free(entry->value);
    map_fini(&old);
    return OK;
}

enum err session_reset(struct doing *d, const struct ast_option *option)
{
    struct error e;
    enum err rc;

    if (option->key.text == NULL)
        return reset_all(d);
    if (map_get(&d->s->settings, slice_text(option->key.text)) == NULL)
        return OK;
    if ((rc = change(d->s, option->key.text, NULL, &e)) != OK)
        return doing_fail(d, option->key.place, rc, &e);
    return OK;
}
