/* json_path.c: reading paths, and walking documents along them. */
#include "expr/json_path.h"
#include "base/mem.h"
#include <strings.h>

struct reading {
    struct json_path *p;
    struct slice text;
    size_t at;
    struct error *e;
};

void json_path_fini(struct json_path *p)
{
    mem_free(p->steps);
    bytes_fini(&p->names);
    *p = (struct json_path){0};
}

void json_path_matches_fini(struct json_path_matches *m)
{
    mem_free(m->nodes);
    *m = (struct json_path_matches){0};
}

static int peek(const struct reading *r)
{
    return r->at < r->text.len ? (uint8_t)r->text.ptr[r->at] : -1;
}

static bool byte(struct reading *r, char wanted)
{
    if (peek(r) != (uint8_t)wanted)
        return false;
    r->at++;
    return true;
}

static void blanks(struct reading *r)
{
    while (peek(r) == ' ')
        r->at++;
}

static enum err bad(struct reading *r)
{
    return error_set(r->e, ERR_INPUT,
                     "the path '%.*s' cannot be read at byte %zu; paths are like '$.name[0]'",
                     (int)MIN(r->text.len, 300), r->text.len ? r->text.ptr : "", r->at);
}

static enum err unsupported(struct reading *r, const char *what)
{
    return error_set(r->e, ERR_UNSUPPORTED, "the path '%.*s' has %s, which is not supported",
                     (int)MIN(r->text.len, 300), r->text.ptr, what);
}

static enum err add(struct reading *r, struct json_path_step step)
{
    struct json_path *p = r->p;

    if (!MEM_GROW(p->steps, p->count, p->capacity) || p->names.failed)
        return error_memory(r->e, sizeof step, "a path");
    p->steps[p->count++] = step;
    if (step.kind == STEP_ALL || step.kind == STEP_SLICE || step.deep || step.several)
        p->definite = false;
    return OK;
}

static enum err add_name(struct reading *r, struct slice name, bool deep)
{
    struct json_path_step step = {
        .kind = STEP_NAME, .deep = deep, .at = (uint32_t)r->p->names.len, .len = (uint32_t)name.len};

    bytes_slice(&r->p->names, name);
    return add(r, step);
}

static enum err plain_name(struct reading *r, bool deep)
{
    size_t begin = r->at;

    while (peek(r) >= 0 && strchr(".[ (", peek(r)) == NULL)
        r->at++;
    if (peek(r) == '(')
        return unsupported(r, "a function");
    if (r->at == begin)
        return bad(r);
    return add_name(r, slice_of(r->text.ptr + begin, r->at - begin), deep);
}

static enum err quoted_name(struct reading *r, bool deep)
{
    char quote = r->text.ptr[r->at++];
    struct json_path_step step = {.kind = STEP_NAME, .deep = deep, .at = (uint32_t)r->p->names.len};

    while (peek(r) >= 0 && peek(r) != quote) {
        if (peek(r) == '\\')
            r->at++;
        if (peek(r) < 0)
            return bad(r);
        bytes_u8(&r->p->names, (uint8_t)r->text.ptr[r->at++]);
    }
    step.len = (uint32_t)(r->p->names.len - step.at);
    if (!byte(r, quote))
        return bad(r);
    blanks(r);
    if (peek(r) == ',')
        return unsupported(r, "several names in brackets");
    return add(r, step);
}

static bool integer(struct reading *r, int64_t *out)
{
    bool minus = byte(r, '-');
    size_t begin = r->at;

    for (*out = 0; peek(r) >= '0' && peek(r) <= '9' && r->at - begin < 10; r->at++)
        *out = *out * 10 + peek(r) - '0';
    if (minus)
        *out = -*out;
    return r->at > begin;
}

/* n, n:m, :m, n: and n,m,... */
static enum err numbers(struct reading *r, bool deep)
{
    for (;;) {
        struct json_path_step step = {.kind = STEP_INDEX, .deep = deep, .from = INT64_MIN, .to = INT64_MAX};
        bool has = integer(r, &step.from);
        enum err rc;

        if (!has)
            step.from = INT64_MIN;
        blanks(r);
        if (byte(r, ':')) {
            step.kind = STEP_SLICE;
            blanks(r);
            if (!integer(r, &step.to))
                step.to = INT64_MAX;
            blanks(r);
            return add(r, step);
        }
        if (!has)
            return bad(r);
        step.several = peek(r) == ',';
        if ((rc = add(r, step)) != OK || !step.several)
            return rc;
        r->at++;
        blanks(r);
    }
}

static enum err brackets(struct reading *r, bool deep)
{
    enum err rc;

    r->at++;
    blanks(r);
    if (peek(r) == '?')
        return unsupported(r, "a filter");
    if (byte(r, '*'))
        rc = add(r, (struct json_path_step){.kind = STEP_ALL, .deep = deep});
    else if (peek(r) == '\'' || peek(r) == '"')
        rc = quoted_name(r, deep);
    else
        rc = numbers(r, deep);
    if (rc != OK)
        return rc;
    blanks(r);
    return byte(r, ']') ? OK : bad(r);
}

static enum err step(struct reading *r)
{
    bool deep = false;

    if (peek(r) == '[')
        return brackets(r, false);
    if (!byte(r, '.'))
        return bad(r);
    deep = byte(r, '.');
    if (peek(r) == '[' && deep)
        return brackets(r, true);
    if (byte(r, '*'))
        return add(r, (struct json_path_step){.kind = STEP_ALL, .deep = deep});
    return plain_name(r, deep);
}

