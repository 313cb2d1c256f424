/* config.c: the store: settings in layers, and the typed getters. The table is keys.c, the forms of values
 * config_values.c, files config_load.c and config_yaml.c.
 */
#include "config/config.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "config/config_store.h"
#include "config/config_values.h"
#include "config/keys.h"
#include <stdarg.h>
#include <stdio.h>

struct config *config_new(void)
{
    return mem_zalloc(sizeof(struct config));
}

static void setting_free(struct setting *s)
{
    if (s == NULL)
        return;
    mem_free(s->key);
    mem_free(s->given);
    mem_free(s->value);
    mem_free(s->origin);
    mem_free(s);
}

void config_free(struct config *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->setting_count; i++)
        setting_free(c->settings[i]);
    for (size_t i = 0; i < c->note_count; i++)
        mem_free(c->notes[i].text);
    mem_free(c->settings);
    mem_free(c->notes);
    map_fini(&c->by_key);
    mem_free(c);
}

static bool setting_add(struct config *c, struct setting *s)
{
    if (!MEM_GROW(c->settings, c->setting_count, c->setting_capacity) ||
        !map_put(&c->by_key, slice_text(s->key), s))
        return false;
    c->settings[c->setting_count++] = s;
    return true;
}

static struct setting *setting_copy(const struct setting *s)
{
    struct setting *copy = mem_zalloc(sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *s;
    copy->key = mem_strdup(s->key);
    copy->given = mem_strdup(s->given);
    copy->value = mem_strdup(s->value);
    copy->origin = mem_strdup(s->origin);
    if (copy->key && copy->given && copy->value && copy->origin)
        return copy;
    setting_free(copy);
    return NULL;
}

struct config *config_copy(const struct config *c)
{
    struct config *copy = config_new();
    struct error e;

    if (copy == NULL)
        return NULL;
    copy->layer = c->layer;
    for (size_t i = 0; i < c->setting_count; i++) {
        struct setting *s = setting_copy(c->settings[i]);

        if (s == NULL || !setting_add(copy, s)) {
            setting_free(s);
            goto fail;
        }
    }
    for (size_t i = 0; i < c->note_count; i++)
        if (config_note(copy, &e, c->notes[i].level, "%s", c->notes[i].text) != OK)
            goto fail;
    return copy;
fail:
    config_free(copy);
    return NULL;
}

enum err config_note(struct config *c, struct error *e, enum log_level level, const char *fmt, ...)
{
    char text[sizeof e->text];
    char *copy;
    va_list va;

    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    if (!MEM_GROW(c->notes, c->note_count, c->note_capacity) || (copy = mem_strdup(text)) == NULL)
        return error_memory(e, sizeof text, "a note on the configuration");
    c->notes[c->note_count++] = (struct config_note){level, copy};
    return OK;
}

/* --- setting --- */

/* What is being set, on its way from the user's words to today's. */
struct change {
    const struct config_key *row;          /* NULL: unknown */
    struct slice key, given, value, asked; /* asked: value as given */
    const char *origin, *why;
    bool older, unusable;
};

static enum err refuse(const struct change *ch, enum err rc, struct error *e, const char *why)
{
    bool secret = ch->row && config_is_secret(ch->row->name);
    char reason[700];
    const char *hint = "";

    snprintf(reason, sizeof reason, "%s", why); /* it may lie in e */
    if (ch->asked.len && strchr("\"'", *ch->asked.ptr))
        hint = "; quotes are part of the value here, leave them off";
    return error_set(e, rc, "%s: " SLICE_FMT ": \"" SLICE_FMT "\" %s%s", ch->origin, SLICE_ARG(ch->given),
                     secret ? 6 : (int)MIN(ch->asked.len, 200), secret ? "******" : ch->asked.ptr, reason,
                     hint);
}

/* A storage that is a path is meant as the folder. */
static bool is_path(struct slice value)
{
    return value.len && (*value.ptr == '/' || memmem(value.ptr, value.len, ":/", 2) != NULL);
}

static void find_row(struct change *ch)
{
    bool ignored;

    ch->row = keys_find(ch->given, &ch->older);
    if (ch->row && strcmp(ch->row->name, "execution.checkpointing.storage") == 0 && is_path(ch->value)) {
        ch->row = keys_find(SLICE("execution.checkpointing.dir"), &ignored);
        ch->older = true;
    }
    ch->key = ch->row && !keys_is_pattern(ch->row) ? slice_text(ch->row->name) : ch->given;
}

static enum err check_value(struct change *ch, struct error *e)
{
    char text[800];

