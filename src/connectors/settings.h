/* settings.h: the options of a table as its connector declares them: one row a name, by which what is given
 * is checked, read, and documented. Nothing is parsed and ignored: what has no effect is refused.
 */
#ifndef WEIR_CONNECTORS_SETTINGS_H
#define WEIR_CONNECTORS_SETTINGS_H
#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"

enum setting_kind {
    SETTING_TEXT,
    SETTING_LIST, /* texts between ';' */
    SETTING_INT,
    SETTING_NUMBER, /* with a fraction */
    SETTING_BOOL,
    SETTING_DURATION,
    SETTING_SIZE,
    SETTING_ENUM,
};

enum setting_use {
    SETTING_OPTIONAL,
    SETTING_REQUIRED,
    SETTING_REFUSED, /* Flink's, not here (yet): ERR_UNSUPPORTED unless it has its default; doc: why */
};

struct setting {
    const char *name; /* '#' inside: a column's path, `fields.#.min`; '*' at the end: any rest */
    enum setting_kind kind;
    enum setting_use use;
    const char *standard; /* default as text, NULL: none */
    const char *values;   /* ENUM: "a|b|c"; INT: "least..most"; NULL: any */
    const char *doc;      /* one line */
};

/* The settings of a connector and what a table gives. */
struct settings {
    const struct setting *rules; /* ended by a NULL name */
    const struct map *given;     /* name to const char * */
    const char *owner;           /* whose they are, for messages: "connector 'kafka'" */
};

/* Every option given is known, fits its kind, and every required one is there. Names for which also(arg,
 * name) is true belong to somebody else; also may be NULL. */
MUST_USE enum err settings_check(const struct settings *s, bool (*also)(void *arg, const char *name),
                                 void *arg, struct error *e);

/* Whether a name is one of the rules. */
bool settings_known(const struct setting *rules, const char *name);

/* What is given, or the default. The name must be one of the rules with that kind, and checked: else it is
 * our bug. Numbers without default: ask settings_given first. For a pattern ask by the full name. */
bool settings_given(const struct settings *s, const char *name);
const char *settings_text(const struct settings *s, const char *name); /* NULL: neither */
int64_t settings_int(const struct settings *s, const char *name);
double settings_number(const struct settings *s, const char *name);
bool settings_bool(const struct settings *s, const char *name);
int64_t settings_duration_ms(const struct settings *s, const char *name);
int64_t settings_size(const struct settings *s, const char *name);
/* The number of the value among the rule's values. */
int settings_enum(const struct settings *s, const char *name);
/* The parts of a list, in arena, ended by NULL; NULL without memory or when it is not given. */
const char *const *settings_list(const struct settings *s, struct arena *arena, const char *name,
                                 int32_t *count);

/* The rules as a Markdown table, and what that is made of. */
#define SETTINGS_TABLE_HEAD "| option | takes | default | what it does |\n|---|---|---|---|\n"
void settings_write_doc(const struct setting *rules, struct bytes *out);
void settings_write_words(const char *words, struct bytes *out); /* "a|b" as "a, b" */
#endif