/* `strict` or `lax` and a blank before it. */
static void mode(struct reading *r)
{
    static const char *const modes[] = {"strict", "lax"};

    while (peek(r) == ' ' || (peek(r) >= '\t' && peek(r) <= '\r'))
        r->at++;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        size_t len = strlen(modes[i]);

        if (r->text.len - r->at > len && strncasecmp(r->text.ptr + r->at, modes[i], len) == 0 &&
            r->text.ptr[r->at + len] == ' ') {
            r->at += len;
            r->p->lax = i == 1;
            blanks(r);
            return;
        }
    }
}

enum err json_path_init(struct json_path *p, struct slice text, struct error *e)
{
    struct reading r = {.p = p, .text = text, .e = e};
    enum err rc = OK;

    *p = (struct json_path){.definite = true};
    mode(&r);
    if (!byte(&r, '$')) {
        if (peek(&r) < 0 || peek(&r) == '@' || peek(&r) == '.' || peek(&r) == '[')
            rc = bad(&r);
        else
            rc = plain_name(&r, false); /* a bare name is a member of the root */
    }
    while (rc == OK && r.at < text.len) {
        if (peek(&r) == ' ') {
            blanks(&r);
            rc = r.at < text.len ? bad(&r) : OK;
        } else {
            rc = step(&r);
        }
    }
    if (rc != OK)
        json_path_fini(p);
    return rc;
}

/* --- walking */

struct walk {
    const struct json_path *p;
    const struct json_document *d;
    struct json_path_matches *out;
};

static void go(struct walk *w, int32_t node, size_t step, bool sure);

static int32_t member(const struct walk *w, int32_t node, const struct json_path_step *s)
{
    struct slice name = s->len ? slice_of(w->p->names.ptr + s->at, s->len) : (struct slice){0};
    int32_t found = -1;

    if (w->d->nodes[node].kind != JSON_OBJECT)
        return -1;
    for (int32_t k = node + 1; k < w->d->nodes[node].next; k = w->d->nodes[k].next)
        if (json_document_key_is(&w->d->nodes[k], name))
            found = k; /* the last of its name */
    return found;
}

static int64_t length(const struct walk *w, int32_t node)
{
    int64_t n = 0;

    for (int32_t k = node + 1; k < w->d->nodes[node].next; k = w->d->nodes[k].next)
        n++;
    return n;
}

/* The elements from number `from` up to, without, number `to`; false when the only one wanted is not there. */
static bool elements(struct walk *w, int32_t node, size_t step, int64_t from, int64_t to)
{
    int64_t n = 0, count = 0;

    if (w->d->nodes[node].kind != JSON_ARRAY)
        return false;
    for (int32_t k = node + 1; k < w->d->nodes[node].next; k = w->d->nodes[k].next, n++)
        if (n >= from && n < to) {
            go(w, k, step, w->p->definite);
            count++;
        }
    return count > 0;
}

static size_t behind(const struct walk *w, size_t step)
{
    while (w->p->steps[step].several)
        step++;
    return step + 1;
}

static bool take(struct walk *w, int32_t node, size_t step, bool sure)
{
    const struct json_path_step *s = &w->p->steps[step];
    const struct json_node *n = &w->d->nodes[node];
    int64_t size = n->kind == JSON_ARRAY ? length(w, node) : 0, from = s->from, to = s->to;
    bool several = s->several;
    int32_t found;

    switch (s->kind) {
    case STEP_NAME:
        if ((found = member(w, node, s)) < 0)
            return false;
        go(w, found, step + 1, sure);
        return true;
    case STEP_ALL:
        for (int32_t k = node + 1; !json_document_is_scalar(n) && k < n->next; k = w->d->nodes[k].next)
            go(w, k, step + 1, false);
        return !json_document_is_scalar(n);
    case STEP_SLICE:
        from = from == INT64_MIN ? 0 : from < 0 ? from + size : from;
        to = to < 0 ? to + size : to;
        elements(w, node, step + 1, from, to);
        return n->kind == JSON_ARRAY;
    default:
        if (n->kind != JSON_ARRAY)
            return false;
        if (!several) {
            from = from < 0 ? from + size : from;
            return elements(w, node, step + 1, from, from + 1);
        }
        for (size_t end = behind(w, step), i = step; i < end; i++) {
            from = w->p->steps[i].from < 0 ? w->p->steps[i].from + size : w->p->steps[i].from;
            elements(w, node, end, from, from + 1);
        }
        return true;
    }
}

static void deep(struct walk *w, int32_t node, size_t step)
{
    const struct json_node *n = &w->d->nodes[node];

    take(w, node, step, false);
    for (int32_t k = node + 1; !json_document_is_scalar(n) && k < n->next; k = w->d->nodes[k].next)
        deep(w, k, step);
}

/* sure: all steps before were to one value, so that what is missing is an error. */
static void go(struct walk *w, int32_t node, size_t step, bool sure)
{
    struct json_path_matches *m = w->out;

    if (step < w->p->count) {
        if (w->p->steps[step].deep)
            deep(w, node, step);
        else if (!take(w, node, step, sure) && sure)
            m->missing = true;
        return;
    }
    if (m->failed || !MEM_GROW(m->nodes, m->count, m->capacity)) {
        m->failed = true;
        return;
    }
    m->nodes[m->count++] = node;
}

void json_path_find(const struct json_path *p, const struct json_document *d, struct json_path_matches *out)
{
    struct walk w = {.p = p, .d = d, .out = out};

    out->count = 0;
    out->missing = out->failed = false;
    go(&w, 0, 0, true);
}
