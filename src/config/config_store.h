/* config_store.h: a configuration's inside; within this folder.
 * Settings come in layers (a file, an environment variable, one -D): a later layer wins over an earlier.
 * Within one layer the present name of a key wins over its older names, else the later line wins.
 */
#ifndef WEIR_CONFIG_CONFIG_STORE_H
#define WEIR_CONFIG_CONFIG_STORE_H
#include "base/map.h"
#include "config/config.h"
#include "os/log.h"

struct setting {
    const struct config_key *row; /* NULL: a key that weir does not know */
    char *key;                    /* owned: today's name */
    char *given;                  /* owned: the name that was used */
    char *value;                  /* owned: as today's key has it */
    char *origin;                 /* owned: "flink-conf.yaml:12", "-D", ... */
    const char *why;              /* static: what became of the value that was given; NULL: nothing */
    int layer;
    bool unusable; /* not of the kind of its key, which nobody reads: the default stands */
};

struct config_note {
    enum log_level level;
    char *text; /* owned */
};

struct config {
    struct setting **settings; /* owned, in order */
    size_t setting_count, setting_capacity;
    struct map by_key;         /* today's name to struct setting */
    struct config_note *notes; /* owned: what cannot be told from the settings */
    size_t note_count, note_capacity;
    int layer;
};

/* A note for config_log_notes. */
MUST_USE enum err config_note(struct config *c, struct error *e, enum log_level level, const char *fmt, ...)
    PRINTF(4, 5);

/* Set within the present layer. */
MUST_USE enum err config_put(struct config *c, struct slice key, struct slice value, const char *origin,
                             struct error *e);

/* One `key: value` a line, '#' begins a comment anywhere, no nesting, no quotes; a line without `: ` is
 * passed over. */
MUST_USE enum err config_put_lines(struct config *c, struct slice text, const char *origin, struct error *e);

/* YAML: nested or dotted keys, lists joined by ';', block scalars. */
MUST_USE enum err config_put_yaml(struct config *c, struct slice text, const char *origin, struct error *e);

/* Everything that config_log_notes has to say, a sentence each. */
void config_each_note(const struct config *c, void (*fn)(void *arg, enum log_level level, const char *text),
                      void *arg);
#endif
