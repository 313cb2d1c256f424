/* metrics.c: the registry: scopes and the metrics in them. How they are shown: metrics_families.c,
 * metrics_prometheus.c. Children are found again by name and own labels, metrics by kind and name, so asking
 * twice is safe from any thread.
 */
#include "metrics/metrics_registry.h"
#include "base/mem.h"
#include "os/log.h"

/* What is handed out when there is no memory for the real one. */
static struct counter dummy_counter;
static struct gauge dummy_gauge;
static struct meter dummy_meter;
static struct histogram dummy_histogram;

struct metrics *metrics_new(struct clock *clock)
{
    struct metrics *m = mem_zalloc(sizeof *m);
    int failed;

    if (m == NULL)
        return NULL;
    failed = pthread_mutex_init(&m->lock, NULL);
    assert(!failed);
    m->clock = clock;
    m->root = (struct metric_scope){.registry = m, .name = ""};
    m->bare = (struct metric_scope){.registry = m, .name = "", .bare = true};
    return m;
}

/* --- scopes --- */

static void metric_free(struct metric *x)
{
    if (x == NULL)
        return;
    if (x->kind == METRIC_METER)
        mem_free(x->value.meter);
    if (x->kind == METRIC_HISTOGRAM)
        mem_free(x->value.histogram);
    mem_free(x);
}

static void labels_free(struct metric_label *labels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mem_free((char *)labels[i].name);
        mem_free((char *)labels[i].value);
    }
    mem_free(labels);
}

/* Everything in and below s, but not s. */
static void scope_empty(struct metric_scope *s);

static void scope_free(struct metric_scope *s)
{
    if (s == NULL)
        return;
    scope_empty(s);
    labels_free(s->labels, s->label_count);
    bytes_fini(&s->label_text);
    mem_free(s->name);
    mem_free(s->key);
    mem_free(s);
}

static void scope_empty(struct metric_scope *s)
{
    struct map_entry *entry;

    for (size_t at = 0; (entry = map_next(&s->children, &at)) != NULL;)
        scope_free(entry->value);
    map_fini(&s->children);
    for (size_t at = 0; (entry = map_next(&s->metrics, &at)) != NULL;) {
        families_remove(s->registry, entry->value);
        metric_free(entry->value);
    }
    map_fini(&s->metrics);
}

void metrics_free(struct metrics *m)
{
    if (m == NULL)
        return;
    scope_empty(&m->root);
    scope_empty(&m->bare);
    families_fini(m);
    process_metrics_free(m->process);
    pthread_mutex_destroy(&m->lock);
    mem_free(m);
}

/* Set name to value, over what a scope above said of the same name. */
static bool label_set(struct metric_scope *s, const struct metric_label *label)
{
    const char *value = label->value ? label->value : "";
    size_t at = 0;

    while (at < s->label_count && strcmp(s->labels[at].name, label->name) != 0)
        at++;
    if (at < s->label_count) {
        mem_free((char *)s->labels[at].value);
        s->labels[at].value = mem_strdup(value);
        return s->labels[at].value != NULL;
    }
    s->labels[at].name = mem_strdup(label->name);
    s->labels[at].value = mem_strdup(value);
    s->label_count++;
    return s->labels[at].name && s->labels[at].value;
}

/* Whether out has a label of that name already: name=" at its start or behind a comma; no value holds a bare
 * quote. */
static bool label_is_taken(const struct bytes *out, const struct bytes *name)
{
    for (size_t at = 0; at + name->len + 2 <= out->len; at++)
        if ((at == 0 || out->ptr[at - 1] == ',') && memcmp(out->ptr + at, name->ptr, name->len) == 0 &&
            memcmp(out->ptr + at + name->len, "=\"", 2) == 0)
            return true;
    return false;
}

