/* arguments.h: the arguments of a command, read from left to right, as Flink's client takes them: `-x VALUE`,
 * `-xyz VALUE` or `--xyz VALUE`, one dash or two.
 */
#ifndef WEIR_CLI_ARGUMENTS_H
#define WEIR_CLI_ARGUMENTS_H
#include "config/config.h"

struct arguments {
    int argc, at; /* the word being read */
    char **argv;
};

/* Whether the word is this option. */
bool arguments_at(const struct arguments *a, const char *brief, const char *full);
/* The word behind it, which becomes the one being read. */
MUST_USE enum err arguments_value(struct arguments *a, const char **out, struct error *e);
/* Whether the word is -D, which goes into config: `-Dk=v` or `-D k=v`. */
bool arguments_at_key(const struct arguments *a);
MUST_USE enum err arguments_key(struct arguments *a, struct config *config, struct error *e);
#endif
