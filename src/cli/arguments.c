/* arguments.c: see arguments.h. */
#include "cli/arguments.h"

bool arguments_at(const struct arguments *a, const char *brief, const char *full)
{
    const char *word = a->argv[a->at];
    size_t dashes = strspn(word, "-");

    return dashes >= 1 && dashes <= 2 &&
           (strcmp(word + dashes, brief) == 0 || strcmp(word + dashes, full) == 0);
}

enum err arguments_value(struct arguments *a, const char **out, struct error *e)
{
    if (a->at + 1 >= a->argc)
        return error_set(e, ERR_CONFIG, "option %s wants a value", a->argv[a->at]);
    *out = a->argv[++a->at];
    return OK;
}

bool arguments_at_key(const struct arguments *a)
{
    return strncmp(a->argv[a->at], "-D", 2) == 0;
}

enum err arguments_key(struct arguments *a, struct config *config, struct error *e)
{
    const char *assignment = a->argv[a->at] + 2;
    enum err rc = *assignment ? OK : arguments_value(a, &assignment, e);

    return rc == OK ? config_set_text(config, assignment, e) : rc;
}