/* The labels between the braces. Names that are alike once filtered are kept apart by '_'. */
static void labels_write(struct metric_scope *s)
{
    struct bytes *out = &s->label_text, name = {0};

    for (size_t i = 0; i < s->label_count; i++) {
        bytes_clear(&name);
        text_label_name(&name, s->labels[i].name);
        while (!name.failed && label_is_taken(out, &name))
            bytes_u8(&name, '_');
        if (i)
            bytes_u8(out, ',');
        bytes_slice(out, bytes_all(&name));
        bytes_text(out, "=\"");
        if (s->bare)
            text_escaped(out, s->labels[i].value, true);
        else
            text_filtered(out, s->labels[i].value);
        bytes_u8(out, '"');
        out->failed |= name.failed;
    }
    bytes_fini(&name);
}

static bool scope_label(struct metric_scope *s, const struct metric_label *labels, size_t count)
{
    size_t all = s->parent->label_count + count;

    if (all == 0)
        return true;
    s->labels = mem_calloc(all, sizeof *s->labels);
    if (s->labels == NULL)
        return false;
    for (size_t i = 0; i < s->parent->label_count; i++)
        if (!label_set(s, &s->parent->labels[i]))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!label_set(s, &labels[i]))
            return false;
    labels_write(s);
    return !s->label_text.failed;
}

static struct metric_scope *scope_make(struct metric_scope *parent, const char *name, struct slice key,
                                       const struct metric_label *labels, size_t label_count)
{
    struct metric_scope *s = mem_zalloc(sizeof *s);

    if (s == NULL)
        return NULL;
    s->registry = parent->registry;
    s->parent = parent;
    s->bare = parent->bare;
    s->key = mem_strndup(key.ptr, key.len);
    s->name = mem_printf("%s%s%s", parent->name, *parent->name && *name ? "_" : "", name);
    if (s->key == NULL || s->name == NULL || !scope_label(s, labels, label_count) ||
        !map_put(&parent->children, key, s)) {
        scope_free(s);
        return NULL;
    }
    return s;
}

/* Name and own labels as one text; the control characters keep `a` `bc` and `ab` `c` apart. */
static void scope_key(struct bytes *out, const char *name, const struct metric_label *labels, size_t count)
{
    bytes_text(out, name);
    for (size_t i = 0; i < count; i++)
        bytes_printf(out, "\x1f%s\x1e%s", labels[i].name, labels[i].value ? labels[i].value : "");
}

static struct metric_scope *scope_ask(struct metric_scope *parent, const char *name,
                                      const struct metric_label *labels, size_t label_count)
{
    struct metrics *m = parent->registry;
    struct metric_scope *s = NULL;
    struct bytes key = {0};

    scope_key(&key, name, labels, label_count);
    if (bytes_cstr(&key) == NULL)
        goto out;
    pthread_mutex_lock(&m->lock);
    s = map_get(&parent->children, bytes_all(&key));
    if (s == NULL)
        s = scope_make(parent, name, bytes_all(&key), labels, label_count);
    if (s)
        s->asked_count++;
    pthread_mutex_unlock(&m->lock);
out:
    bytes_fini(&key);
    return s;
}

struct metric_scope *metrics_scope(struct metrics *m, struct metric_scope *parent, const char *name,
                                   const struct metric_label *labels, size_t label_count)
{
    assert(parent == NULL || parent->registry == m);
    if (parent == NULL && strncmp(name, "flink_", 6) == 0)
        name += 6; /* it is written before every name of the root */
    return scope_ask(parent ? parent : &m->root, name, labels, label_count);
}

struct metric_scope *metrics_bare(struct metrics *m, const struct metric_label *labels, size_t label_count)
{
    return scope_ask(&m->bare, "", labels, label_count);
}

void metrics_scope_remove(struct metric_scope *s)
{
    struct metrics *m;

    if (s == NULL)
        return;
    m = s->registry;
    pthread_mutex_lock(&m->lock);
    assert(s->asked_count > 0);
    if (--s->asked_count == 0) {
        map_remove(&s->parent->children, slice_text(s->key));
        scope_free(s);
    }
    pthread_mutex_unlock(&m->lock);
}

/* --- metrics --- */

