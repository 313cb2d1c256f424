/* functions_regexp.c: regular expressions of Java's dialect (java_regex.h says where ours differs). A pattern is
 * compiled once while it stays the same. One that does not compile gives NULL, and FALSE for REGEXP, as in
 * Flink; one that only Java could compile fails the job.
 */
#include "batch/builder.h"
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/java_regex.h"
#include "expr/kit.h"
#include "base/mem.h"

static enum err open_cache(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                           struct error *e)
{
    return java_regex_cache_new(0, (struct java_regex_cache **)self, e);
}

static void close_cache(void *self)
{
    java_regex_cache_free(self);
}

/* The pattern in argument 1; *out is NULL when it does not compile. */
static enum err pattern_of(struct call *c, int32_t row, struct java_regex **out, struct error *e)
{
    struct error why;
    enum err rc = java_regex_cache_get(c->self, arg_slice(&c->args[1], row), out, &why);

    if (rc == ERR_UNSUPPORTED)
        return call_fail(c, e, "%s", why.text);
    if (rc != OK)
        *e = why;
    return rc;
}

/* Steps through all matches: false at the end, and when the search failed. An empty match is followed by the
 * next character. */
struct matches {
    struct java_regex *regex;
    struct slice text;
    size_t next;
    bool failed;
};

static bool next_match(struct matches *m, struct slice *out)
{
    enum java_regex_result found;

    if (m->next > m->text.len)
        return false;
    found = java_regex_find(m->regex, m->text, m->next);
    m->failed = found == JAVA_REGEX_FAILED;
    if (found != JAVA_REGEX_FOUND)
        return false;
    if (!java_regex_group(m->regex, m->text, 0, out))
        *out = slice_of(m->text.ptr + m->next, 0);
    m->next = (size_t)(out->ptr - (m->text.len ? m->text.ptr : "")) + out->len;
    if (m->text.len == 0)
        m->next = 1;
    else if (out->len == 0)
        m->next += m->next < m->text.len ? characters_size(m->text.ptr + m->next, m->text.ptr + m->text.len)
                                         : 1;
    return true;
}

/* --- does it match, where, how often */

static enum err regexp(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct java_regex *regex;
        enum err rc = pattern_of(c, i, &regex, e);

        if (rc != OK)
            return rc;
        c->out->u8[i] = regex && arg_slice(&c->args[1], i).len &&
                        java_regex_find(regex, arg_slice(&c->args[0], i), 0) == JAVA_REGEX_FOUND;
    }
    return OK;
}

static enum err regexp_count(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct matches m = {.text = arg_slice(&c->args[0], i)};
        enum err rc = pattern_of(c, i, &m.regex, e);
        struct slice hit;
        int32_t count = 0;

        if (rc != OK)
            return rc;
        while (m.regex && next_match(&m, &hit))
            count++;
        c->out->i32[i] = count;
        if ((m.regex == NULL || m.failed) && !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

static enum err regexp_instr(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct matches m = {.text = arg_slice(&c->args[0], i)};
        enum err rc = pattern_of(c, i, &m.regex, e);
        struct slice hit;

        if (rc != OK)
            return rc;
        c->out->i32[i] = 0;
        if (m.regex && next_match(&m, &hit))
            c->out->i32[i] =
                m.text.len == 0
                    ? 1
                    : (int32_t)characters_count(slice_of(m.text.ptr, (size_t)(hit.ptr - m.text.ptr))) + 1;
        if ((m.regex == NULL || m.failed) && !call_null(c, i))
            return kit_no_text(e);
    }
    return OK;
}

/* --- what matches */

static bool put_group(struct call *c, int32_t row, struct java_regex *regex, int64_t group)
{
    struct slice text = arg_slice(&c->args[0], row), part;

    if (regex && group >= 0 && group <= java_regex_groups(regex) &&
        java_regex_find(regex, text, 0) == JAVA_REGEX_FOUND &&
        java_regex_group(regex, text, (int32_t)group, &part))
        return call_put(c, row, part);
    return call_null(c, row);
}

static enum err regexp_extract(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        struct java_regex *regex;
        enum err rc = pattern_of(c, i, &regex, e);

        if (rc != OK)
            return rc;
        if (!put_group(c, i, regex, c->arg_count > 2 ? arg_i64(&c->args[2], i) : 0))
            return kit_no_text(e);
    }
    return OK;
}

