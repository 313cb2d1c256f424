/* sql_words_options.c: the keys of SET and RESET, the options of WITH (...), and the values of both. A quote
 * is put in first where none was typed.
 */
#include "cli/sql_settings.h"
#include "cli/sql_words_internal.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "formats/format.h"

#define BEHIND_KEY   "' = '"
#define BEHIND_VALUE "'" /* and behind the key of RESET */

/* --- words ---------------------------------------------------------------------------------------------- */

static void add_values(struct sql_place *p, const char *values)
{
    for (size_t len; values && *values; values += len + (values[len] == '|')) {
        len = strcspn(values, "|");
        sql_words_add(p, WORD_NAME, arena_text(p->out->arena, slice_of(values, len)), BEHIND_VALUE);
    }
}

/* A pattern is offered up to where the user's own part begins. */
static void add_key(struct sql_place *p, const char *prefix, const char *name)
{
    size_t len = strcspn(name, "*#");
    const char *key = prefix ? arena_printf(p->out->arena, "%s%.*s", prefix, (int)len, name) : NULL;

    if (key)
        sql_words_add(p, WORD_NAME, key,
                      name[len]                     ? ""
                      : sql_words_is(p, 0, "RESET") ? BEHIND_VALUE
                                                    : BEHIND_KEY);
}

/* --- SET ------------------------------------------------------------------------------------------------ */

static void add_settings(struct sql_place *p)
{
    const char *key, *values;

    for (size_t i = 0; (key = sql_settings_key(i, &values)) != NULL; i++)
        add_key(p, "", key);
    for (size_t i = 0; i < config_key_count; i++)
        if (config_keys[i].use == KEY_HONOURED && strncmp(config_keys[i].name, "sql-client.", 11) != 0)
            add_key(p, "", config_keys[i].name); /* the client's are above, one by one */
}

static void add_values_of_setting(struct sql_place *p, struct slice name)
{
    const char *text = arena_text(p->out->arena, name), *nearest, *own, *values;
    const struct config_key *key = text ? config_find_key(text, &nearest) : NULL;

    for (size_t i = 0; (own = sql_settings_key(i, &values)) != NULL; i++)
        if (slice_equal(slice_text(own), name)) {
            add_values(p, values);
            return;
        }
    if (key && key->kind == KEY_BOOL)
        add_values(p, "true|false");
    else if (key && key->kind == KEY_ENUM)
        add_values(p, key->values);
}

/* --- WITH ----------------------------------------------------------------------------------------------- */

static bool is_key(const struct sql_place *p, int32_t at, const char *name)
{
    return sql_words_kind(p, at) == TOKEN_TEXT && slice_equal(p->tokens[at].text, slice_text(name));
}

/* What the statement says for an option, in arena; NULL: nothing. */
static const char *option(const struct sql_place *p, const char *name)
{
    for (int32_t i = 0; i + 2 < p->count; i++)
        if (is_key(p, i, name) && p->tokens[i + 1].kind == TOKEN_EQ && p->tokens[i + 2].kind == TOKEN_TEXT)
            return arena_text(p->out->arena, p->tokens[i + 2].text);
    return NULL;
}

static const struct connector *connector_of(const struct sql_place *p)
{
    const char *name = sql_words_is(p, 1, "CATALOG") ? "iceberg" : option(p, "connector");

    return name ? connector_find(name) : NULL;
}

/* The options that say which format is meant, and what is put before the format's own. */
static const struct {
    const char *option, *prefix;
} sides[] = {{"format", ""}, {"key.format", "key."}, {"value.format", "value."}};

static const struct format *format_of(const struct sql_place *p, size_t side)
{
    const char *name = option(p, sides[side].option);

    return name ? format_find(name) : NULL;
}

static void add_rules(struct sql_place *p, const struct setting *rule)
{
    for (; rule && rule->name; rule++)
        if (rule->use != SETTING_REFUSED)
            add_key(p, "", rule->name);
}

static void add_format_options(struct sql_place *p)
{
    const struct format *f;

    for (size_t side = 0; side < COUNT_OF(sides); side++)
        if ((f = format_of(p, side)) != NULL)
            for (int32_t i = 0; i < f->option_count; i++)
                if (f->options[i].refused == NULL)
                    add_key(p, arena_printf(p->out->arena, "%s%s.", sides[side].prefix, f->name),
                            f->options[i].name);
}

static void drop_given(struct sql_place *p)
{
    struct sql_words *w = p->out;
    int32_t n = 0;

    for (int32_t i = 0; i < w->count; i++)
        if (option(p, w->items[i].text) == NULL)
            w->items[n++] = w->items[i];
    w->count = n;
}

