/* format_options.c: see format_options.h and format_check_options in format.h. */
#include "formats/format_options.h"
#include "config/config.h"
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define NAMES_MAX  32
#define PREFIX_MAX 100

/* --- finding --- */

static bool row_covers(const struct format_option *o, const char *name)
{
    size_t len = strlen(o->name);

    if (len && o->name[len - 1] == '*')
        return strncmp(name, o->name, len - 1) == 0 && name[len - 1] != '\0';
    return strcmp(name, o->name) == 0;
}

static const struct format_option *find(const struct format *f, const char *name)
{
    for (int32_t i = 0; i < f->option_count; i++)
        if (row_covers(&f->options[i], name))
            return &f->options[i];
    return NULL;
}

const char *format_option(const struct format *f, const struct map *options, const char *name)
{
    const struct format_option *o = find(f, name);
    const char *given = map_get(options, slice_text(name));

    assert(o != NULL);
    return given ? given : o->fallback;
}

bool format_flag(const struct format *f, const struct map *options, const char *name)
{
    const char *text = format_option(f, options, name);

    return text && strcasecmp(text, "true") == 0;
}

bool format_option_is(const struct format *f, const struct map *options, const char *name, const char *word)
{
    const char *text = format_option(f, options, name);

    return text && strcasecmp(text, word) == 0;
}

/* --- checking --- */

static enum err unknown(const struct format *f, const char *prefix, const char *name, struct error *e)
{
    const char *names[NAMES_MAX], *nearest;
    struct bytes list = {0};
    enum err rc;

    assert(f->option_count <= NAMES_MAX);
    for (int32_t i = 0; i < f->option_count; i++)
        names[i] = f->options[i].name;
    nearest = config_nearest(name, names, (size_t)f->option_count);
    if (nearest)
        bytes_printf(&list, "; did you mean '%s%s'", prefix, nearest);
    bytes_text(&list, nearest ? "? Its options are: " : "; its options are: ");
    for (int32_t i = 0; i < f->option_count; i++)
        bytes_printf(&list, "%s%s", i ? ", " : "", names[i]);
    if (f->option_count == 0)
        bytes_text(&list, "none");
    rc = error_set(e, ERR_CONFIG, "format '%s' has no option '%s%s'" SLICE_FMT, f->name, prefix, name,
                   SLICE_ARG(bytes_all(&list)));
    bytes_fini(&list);
    return rc;
}

/* Whether word is one of `a|b|c`, in any case. */
static bool one_of(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *p = words; *p;) {
        size_t n = strcspn(p, "|");

        if (n == len && strncasecmp(p, word, n) == 0)
            return true;
        p += n + (p[n] == '|');
    }
    return false;
}

/* `a|b|c` as `'a', 'b' or 'c'`. */
static void print_words(const char *words, struct bytes *out)
{
    for (const char *p = words; *p;) {
        size_t n = strcspn(p, "|");
        bool last = p[n] == '\0', first = p == words;

        bytes_printf(out, "%s'%.*s'", first ? "" : last ? " or " : ", ", (int)n, p);
        p += n + !last;
    }
}

static enum err bad_word(const struct format_option *o, const char *prefix, const char *name,
                         const char *value, struct error *e)
{
    struct bytes words = {0};
    enum err rc;

    print_words(o->type == OPTION_FLAG ? "true|false" : o->words, &words);
    rc = error_set(e, ERR_CONFIG, "option '%s%s' is '%s'; it must be " SLICE_FMT, prefix, name, value,
                   SLICE_ARG(bytes_all(&words)));
    bytes_fini(&words);
    return rc;
}

static enum err check_value(const struct format_option *o, const char *prefix, const char *name,
                            const char *value, struct error *e)
{
    if (o->refused)
        return error_set(e, ERR_UNSUPPORTED, "option '%s%s' is not supported; %s", prefix, name, o->refused);
    switch (o->type) {
    case OPTION_FLAG:
        return one_of("true|false", value) ? OK : bad_word(o, prefix, name, value, e);
    case OPTION_WORD:
        return one_of(o->words, value) ? OK : bad_word(o, prefix, name, value, e);
    case OPTION_CHAR:
        if (strlen(value) == 1 && isascii(*value))
            return OK;
        return error_set(e, ERR_CONFIG, "option '%s%s' is '%s'; it must be one ASCII character", prefix, name,
                         value);
    default:
        return OK;
    }
}

static enum err check_missing(const struct format *f, const struct map *options, const char *prefix,
                              struct error *e)
{
    for (int32_t i = 0; i < f->option_count; i++)
        if (f->options[i].required && map_get(options, slice_text(f->options[i].name)) == NULL)
            return error_set(e, ERR_CONFIG, "option '%s%s' is missing: %s", prefix, f->options[i].name,
                             f->options[i].doc);
    return OK;
}

enum err format_check_options(const struct format *f, const struct map *options, const char *prefix,
                              struct error *e)
{
    char own[PREFIX_MAX];
    struct map_entry *entry;
    size_t at = 0;
    enum err rc;

    if (prefix == NULL)
        snprintf(own, sizeof own, "%s.", f->name);
    prefix = prefix ? prefix : own;
    while ((entry = map_next(options, &at)) != NULL) {
        const struct format_option *o = find(f, entry->key.ptr);

        if (o == NULL)
            return unknown(f, prefix, entry->key.ptr, e);
        if ((rc = check_value(o, prefix, entry->key.ptr, entry->value, e)) != OK)
            return rc;
    }
    if ((rc = check_missing(f, options, prefix, e)) != OK)
        return rc;
    return f->check ? f->check(options, prefix, e) : OK;
}
