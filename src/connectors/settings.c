/* settings.c: see settings.h. */
#include "connectors/settings.h"
#include "config/config.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define NAMES_MAX 128

/* --- finding ------------------------------------------------------------------------------------------ */

/* Whether name is what pattern says: '#' is one or more characters, '*' at the end any rest. */
static bool name_fits(const char *pattern, const char *name)
{
    const char *hash = strchr(pattern, '#');
    size_t len = strlen(pattern), name_len = strlen(name), head, tail;

    if (hash == NULL)
        return len && pattern[len - 1] == '*' ? strncmp(pattern, name, len - 1) == 0 && name_len >= len
                                              : strcmp(pattern, name) == 0;
    head = (size_t)(hash - pattern);
    tail = len - head - 1;
    return name_len > head + tail && memcmp(pattern, name, head) == 0 &&
           strcmp(hash + 1, name + name_len - tail) == 0;
}

static const struct setting *find(const struct setting *rules, const char *name)
{
    for (; rules->name; rules++)
        if (name_fits(rules->name, name))
            return rules;
    return NULL;
}

bool settings_known(const struct setting *rules, const char *name)
{
    return find(rules, name) != NULL;
}

static const struct setting *rule_of(const struct settings *s, const char *name,
                                     UNUSED enum setting_kind kind)
{
    const struct setting *rule = find(s->rules, name);

    assert(rule && rule->kind == kind);
    return rule;
}

static const char *value_of(const struct settings *s, const struct setting *rule, const char *name)
{
    const char *given = map_get(s->given, slice_text(name));

    return given ? given : rule->standard;
}

/* --- values ------------------------------------------------------------------------------------------- */

/* The number of value in "a|b|c", -1: it is none of them. */
static int word_number(const char *values, const char *value)
{
    size_t len = strlen(value);

    for (int n = 0; values && *values; n++) {
        size_t word = strcspn(values, "|");

        if (word == len && strncasecmp(values, value, len) == 0)
            return n;
        values += word + (values[word] == '|');
    }
    return -1;
}

static enum err wrong_word(const struct setting *rule, const char *name, const char *value, struct error *e)
{
    struct bytes words = {0};
    const char *text;

    settings_write_words(rule->values, &words);
    text = bytes_cstr(&words);
    error_set(e, ERR_CONFIG, "option '%s' is '%s'; it takes one of %s", name, value, text ? text : "?");
    bytes_fini(&words);
    return ERR_CONFIG;
}

static enum err check_range(const struct setting *rule, const char *name, int64_t value, struct error *e)
{
    int64_t least, most;

    if (rule->values == NULL || sscanf(rule->values, "%" SCNd64 "..%" SCNd64, &least, &most) != 2)
        return OK;
    if (value >= least && value <= most)
        return OK;
    if (most == INT64_MAX)
        return error_set(e, ERR_CONFIG, "option '%s' is %" PRId64 "; it takes %" PRId64 " or more", name,
                         value, least);
    return error_set(e, ERR_CONFIG, "option '%s' is %" PRId64 "; it takes %" PRId64 " to %" PRId64, name,
                     value, least, most);
}

static enum err parse_number(const char *text, double *out, struct error *e)
{
    char *end;

    errno = 0;
    *out = strtod(text, &end);
    if (end == text || *end || errno == ERANGE || !isfinite(*out))
        return error_set(e, ERR_CONFIG, "is no number");
    return OK;
}

static enum err check_value(const struct setting *rule, const char *name, const char *value, struct error *e)
{
    int64_t number = 0;
    double fraction;
    bool flag;
    enum err rc = OK;

    switch (rule->kind) {
    case SETTING_TEXT:
    case SETTING_LIST:
        return OK;
    case SETTING_ENUM:
        return word_number(rule->values, value) < 0 ? wrong_word(rule, name, value, e) : OK;
    case SETTING_INT:
        rc = config_parse_int(value, &number, e);
        break;
    case SETTING_NUMBER:
        rc = parse_number(value, &fraction, e);
        break;
    case SETTING_BOOL:
        rc = config_parse_bool(value, &flag, e);
        break;
    case SETTING_DURATION:
        rc = config_parse_duration(value, &number, e);
        break;
    case SETTING_SIZE:
        rc = config_parse_size(value, &number, e);
        break;
    }
    if (rc != OK) {
        struct error why = *e;

        return error_set(e, rc, "option '%s' = '%s' %.200s", name, value, why.text);
    }
    return check_range(rule, name, number, e);
}

/* --- checking ----------------------------------------------------------------------------------------- */

static enum err unknown(const struct settings *s, const char *name, struct error *e)
{
    const char *names[NAMES_MAX], *near;
    struct bytes list = {0};
    const char *text;
    size_t count = 0;

    for (const struct setting *rule = s->rules; rule->name; rule++) {
        bytes_printf(&list, "%s%s", list.len ? ", " : "", rule->name);
        if (count < NAMES_MAX)
            names[count++] = rule->name;
    }
    near = config_nearest(name, names, count);
    text = bytes_cstr(&list);
    error_set(e, ERR_CONFIG, "%s has no option '%s'%s%s%s; it takes: %s", s->owner, name,
              near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", text ? text : "?");
    bytes_fini(&list);
    return ERR_CONFIG;
}

static enum err check_one(const struct settings *s, const char *name, const char *value, struct error *e)
{
    const struct setting *rule = find(s->rules, name);

