/* functions_string_like.c: LIKE and SIMILAR TO, and their denials. The pattern that was used last is kept ready:
 * a constant one is read once. Arguments: text, pattern [, escape].
 */
#include "expr/functions.h"
#include "expr/java_regex.h"
#include "expr/kit.h"
#include "expr/like_pattern.h"
#include "base/mem.h"

struct kept {
    struct bytes pattern, escape; /* those that what follows was made of */
    bool made;
    struct like_pattern like;
    struct java_regex *regex; /* owned */
};

static void forget(struct kept *k)
{
    bytes_clear(&k->pattern);
    bytes_clear(&k->escape);
    like_pattern_fini(&k->like);
    k->like = (struct like_pattern){0};
    java_regex_free(k->regex);
    k->regex = NULL;
    k->made = false;
}

static enum err open_kept(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                          struct error *e)
{
    *self = mem_zalloc(sizeof(struct kept));
    return *self ? OK : error_memory(e, sizeof(struct kept), "a pattern");
}

static void close_kept(void *self)
{
    struct kept *k = self;

    if (k == NULL)
        return;
    forget(k);
    bytes_fini(&k->pattern);
    bytes_fini(&k->escape);
    mem_free(k);
}

static enum err make_similar(struct kept *k, struct slice pattern, struct slice escape, struct error *e)
{
    struct bytes java = {0};
    enum err rc = like_pattern_similar(pattern, escape, &java, e);

    if (rc == OK && java.failed)
        rc = error_memory(e, pattern.len, "a pattern");
    if (rc == OK)
        rc = java_regex_new(bytes_all(&java), JAVA_REGEX_WHOLE, &k->regex, e);
    bytes_fini(&java);
    return rc;
}

/* Have k ready for the pattern of a row. */
static enum err prepare(struct call *c, int32_t row, bool similar, struct error *e)
{
    struct kept *k = c->self;
    struct slice pattern = arg_slice(&c->args[1], row);
    struct slice escape = c->arg_count > 2 ? arg_slice(&c->args[2], row) : (struct slice){0};
    struct error why = {0};
    enum err rc;

    if (k->made && slice_equal(pattern, bytes_all(&k->pattern)) && slice_equal(escape, bytes_all(&k->escape)))
        return OK;
    forget(k);
    if (c->arg_count > 2 && escape.len == 0)
        return call_fail(c, e, "an escape has to be one character, not an empty text");
    rc = similar ? make_similar(k, pattern, escape, &why)
                 : like_pattern_init(&k->like, pattern, escape, &why);
    if (rc == ERR_MEMORY) {
        *e = why;
        return rc;
    }
    if (rc != OK)
        return call_fail(c, e, "%s", why.text);
    bytes_slice(&k->pattern, pattern);
    bytes_slice(&k->escape, escape);
    k->made = !k->pattern.failed && !k->escape.failed;
    return k->made ? OK : error_memory(e, pattern.len, "a pattern");
}

static enum err match(struct call *c, bool similar, bool denied, struct error *e)
{
    const struct kept *k = c->self;

    EACH_ROW(c, i)
    {
        struct slice text = arg_slice(&c->args[0], i);
        enum err rc = prepare(c, i, similar, e);
        bool matches;

        if (rc != OK)
            return rc;
        matches = similar ? java_regex_find(k->regex, text, 0) == JAVA_REGEX_FOUND
                          : like_pattern_matches(&k->like, text);
        c->out->u8[i] = matches != denied;
    }
    return OK;
}

static enum err like(struct call *c, struct error *e)
{
    return match(c, false, false, e);
}

static enum err not_like(struct call *c, struct error *e)
{
    return match(c, false, true, e);
}

static enum err similar_to(struct call *c, struct error *e)
{
    return match(c, true, false, e);
}

static enum err not_similar_to(struct call *c, struct error *e)
{
    return match(c, true, true, e);
}

#define MATCH(name_, usage_, doc_, flags_, kernel_)                                                          \
    {                                                                                                        \
        .name = name_, .group = GROUP_COMPARISON, .usage = usage_, .doc = doc_, .least = 2, .most = 3,       \
        .flags = FN_STRICT | FN_FAILS | FN_HIDDEN | (flags_), .resolve = kit_resolve, .signature = "ss[s>o", \
        .simple = &(const struct variant){.kernel = kernel_, .open = open_kept, .close = close_kept},        \
    }

const struct function functions_string_like[] = {
    MATCH("LIKE", "string LIKE pattern [ESCAPE character]",
          "Whether the text is as the pattern says: % stands for any text, _ for any one character.", 0,
          like),
    MATCH("NOT LIKE", "string NOT LIKE pattern [ESCAPE character]", "Whether it is not.", 0, not_like),
    MATCH("SIMILAR TO", "string SIMILAR TO pattern [ESCAPE character]",
          "As LIKE, with the signs of regular expressions: | * + ? {n,m} ( ) [ ].", FN_COSTLY, similar_to),
    MATCH("NOT SIMILAR TO", "string NOT SIMILAR TO pattern [ESCAPE character]", "Whether it is not.",
          FN_COSTLY, not_similar_to),
    {NULL},
};