static void append_groups(struct call *c, struct matches *m, int32_t group)
{
    struct column_builder *element = &c->rows->children[0];
    struct slice hit, part;

    while (next_match(m, &hit))
        if (java_regex_group(m->regex, m->text, group, &part))
            builder_copied(element, part.ptr, part.len);
        else
            builder_null(element);
    builder_list_end(c->rows);
}

static enum err regexp_extract_all(struct call *c, struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct matches m = {0};
        int64_t group = 1;
        enum err rc;

        if (call_all_valid(c, i)) {
            m.text = arg_slice(&c->args[0], i);
            if ((rc = pattern_of(c, i, &m.regex, e)) != OK)
                return rc;
            group = c->arg_count > 2 ? arg_i64(&c->args[2], i) : 1;
        }
        if (m.regex && group >= 0 && group <= java_regex_groups(m.regex))
            append_groups(c, &m, (int32_t)group);
        else
            builder_null(c->rows);
    }
    return OK;
}

/* --- REGEXP_REPLACE: the new text is taken as it is, `$1` too */

static enum err replace_row(struct call *c, int32_t row, struct java_regex *regex, struct bytes *made,
                            struct error *e)
{
    struct matches m = {.regex = regex, .text = arg_slice(&c->args[0], row)};
    struct slice by = arg_slice(&c->args[2], row), hit;
    const char *begin, *from;
    char *to;

    if (m.text.len == 0)
        m.text.ptr = "";
    begin = from = m.text.ptr;
    bytes_clear(made);
    while (next_match(&m, &hit)) {
        if (m.text.len)
            bytes_append(made, from, (size_t)(hit.ptr - from));
        bytes_slice(made, by);
        if (m.text.len)
            from = hit.ptr + hit.len;
    }
    if (m.failed)
        return call_null(c, row) ? OK : kit_no_text(e);
    if (from == begin && made->len == 0 && !made->failed)
        return call_put(c, row, m.text) ? OK : kit_no_text(e);
    bytes_append(made, from, m.text.len - (size_t)(from - begin));
    if (made->failed || made->len > INT32_MAX || (to = kit_text(c, made->len)) == NULL)
        return kit_no_text(e);
    if (made->len)
        memcpy(to, made->ptr, made->len);
    return call_put(c, row, slice_of(to, made->len)) ? OK : kit_no_text(e);
}

static enum err regexp_replace(struct call *c, struct error *e)
{
    struct bytes made = {0};
    enum err rc = OK;

    EACH_ROW(c, i)
    {
        struct java_regex *regex;

        if ((rc = pattern_of(c, i, &regex, e)) != OK)
            break;
        rc = regex ? replace_row(c, i, regex, &made, e) : call_null(c, i) ? OK : kit_no_text(e);
        if (rc != OK)
            break;
    }
    bytes_fini(&made);
    return rc;
}

/* --- STR_TO_MAP: both separators are regular expressions, and texts are split as Java splits them */

struct pair {
    struct slice key, value;
    bool has_value;
};

struct map_maker {
    struct java_regex_cache *between_pairs, *within_pair;
    struct pair *pairs; /* of the row at hand */
    size_t count, capacity;
};

static void close_map(void *self)
{
    struct map_maker *maker = self;

    if (maker == NULL)
        return;
    java_regex_cache_free(maker->between_pairs);
    java_regex_cache_free(maker->within_pair);
    mem_free(maker->pairs);
    mem_free(maker);
}