static bool value_make(struct metric *x, struct metrics *m)
{
    switch (x->kind) {
    case METRIC_METER:
        if ((x->value.meter = mem_zalloc(sizeof *x->value.meter)) == NULL)
            return false;
        meter_init(x->value.meter, m->clock);
        return true;
    case METRIC_HISTOGRAM:
        if ((x->value.histogram = mem_alloc(sizeof *x->value.histogram)) == NULL)
            return false;
        histogram_init(x->value.histogram, clock_mono_us(m->clock));
        return true;
    case METRIC_COUNTER:
    case METRIC_GAUGE:
    case METRIC_GAUGE_FN:
        break;
    }
    return true;
}

static struct metric *metric_make(struct metric_scope *s, enum metric_kind kind, struct slice key,
                                  const char *name, const char *help)
{
    struct metric *x = mem_zalloc(sizeof *x);

    if (x == NULL)
        return NULL;
    x->kind = kind;
    x->scope = s;
    if (!value_make(x, s->registry))
        goto fail;
    if (!families_add(s->registry, x, name, help))
        goto fail;
    if (map_put(&s->metrics, key, x))
        return x;
    families_remove(s->registry, x);
fail:
    metric_free(x);
    return NULL;
}

/* Under the lock: the metric of that kind and name in s; NULL when there is no memory. */
static struct metric *metric_ask(struct metric_scope *s, enum metric_kind kind, const char *name,
                                 const char *help)
{
    struct bytes key = {0};
    struct metric *x = NULL;

    bytes_printf(&key, "%c%s", "cgfmh"[kind], name);
    if (bytes_cstr(&key) != NULL) {
        x = map_get(&s->metrics, bytes_all(&key));
        if (x == NULL)
            x = metric_make(s, kind, bytes_all(&key), name, help);
    }
    bytes_fini(&key);
    if (x == NULL)
        log_warn("metrics", "no memory for the metric %s: it is not counted", name);
    return x;
}

static struct metric *metric_locked(struct metric_scope *s, enum metric_kind kind, const char *name,
                                    const char *help)
{
    struct metric *x;

    if (s == NULL)
        return NULL; /* there was no memory for the scope */
    pthread_mutex_lock(&s->registry->lock);
    x = metric_ask(s, kind, name, help);
    pthread_mutex_unlock(&s->registry->lock);
    return x;
}

struct counter *metrics_counter(struct metric_scope *s, const char *name, const char *help)
{
    struct metric *x = metric_locked(s, METRIC_COUNTER, name, help);

    return x ? &x->value.counter : &dummy_counter;
}

struct gauge *metrics_gauge(struct metric_scope *s, const char *name, const char *help)
{
    struct metric *x = metric_locked(s, METRIC_GAUGE, name, help);

    return x ? &x->value.gauge : &dummy_gauge;
}

struct meter *metrics_meter(struct metric_scope *s, const char *name, const char *help)
{
    struct metric *x = metric_locked(s, METRIC_METER, name, help);

    return x ? x->value.meter : &dummy_meter;
}

struct histogram *metrics_histogram(struct metric_scope *s, const char *name, const char *help)
{
    struct metric *x = metric_locked(s, METRIC_HISTOGRAM, name, help);

    return x ? x->value.histogram : &dummy_histogram;
}

void metrics_gauge_fn(struct metric_scope *s, const char *name, const char *help, double (*read)(void *arg),
                      void *arg)
{
    struct metric *x;

    if (s == NULL)
        return;
    pthread_mutex_lock(&s->registry->lock);
    x = metric_ask(s, METRIC_GAUGE_FN, name, help);
    if (x)
        x->value.fn = (struct gauge_fn){read, arg};
    pthread_mutex_unlock(&s->registry->lock);
}

void gauge_set(struct gauge *g, double v)
{
    int64_t bits;

    memcpy(&bits, &v, sizeof bits);
    atomic_store_explicit(&g->bits, bits, memory_order_relaxed);
}

double gauge_get(const struct gauge *g)
{
    int64_t bits = atomic_load_explicit(&((struct gauge *)g)->bits, memory_order_relaxed);
    double v;

    memcpy(&v, &bits, sizeof v);
    return v;
}