    if (ch->row == NULL)
        return OK;
    keys_old_value(ch->given, ch->row, &ch->value, &ch->why);
    switch (ch->row->use) {
    case KEY_REFUSED:
        if (keys_is_standard(ch->row, ch->value))
            return OK;
        snprintf(text, sizeof text, "cannot be honoured: %s", ch->row->doc);
        return refuse(ch, ERR_UNSUPPORTED, e, text);
    case KEY_HONOURED:
        return config_check(ch->row, &ch->value, e) == OK ? OK : refuse(ch, ERR_CONFIG, e, e->text);
    case KEY_NOT_NEEDED:
        ch->unusable = config_check(ch->row, &ch->value, e) != OK;
        return OK;
    }
    assert(false); /* no such use */
    return OK;
}

static struct setting *setting_make(const struct config *c, const struct change *ch)
{
    struct setting *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return NULL;
    s->row = ch->row;
    s->why = ch->why;
    s->layer = c->layer;
    s->unusable = ch->unusable;
    s->key = mem_strndup(ch->key.ptr, ch->key.len);
    s->given = mem_strndup(ch->given.ptr, ch->given.len);
    s->value = mem_strndup(ch->value.len ? ch->value.ptr : "", ch->value.len);
    s->origin = mem_strdup(ch->origin);
    if (s->key && s->given && s->value && s->origin)
        return s;
    setting_free(s);
    return NULL;
}

/* There is one of that key in the same layer: choose, and say so if it matters. */
static enum err settle(struct config *c, const struct setting *old, const struct change *ch, bool *keep,
                       struct error *e)
{
    bool by_older_name = strcmp(old->given, old->key) != 0;

    *keep = ch->older && !by_older_name;
    if (ch->row && ch->row->use == KEY_NOT_NEEDED)
        return OK;
    if (*keep)
        return config_note(c, e, LOG_WARN,
                           "%s: " SLICE_FMT " is an older name of %s, which is set too (%s) and counts",
                           ch->origin, SLICE_ARG(ch->given), old->key, old->origin);
    return config_note(c, e, LOG_WARN,
                       "%s: " SLICE_FMT " is set a second time (first: %s as %s); the later counts",
                       ch->origin, SLICE_ARG(ch->given), old->origin, old->given);
}

static enum err apply(struct config *c, const struct change *ch, struct error *e)
{
    struct setting *old = map_get(&c->by_key, ch->key), *s;
    bool keep = false;
    enum err rc;

    if (old && old->layer == c->layer && ((rc = settle(c, old, ch, &keep, e)) != OK || keep))
        return rc;
    s = setting_make(c, ch);
    if (s && old) {
        struct setting was = *old;

        *old = *s; /* it keeps its place in the order */
        *s = was;
        setting_free(s);
        return OK;
    }
    if (s && setting_add(c, s))
        return OK;
    setting_free(s);
    return error_memory(e, ch->value.len, "the configuration");
}

enum err config_put(struct config *c, struct slice key, struct slice value, const char *origin,
                    struct error *e)
{
    struct change ch = {.given = config_trim(key), .value = config_trim(value), .origin = origin};
    enum err rc;

    ch.asked = ch.value;
    if (ch.given.len == 0)
        return error_set(e, ERR_CONFIG, "%s: there is a value without a key (want key=value)", origin);
    if (memchr(ch.given.ptr, '\0', ch.given.len) ||
        (ch.value.len && memchr(ch.value.ptr, '\0', ch.value.len)))
        return error_set(e, ERR_CONFIG, "%s: a key or value holds a zero byte", origin);
    find_row(&ch);
    rc = check_value(&ch, e);
    return rc == OK ? apply(c, &ch, e) : rc;
}

enum err config_set(struct config *c, const char *key, const char *value, const char *origin, struct error *e)
{
    c->layer++;
    return config_put(c, slice_text(key), slice_text(value), origin, e);
}

enum err config_set_text(struct config *c, const char *assignment, struct error *e)
{
    struct slice all = slice_text(assignment);
    const char *equals = strchr(assignment, '=');

