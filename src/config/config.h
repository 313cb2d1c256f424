/* config.h: the configuration: Flink's keys from flink-conf.yaml or config.yaml, FLINK_PROPERTIES, and -D,
 * later wins. keys.c holds the one table of keys: name, older names, type, default, one line of doc, and
 * whether weir honours it, has no use for it (said once, at INFO), or refuses it. An unknown key is a warning
 * with the nearest name, as a typo there is how settings get lost. Read-only once loaded; then any thread.
 */
#ifndef WEIR_CONFIG_CONFIG_H
#define WEIR_CONFIG_CONFIG_H
#include "base/error.h"
#include "base/map.h"

struct bytes;
struct config;

enum key_use { KEY_HONOURED, KEY_NOT_NEEDED, KEY_REFUSED };
enum key_kind { KEY_STRING, KEY_INT, KEY_DOUBLE, KEY_BOOL, KEY_DURATION, KEY_SIZE, KEY_ENUM };

struct config_key {
    const char *name;  /* "execution.checkpointing.interval"; '*' inside: one part, at the end: any rest */
    const char *older; /* deprecated names, blank-separated; NULL: none */
    enum key_kind kind;
    enum key_use use;
    const char *standard; /* default as text, NULL: none */
    const char *values;   /* KEY_ENUM: "a|b|c"; numbers, durations, sizes: "least..most", NULL: any */
    const char *doc;      /* one line; for KEY_NOT_NEEDED and KEY_REFUSED why, and what to do instead */
};
extern const struct config_key config_keys[];
extern const size_t config_key_count;

struct config *config_new(void); /* empty: every key at its default; NULL when there is no memory */
struct config *config_copy(const struct config *c);
void config_free(struct config *c);

/* Read conf_dir/flink-conf.yaml if there, else conf_dir/config.yaml if there; none, or no such folder, is no
 * error. Errors name file, line and key. A file of the first name is in Flink's older form, any other is
 * YAML. */
MUST_USE enum err config_load_dir(struct config *c, const char *conf_dir, struct error *e);
MUST_USE enum err config_load_file(struct config *c, const char *path, struct error *e);

/* `key=value` as after -D (a key alone: true), or key and value; older names are turned into today's. Fails
 * for a refused key unless the value is its default, and for a value that is not of the key's kind (says what
 * is wanted). */
MUST_USE enum err config_set_text(struct config *c, const char *assignment, struct error *e);
MUST_USE enum err config_set(struct config *c, const char *key, const char *value, const char *origin,
                             struct error *e);
/* Lines as in flink-conf.yaml: FLINK_PROPERTIES. Errors name origin and line. */
MUST_USE enum err config_load_properties(struct config *c, const char *text, const char *origin,
                                         struct error *e);

/* The value or the table's default. The key must be in the table with that kind (a string's getter is an
 * enum's too, in the table's spelling): else it is our bug. For a pattern ask the full name:
 * "metrics.reporter.prom.port". */
const char *config_string(const struct config *c, const char *key); /* NULL when unset and without default */
int64_t config_int(const struct config *c, const char *key);
double config_double(const struct config *c, const char *key);
bool config_bool(const struct config *c, const char *key);
int64_t config_duration_ms(const struct config *c, const char *key); /* -1 when unset and without default */
int64_t config_size(const struct config *c, const char *key); /* bytes; -1 when unset and without default */
bool config_is_set(const struct config *c, const char *key);

/* What was set, in order, for logs and REST; secrets as `******`. */
void config_each(const struct config *c, void (*fn)(void *arg, const char *key, const char *value),
                 void *arg);
bool config_is_secret(const char *key);

/* Log once what was set but has no use here, and unknown keys with the nearest name. */
void config_log_notes(const struct config *c);

/* Flink's forms of values: "10 min", "60000" (ms), "512mb", "16kb". */
MUST_USE enum err config_parse_duration(const char *text, int64_t *out_ms, struct error *e);
MUST_USE enum err config_parse_size(const char *text, int64_t *out_bytes, struct error *e);
MUST_USE enum err config_parse_bool(const char *text, bool *out, struct error *e);
MUST_USE enum err config_parse_int(const char *text, int64_t *out, struct error *e);

/* The row of a key by today's name or an older one; NULL: weir does not know it, and *nearest is the name most
 * like it, NULL when none is. */
const struct config_key *config_find_key(const char *name, const char **nearest);

/* The name in names (count of them) that is nearest to word by edit distance, NULL when none is near. */
const char *config_nearest(const char *word, const char *const *names, size_t count);

/* The table of keys as a Markdown page, docs/configuration.md. */
void config_write_doc(struct bytes *out);
#endif