static enum err open_map(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                         struct error *e)
{
    struct map_maker *maker = mem_zalloc(sizeof *maker);
    enum err rc;

    if (maker == NULL)
        return kit_no_text(e);
    if ((rc = java_regex_cache_new(0, &maker->between_pairs, e)) == OK)
        rc = java_regex_cache_new(0, &maker->within_pair, e);
    if (rc == OK)
        *self = maker;
    else
        close_map(maker);
    return rc;
}

static enum err separator(struct call *c, struct java_regex_cache *cache, int32_t arg, int32_t row,
                          const char *otherwise, struct java_regex **out, struct error *e)
{
    struct slice pattern = arg < c->arg_count ? arg_slice(&c->args[arg], row) : slice_text(otherwise);
    struct error why = {0};
    enum err rc = java_regex_cache_get(cache, pattern, out, &why);

    if (rc == OK && *out)
        return OK;
    if (rc == OK || rc == ERR_UNSUPPORTED)
        return call_fail(
            c, e, "the separator '" SLICE_FMT "' of STR_TO_MAP is no regular expression that can be used",
            SLICE_ARG(pattern));
    *e = why;
    return rc;
}

/* The next match that separates: an empty one at the very start does not. */
static bool next_separator(struct matches *m, struct slice *out)
{
    bool first = m->next == 0, found = next_match(m, out);

    if (found && first && out->len == 0 && (m->text.len == 0 || out->ptr == m->text.ptr))
        found = next_match(m, out);
    return found;
}

static bool add_pair(struct map_maker *maker, struct slice text, struct java_regex *within)
{
    struct matches m = {.regex = within, .text = text};
    struct pair pair = {.key = text};
    struct slice hit;

    if (text.len && next_separator(&m, &hit)) {
        pair.key = slice_of(text.ptr, (size_t)(hit.ptr - text.ptr));
        pair.value = slice_from(text, pair.key.len + hit.len);
        pair.has_value = true;
    }
    if (!MEM_GROW(maker->pairs, maker->count, maker->capacity))
        return false;
    maker->pairs[maker->count++] = pair;
    return true;
}

static bool is_nothing(const struct pair *p)
{
    return p->key.len == 0 && !p->has_value;
}

static bool split_pairs(struct map_maker *maker, struct slice text, struct java_regex *between,
                        struct java_regex *within)
{
    struct matches m = {.regex = between, .text = text};
    size_t from = 0;
    struct slice hit;

    maker->count = 0;
    while (next_separator(&m, &hit)) {
        size_t at = (size_t)(hit.ptr - text.ptr);

        if (!add_pair(maker, slice_of(text.ptr + from, at - from), within))
            return false;
        from = at + hit.len;
    }
    if (!add_pair(maker, slice_from(text, from), within))
        return false;
    while (maker->count > 1 && is_nothing(&maker->pairs[maker->count - 1]))
        maker->count--; /* empty parts at the end do not count */
    return true;
}

/* Of pairs with the same key the last one counts. */
static void append_pairs(const struct map_maker *maker, struct column_builder *out)
{
    for (size_t i = 0; i < maker->count; i++) {
        const struct pair *p = &maker->pairs[i];
        bool again = false;

        for (size_t k = i + 1; k < maker->count && !again; k++)
            again = slice_equal(maker->pairs[k].key, p->key);
        if (again)
            continue;
        builder_copied(&out->children[0], p->key.ptr, p->key.len);
        if (p->has_value)
            builder_copied(&out->children[1], p->value.ptr, p->value.len);
        else
            builder_null(&out->children[1]);
    }
    builder_list_end(out);
}

static enum err str_to_map(struct call *c, struct error *e)
{
    struct map_maker *maker = c->self;

