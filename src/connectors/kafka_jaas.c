/* kafka_jaas.c: see kafka_jaas.h. The text is a class, a flag, then name=value pairs up to a semicolon; a
 * value may be quoted, and a backslash in it takes the next character as it is.
 */
#include "connectors/kafka_jaas.h"
#include <ctype.h>

struct cursor {
    const char *at;
    struct arena *arena;
};

static void skip_blanks(struct cursor *c)
{
    while (isspace((unsigned char)*c->at))
        c->at++;
}

/* Up to a blank, '=' or ';'. */
static const char *word(struct cursor *c)
{
    const char *from;

    skip_blanks(c);
    from = c->at;
    while (*c->at && !isspace((unsigned char)*c->at) && *c->at != '=' && *c->at != ';')
        c->at++;
    return arena_text(c->arena, slice_of(from, (size_t)(c->at - from)));
}

/* NULL when the quote is not closed, or there is no memory. */
static const char *quoted(struct cursor *c)
{
    char *text = arena_alloc(c->arena, strlen(c->at) + 1);
    size_t len = 0;
    char quote = *c->at++;

    while (text && *c->at && *c->at != quote) {
        if (*c->at == '\\' && c->at[1])
            c->at++;
        text[len++] = *c->at++;
    }
    return text && *c->at++ == quote ? text : NULL;
}

/* One name=value; *name is NULL at the semicolon. */
static enum err pair(struct cursor *c, const char **name, const char **value, struct error *e)
{
    *name = NULL;
    skip_blanks(c);
    if (*c->at == ';' || *c->at == '\0')
        return OK;
    *name = word(c);
    skip_blanks(c);
    if (*c->at != '=')
        return error_set(e, ERR_CONFIG, "it should read `module required name=\"value\" ...;`");
    c->at++;
    skip_blanks(c);
    *value = *c->at == '"' || *c->at == '\'' ? quoted(c) : word(c);
    if (c->arena->failed)
        return error_memory(e, strlen(c->at), "a login");
    return *value ? OK : error_set(e, ERR_CONFIG, "the quote of '%s' is not closed", *name);
}

/* Which option of a module is which setting of librdkafka. */
struct module {
    const char *suffix; /* of the class */
    struct kafka_setting map[2];
};
static const struct module modules[] = {
    {".PlainLoginModule", {{"username", "sasl.username"}, {"password", "sasl.password"}}},
    {".ScramLoginModule", {{"username", "sasl.username"}, {"password", "sasl.password"}}},
    {".Krb5LoginModule", {{"keyTab", "sasl.kerberos.keytab"}, {"principal", "sasl.kerberos.principal"}}},
};

static const struct module *find_module(const char *class_name)
{
    for (size_t i = 0; i < COUNT_OF(modules); i++)
        if (slice_ends(slice_text(class_name), slice_text(modules[i].suffix)))
            return &modules[i];
    return NULL;
}

static void keep_known(struct kafka_jaas *out, const struct module *m, const char *name, const char *value)
{
    for (size_t i = 0; i < COUNT_OF(m->map); i++)
        if (strcmp(m->map[i].name, name) == 0 && out->setting_count < KAFKA_JAAS_SETTINGS)
            out->settings[out->setting_count++] = (struct kafka_setting){m->map[i].value, value};
}

enum err kafka_jaas_parse(const char *text, struct kafka_jaas *out, struct error *e)
{
    struct cursor c = {text, &out->arena};
    const struct module *m;
    const char *class_name = word(&c), *name = NULL, *value = NULL;
    enum err rc;

    if (class_name == NULL || word(&c) == NULL) /* the flag: required */
        return error_memory(e, strlen(text), "a login");
    if ((m = find_module(class_name)) == NULL)
        return error_set(
            e, ERR_UNSUPPORTED,
            "there is no login module '%s' here; PlainLoginModule, ScramLoginModule and Krb5LoginModule "
            "are known, and OAUTHBEARER takes properties.sasl.oauthbearer.*",
            class_name);
    while ((rc = pair(&c, &name, &value, e)) == OK && name)
        keep_known(out, m, name, value);
    if (rc == OK && out->setting_count < COUNT_OF(m->map))
        rc = error_set(e, ERR_CONFIG, "%s needs %s and %s", class_name, m->map[0].name, m->map[1].name);
    return rc;
}

void kafka_jaas_fini(struct kafka_jaas *j)
{
    arena_fini(&j->arena);
    *j = (struct kafka_jaas){0};
}
