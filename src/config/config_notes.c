/* config_notes.c: what the user should hear about the configuration although nothing is wrong: what has no
 * effect here, what is probably a slip of the pen, what was read otherwise than written.
 */
#include "base/bytes.h"
#include "config/config_store.h"
#include "config/keys.h"
#include <stdarg.h>
#include <stdio.h>

struct ear {
    void (*fn)(void *arg, enum log_level level, const char *text);
    void *arg;
};

static void tell(const struct ear *ear, enum log_level level, const char *fmt, ...) PRINTF(3, 4);

static void tell(const struct ear *ear, enum log_level level, const char *fmt, ...)
{
    char text[1200];
    va_list va;

    va_start(va, fmt);
    vsnprintf(text, sizeof text, fmt, va);
    va_end(va);
    ear->fn(ear->arg, level, text);
}

static void note_unknown(const struct ear *ear, const struct setting *s)
{
    const char *nearest = keys_nearest(s->key, false);

    tell(ear, LOG_WARN, "%s: %s is no key that weir or Flink knows and has no effect%s%s%s", s->origin,
         s->given, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static void note_not_needed(const struct ear *ear, const struct setting *s)
{
    const char *nearest = keys_is_pattern(s->row) ? keys_nearest(s->key, true) : NULL;

    tell(ear, nearest ? LOG_WARN : LOG_INFO, "%s: %s has no effect: %s%s%s%s", s->origin, s->given,
         s->row->doc, nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

static void note_reading(const struct ear *ear, const struct setting *s)
{
    bool renamed = strcmp(s->given, s->key) != 0;

    if (s->why)
        tell(ear, LOG_INFO, "%s: %s is read as %s: %s, %s", s->origin, s->given, s->key, s->value, s->why);
    else if (renamed)
        tell(ear, LOG_INFO, "%s: %s is read as %s", s->origin, s->given, s->key);
}

static bool is_quoted(const char *value)
{
    size_t len = strlen(value);

    return len >= 2 && (*value == '"' || *value == '\'') && value[len - 1] == *value;
}

static void note_honoured(const struct ear *ear, const struct setting *s)
{
    bool lost;
    const char *remark = keys_remark(s->row, s->value, &lost);

    note_reading(ear, s);
    if (remark)
        tell(ear, lost ? LOG_WARN : LOG_INFO, "%s: %s: %s: %s", s->origin, s->given, s->value, remark);
    if (is_quoted(s->value))
        tell(ear, LOG_WARN,
             "%s: the quotes are part of the value of %s; leave them off if they are not meant", s->origin,
             s->given);
}

void config_each_note(const struct config *c, void (*fn)(void *arg, enum log_level level, const char *text),
                      void *arg)
{
    struct ear ear = {fn, arg};

    for (size_t i = 0; i < c->note_count; i++)
        tell(&ear, c->notes[i].level, "%s", c->notes[i].text);
    for (size_t i = 0; i < c->setting_count; i++) {
        const struct setting *s = c->settings[i];

        if (s->row == NULL)
            note_unknown(&ear, s);
        else if (s->row->use == KEY_NOT_NEEDED)
            note_not_needed(&ear, s);
        else
            note_honoured(&ear, s);
    }
}

static void write_log(UNUSED void *arg, enum log_level level, const char *text)
{
    log_line(level, "config", "%s", text);
}

void config_log_notes(const struct config *c)
{
    config_each_note(c, write_log, NULL);
}