static void add_options(struct sql_place *p)
{
    const struct connector *c = connector_of(p);

    if (sql_words_is(p, 1, "CATALOG")) {
        add_key(p, "", "type");
        add_key(p, "", "default-database");
    } else {
        add_key(p, "", "connector");
    }
    if (c) {
        add_rules(p, c->settings);
        if (!sql_words_is(p, 1, "CATALOG"))
            add_rules(p, connector_shared);
        if (c->formats != FORMATS_NONE)
            add_key(p, "", "format");
        if (c->formats == FORMATS_KEY_VALUE) {
            add_key(p, "", "key.format");
            add_key(p, "", "value.format");
        }
        add_format_options(p);
    }
    drop_given(p);
}

static void add_values_of_rule(struct sql_place *p, const struct setting *rule, struct slice name)
{
    for (; rule && rule->name; rule++)
        if (slice_equal(slice_text(rule->name), name)) {
            add_values(p, rule->kind == SETTING_BOOL ? "true|false" : NULL);
            add_values(p, rule->kind == SETTING_ENUM ? rule->values : NULL);
        }
}

static void add_values_of_format(struct sql_place *p, struct slice name)
{
    const struct format *f;

    for (size_t side = 0; side < COUNT_OF(sides); side++) {
        const char *prefix = (f = format_of(p, side)) == NULL
                                 ? NULL
                                 : arena_printf(p->out->arena, "%s%s.", sides[side].prefix, f->name);

        if (prefix == NULL || !slice_starts(name, slice_text(prefix)))
            continue;
        for (int32_t i = 0; i < f->option_count; i++)
            if (slice_equal(slice_from(name, strlen(prefix)), slice_text(f->options[i].name))) {
                add_values(p, f->options[i].type == OPTION_FLAG ? "true|false" : NULL);
                add_values(p, f->options[i].type == OPTION_WORD ? f->options[i].words : NULL);
            }
    }
}

static void add_values_of_option(struct sql_place *p, int32_t at)
{
    struct slice name = p->tokens[at].text;
    const struct connector *c = connector_of(p);
    const struct format *f;

    if (is_key(p, at, "type"))
        add_values(p, "generic_in_memory|iceberg");
    else if (is_key(p, at, "catalog-type"))
        add_values(p, "hadoop|rest");
    for (size_t i = 0; is_key(p, at, "connector") && connector_at(i); i++)
        sql_words_add(p, WORD_NAME, connector_at(i)->name, BEHIND_VALUE);
    for (size_t side = 0; side < COUNT_OF(sides); side++)
        for (size_t i = 0; is_key(p, at, sides[side].option) && (f = format_at(i)) != NULL; i++)
            sql_words_add(p, WORD_NAME, f->name, BEHIND_VALUE);
    if (c) {
        add_values_of_rule(p, c->settings, name);
        add_values_of_rule(p, connector_shared, name);
        add_values_of_format(p, name);
    }
}

/* --- where ---------------------------------------------------------------------------------------------- */

/* The parenthesis around the cursor is that of WITH (...), or of ALTER TABLE t SET (...). */
static bool in_options(const struct sql_place *p)
{
    int32_t depth = 0;

    for (int32_t i = p->cursor - 1; i > 0; i--) {
        depth += (p->tokens[i].kind == TOKEN_RPAREN) - (p->tokens[i].kind == TOKEN_LPAREN);
        if (depth < 0)
            return sql_words_is(p, i - 1, "WITH") || sql_words_is(p, i - 1, "SET") ||
                   sql_words_is(p, i - 1, "RESET");
    }
    return false;
}

bool sql_words_options(struct sql_place *p)
{
    bool set = p->cursor > 0 && (sql_words_is(p, 0, "SET") || sql_words_is(p, 0, "RESET"));
    bool value = sql_words_kind(p, p->cursor - 1) == TOKEN_EQ;
    enum token_kind last = sql_words_kind(p, p->cursor - 1);

    if (set ? p->cursor != 1 && !(value && p->cursor == 3) : !in_options(p))
        return set || p->open == '\'';
    if (!set && !value && last != TOKEN_COMMA && last != TOKEN_LPAREN)
        return true;
    if (p->open != '\'') {
        if (p->prefix.len == 0)
            sql_words_add(p, WORD_NAME, "'", "");
        return true;
    }
    if (set && value && sql_words_kind(p, 1) == TOKEN_TEXT)
        add_values_of_setting(p, p->tokens[1].text);
    else if (set && !value)
        add_settings(p);
    else if (value && sql_words_kind(p, p->cursor - 2) == TOKEN_TEXT)
        add_values_of_option(p, p->cursor - 2);
    else if (!value)
        add_options(p);
    return true;
}