    if (rule == NULL)
        return unknown(s, name, e);
    if (rule->use == SETTING_REFUSED && (rule->standard == NULL || strcmp(rule->standard, value) != 0))
        return error_set(e, ERR_UNSUPPORTED, "%s: option '%s' = '%s' is not supported: %s", s->owner, name,
                         value, rule->doc);
    return check_value(rule, name, value, e);
}

enum err settings_check(const struct settings *s, bool (*also)(void *arg, const char *name), void *arg,
                        struct error *e)
{
    struct map_entry *entry;
    size_t at = 0;
    enum err rc;

    while ((entry = map_next(s->given, &at)) != NULL)
        if ((also == NULL || !also(arg, entry->key.ptr)) &&
            (rc = check_one(s, entry->key.ptr, entry->value, e)) != OK)
            return rc;
    for (const struct setting *rule = s->rules; rule->name; rule++)
        if (rule->use == SETTING_REQUIRED && map_get(s->given, slice_text(rule->name)) == NULL)
            return error_set(e, ERR_CONFIG, "%s needs option '%s': %s", s->owner, rule->name, rule->doc);
    return OK;
}

/* --- reading ------------------------------------------------------------------------------------------ */

bool settings_given(const struct settings *s, const char *name)
{
    assert(find(s->rules, name) != NULL);
    return map_get(s->given, slice_text(name)) != NULL;
}

const char *settings_text(const struct settings *s, const char *name)
{
    const struct setting *rule = find(s->rules, name);

    assert(rule != NULL);
    return value_of(s, rule, name);
}

/* What was checked cannot fail. */
#define READ(type, kind, parse)                                                                              \
    const struct setting *rule = rule_of(s, name, kind);                                                     \
    const char *text = value_of(s, rule, name);                                                              \
    struct error ignored;                                                                                    \
    type value = 0;                                                                                          \
                                                                                                             \
    assert(text != NULL);                                                                                    \
    if (parse(text, &value, &ignored) != OK)                                                                 \
        assert(!"an option that was not checked");                                                           \
    return value

int64_t settings_int(const struct settings *s, const char *name)
{
    READ(int64_t, SETTING_INT, config_parse_int);
}

double settings_number(const struct settings *s, const char *name)
{
    READ(double, SETTING_NUMBER, parse_number);
}

bool settings_bool(const struct settings *s, const char *name)
{
    READ(bool, SETTING_BOOL, config_parse_bool);
}

int64_t settings_duration_ms(const struct settings *s, const char *name)
{
    READ(int64_t, SETTING_DURATION, config_parse_duration);
}

int64_t settings_size(const struct settings *s, const char *name)
{
    READ(int64_t, SETTING_SIZE, config_parse_size);
}

int settings_enum(const struct settings *s, const char *name)
{
    const struct setting *rule = rule_of(s, name, SETTING_ENUM);
    const char *text = value_of(s, rule, name);

    assert(text != NULL);
    return word_number(rule->values, text);
}

static struct slice trim(struct slice s)
{
    while (s.len && *s.ptr == ' ')
        s = slice_from(s, 1);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

const char *const *settings_list(const struct settings *s, struct arena *arena, const char *name,
                                 int32_t *count)
{
    const char *text = value_of(s, rule_of(s, name, SETTING_LIST), name);
    const char **list;

    *count = 0;
    if (text == NULL || (list = ARENA_ARRAY(arena, const char *, strlen(text) / 2 + 2)) == NULL)
        return NULL;
    while (*text) {
        size_t len = strcspn(text, ";");
        struct slice part = trim(slice_of(text, len));

        if (part.len)
            list[(*count)++] = arena_text(arena, part);
        text += len + (text[len] == ';');
    }
    return arena->failed ? NULL : list;
}

/* --- documentation ------------------------------------------------------------------------------------ */

void settings_write_words(const char *words, struct bytes *out)
{
    for (; *words; words++)
        if (*words == '|')
            bytes_text(out, ", ");
        else
            bytes_u8(out, (uint8_t)*words);
}

static void write_values(const struct setting *rule, struct bytes *out)
{
    static const char *const kinds[] = {
        [SETTING_TEXT] = "text",     [SETTING_LIST] = "list (`;`)",  [SETTING_INT] = "number",
        [SETTING_NUMBER] = "number", [SETTING_BOOL] = "true, false", [SETTING_DURATION] = "duration",
        [SETTING_SIZE] = "size",
    };

    if (rule->kind == SETTING_ENUM)
        settings_write_words(rule->values, out);
    else
        bytes_text(out, kinds[rule->kind]);
}

void settings_write_doc(const struct setting *rules, struct bytes *out)
{
    bytes_text(out, SETTINGS_TABLE_HEAD);
    for (; rules->name; rules++) {
        bytes_printf(out, "| `%s` | ", rules->name);
        write_values(rules, out);
        bytes_printf(out, " | %s | %s%s |\n",
                     rules->use == SETTING_REQUIRED ? "required"
                     : rules->standard              ? rules->standard
                                                    : "",
                     rules->use == SETTING_REFUSED ? "*Refused:* " : "", rules->doc);
    }
}
