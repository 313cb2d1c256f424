/* keys.h: looking things up in the table of keys; within this folder. Thread: any. */
#ifndef WEIR_CONFIG_KEYS_H
#define WEIR_CONFIG_KEYS_H
#include "base/slice.h"
#include "config/config.h"

/* The row of name; NULL when weir does not know it. *older: name is one that key->older lists. */
const struct config_key *keys_find(struct slice name, bool *older);

static inline bool keys_is_pattern(const struct config_key *key)
{
    return strchr(key->name, '*') != NULL;
}

/* The name most like name, for a suggestion; NULL when none is. */
const char *keys_nearest(const char *name, bool honoured_only);

/* When *value is one of former days, or of a former key given, put today's (static) there; why may become
 * NULL. */
bool keys_old_value(struct slice given, const struct config_key *key, struct slice *value, const char **why);

/* What weir does otherwise than value says; NULL when it does what it says. Static. *lost: the user gets less
 * for it. */
const char *keys_remark(const struct config_key *key, const char *value, bool *lost);

bool keys_is_standard(const struct config_key *key,
                      struct slice value); /* says what the default says, in any case */
#endif