    c->layer++;
    if (equals == NULL)
        return config_put(c, all, SLICE("true"), "-D", e); /* as Flink takes it */
    return config_put(c, slice_of(assignment, (size_t)(equals - assignment)), slice_text(equals + 1), "-D",
                      e);
}

/* --- getting --- */

/* The value or the default; NULL when there is neither. The key is in the table: else it is our bug. */
static const char *text_of(const struct config *c, const char *key, const struct config_key **out_row)
{
    const struct setting *s = map_get(&c->by_key, slice_text(key));
    bool older = false;
    const struct config_key *row = s ? s->row : keys_find(slice_text(key), &older);

    assert(row && !older);
    *out_row = row;
    return s && !s->unusable ? s->value : row->standard;
}

static const char *text_of_kind(const struct config *c, const char *key, enum key_kind kind)
{
    const struct config_key *row;
    const char *text = text_of(c, key, &row);

    assert(row->kind == kind);
    return text;
}

const char *config_string(const struct config *c, const char *key)
{
    const struct config_key *row;
    const char *text = text_of(c, key, &row);

    assert(row->kind == KEY_STRING || row->kind == KEY_ENUM);
    return text;
}

int64_t config_int(const struct config *c, const char *key)
{
    const char *text = text_of_kind(c, key, KEY_INT);
    int64_t v = -1;
    struct error e;
    enum err rc = text ? config_parse_int(text, &v, &e) : OK;

    assert(rc == OK); /* it was checked when it was set, here and below */
    return v;
}

double config_double(const struct config *c, const char *key)
{
    const char *text = text_of_kind(c, key, KEY_DOUBLE);
    double v = -1;
    struct error e;
    enum err rc = text ? config_parse_double(text, &v, &e) : OK;

    assert(rc == OK);
    return v;
}

bool config_bool(const struct config *c, const char *key)
{
    const char *text = text_of_kind(c, key, KEY_BOOL);
    bool v = false;
    struct error e;
    enum err rc = text ? config_parse_bool(text, &v, &e) : OK;

    assert(rc == OK);
    return v;
}

int64_t config_duration_ms(const struct config *c, const char *key)
{
    const char *text = text_of_kind(c, key, KEY_DURATION);
    int64_t v = -1;
    struct error e;
    enum err rc = text ? config_parse_duration(text, &v, &e) : OK;

    assert(rc == OK);
    return v;
}

int64_t config_size(const struct config *c, const char *key)
{
    const char *text = text_of_kind(c, key, KEY_SIZE);
    int64_t v = -1;
    struct error e;
    enum err rc = text ? config_parse_size(text, &v, &e) : OK;

    assert(rc == OK);
    return v;
}

const struct config_key *config_find_key(const char *name, const char **nearest)
{
    bool older = false;
    const struct config_key *key = keys_find(slice_text(name), &older);

    *nearest = key ? NULL : keys_nearest(name, false);
    return key;
}

bool config_is_set(const struct config *c, const char *key)
{
    return map_get(&c->by_key, slice_text(key)) != NULL;
}

void config_each(const struct config *c, void (*fn)(void *arg, const char *key, const char *value), void *arg)
{
    for (size_t i = 0; i < c->setting_count; i++) {
        const struct setting *s = c->settings[i];

        fn(arg, s->key, config_is_secret(s->key) ? "******" : s->value);
    }
}

bool config_is_secret(const char *key)
{
    static const char *const parts[] = {
        "password",    "secret",      "token",      "fs.azure.account.key", "apikey",
        "auth-params", "service-key", "basic-auth", "jaas.config",          "http-headers",
    };

    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strcasestr(key, parts[i]))
            return true;
    return false;
}