    for (int32_t i = 0; i < c->row_count; i++) {
        struct java_regex *between, *within;
        struct slice text;
        enum err rc;

        if (!call_all_valid(c, i)) {
            builder_null(c->rows);
            continue;
        }
        if ((rc = separator(c, maker->between_pairs, 1, i, ",", &between, e)) != OK ||
            (rc = separator(c, maker->within_pair, 2, i, "=", &within, e)) != OK)
            return rc;
        text = arg_slice(&c->args[0], i);
        maker->count = 0;
        if (text.len && !split_pairs(maker, text, between, within))
            return kit_no_text(e);
        append_pairs(maker, c->rows);
    }
    return OK;
}

/* --- types */

static const struct variant extract_all = {
    .kernel = regexp_extract_all, .open = open_cache, .close = close_cache, .builds = true};
static const struct variant to_map = {
    .kernel = str_to_map, .open = open_map, .close = close_map, .builds = true};

static enum err extract_all_types(struct resolution *r, struct error *e)
{
    enum err rc = kit_types(r, "ss[i", e);

    r->variant = &extract_all;
    r->result = kit_list(r->arena, type_simple(TYPE_STRING, true), true);
    return rc == OK && r->result == NULL ? kit_no_text(e) : rc;
}

static enum err to_map_types(struct resolution *r, struct error *e)
{
    const struct type *text = type_simple(TYPE_STRING, true);
    enum err rc = kit_types(r, "s[ss", e);

    r->variant = &to_map;
    r->result = kit_map(r->arena, text, text, true);
    return rc == OK && r->result == NULL ? kit_no_text(e) : rc;
}

#define REGEXP(name_, usage_, doc_, least_, most_, signature_, kernel_)                                      \
    {                                                                                                        \
        .name = name_, .group = GROUP_STRING, .usage = usage_, .doc = doc_, .least = least_, .most = most_,  \
        .flags = FN_STRICT | FN_COSTLY | FN_FAILS, .resolve = kit_resolve, .signature = signature_,          \
        .simple = &(const struct variant){.kernel = kernel_, .open = open_cache, .close = close_cache},      \
    }

const struct function functions_regexp[] = {
    REGEXP("REGEXP", "REGEXP(string, regex)",
           "Whether a part of the text matches the regular expression; FALSE for an empty one.", 2, 2, "ss>o",
           regexp),
    REGEXP("REGEXP_COUNT", "REGEXP_COUNT(string, regex)",
           "How many parts of the text match, one behind the other.", 2, 2, "ss>i?", regexp_count),
    REGEXP("REGEXP_EXTRACT", "REGEXP_EXTRACT(string, regex [, group])",
           "The first part that matches, or what its group with that number (from 1) matched; NULL when "
           "there is none.",
           2, 3, "ss[i>s?", regexp_extract),
    {"REGEXP_EXTRACT_ALL", GROUP_STRING, "REGEXP_EXTRACT_ALL(string, regex [, group])",
     "What the group with that number (1 when not told; 0: the whole) matched in all parts that match, as an "
     "array.",
     2, 3, FN_STRICT | FN_COSTLY | FN_FAILS, extract_all_types, NULL, NULL},
    REGEXP("REGEXP_INSTR", "REGEXP_INSTR(string, regex)",
           "Where the first part that matches begins, from 1; 0 when there is none.", 2, 2, "ss>i?",
           regexp_instr),
    REGEXP("REGEXP_REPLACE", "REGEXP_REPLACE(string, regex, new)",
           "The text with each part that matches replaced by the new text, which is taken as it is.", 3, 3,
           "sss>s?", regexp_replace),
    REGEXP("REGEXP_SUBSTR", "REGEXP_SUBSTR(string, regex)",
           "The first part that matches; NULL when there is none.", 2, 2, "ss>s?", regexp_extract),
    {"STR_TO_MAP", GROUP_STRING, "STR_TO_MAP(string [, between_pairs, between_key_and_value])",
     "The pairs of a text like 'a=1,b=2' as a map; the separators are regular expressions.", 1, 3,
     FN_STRICT | FN_COSTLY | FN_FAILS, to_map_types, NULL, NULL},
    {NULL},
};
