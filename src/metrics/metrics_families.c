/* metrics_families.c: what a reader sees: metrics of one full name under one HELP and one TYPE.
 * The format allows one TYPE to a name and one sample to a name and its labels; who comes second is counted
 * as before but not shown, and a line in the log says so.
 */
#include "metrics/metrics_registry.h"
#include "base/mem.h"
#include "os/log.h"

static const char *const exposition_names[] = {
    [EXPOSE_GAUGE] = "gauge",
    [EXPOSE_COUNTER] = "counter",
    [EXPOSE_SUMMARY] = "summary",
    [EXPOSE_HISTOGRAM] = "histogram",
};

static enum exposition exposition_of(enum metric_kind kind, bool bare)
{
    if (kind == METRIC_HISTOGRAM)
        return bare ? EXPOSE_HISTOGRAM : EXPOSE_SUMMARY;
    return kind == METRIC_COUNTER && bare ? EXPOSE_COUNTER : EXPOSE_GAUGE;
}

static void full_name(const struct metric_scope *s, const char *name, struct bytes *out)
{
    struct bytes all = {0};

    if (!s->bare)
        bytes_text(&all, "flink_");
    bytes_text(&all, s->name);
    bytes_printf(&all, "%s%s", *s->name ? "_" : "", *name ? name : "unnamed");
    if (bytes_cstr(&all) == NULL)
        out->failed = true;
    else
        text_name(out, all.ptr);
    bytes_fini(&all);
}

/* Flink's HELP is the metric's name and scope; what we know better follows. */
static char *help_of(const struct metric_scope *s, const char *name, const char *help)
{
    if (s->bare)
        return mem_strdup(help ? help : name);
    return help ? mem_printf("%s (scope: %s): %s", name, s->name, help)
                : mem_printf("%s (scope: %s)", name, s->name);
}

static void family_free(struct family *f)
{
    if (f == NULL)
        return;
    for (int i = 0; i < EXPOSITION_COUNT; i++)
        map_fini(&f->series[i]);
    mem_free(f->name);
    mem_free(f->help);
    mem_free(f);
}

static struct family *family_make(struct metrics *m, const struct metric *x, const char *full,
                                  const char *name, const char *help)
{
    struct family *f = mem_zalloc(sizeof *f);

    if (f == NULL || (f->name = mem_strdup(full)) == NULL ||
        (f->help = help_of(x->scope, name, help)) == NULL || !map_put(&m->families, slice_text(f->name), f)) {
        family_free(f);
        return NULL;
    }
    f->shown = x->exposed;
    return f;
}

/* Keep `shown` at a group that is not empty; a family without any is gone. */
static void family_settle(struct metrics *m, struct family *f)
{
    if (map_count(&f->series[f->shown]) > 0)
        return;
    for (int i = 0; i < EXPOSITION_COUNT; i++)
        if (map_count(&f->series[i]) > 0) {
            f->shown = (enum exposition)i;
            return;
        }
    map_remove(&m->families, slice_text(f->name));
    family_free(f);
}

static void warn_if_hidden(struct metrics *m, const struct metric *x)
{
    if (x->exposed != x->family->shown)
        log_warn(
            "metrics",
            "metric %s is there as %s already: this %s of the same name is counted but not shown; rename one",
            x->family->name, exposition_names[x->family->shown], exposition_names[x->exposed]);
    else if (families_is_suffix(m, x->family))
        log_warn("metrics",
                 "metric %s would be mixed up with the samples of a histogram: it is counted but not shown; "
                 "rename it",
                 x->family->name);
    else if (x->shadowed)
        log_warn("metrics", "metric %s{" SLICE_FMT "} is there twice: only the newer is shown",
                 x->family->name, SLICE_ARG(bytes_all(&x->scope->label_text)));
}

bool families_add(struct metrics *m, struct metric *x, const char *name, const char *help)
{
    struct slice labels = slice_of(x->scope->label_text.ptr, x->scope->label_text.len);
    struct bytes full = {0};
    struct family *f = NULL;
    struct map *group;
    bool ok = false;

    x->exposed = exposition_of(x->kind, x->scope->bare);
    full_name(x->scope, name, &full);
    if (bytes_cstr(&full) == NULL)
        goto out;
    f = map_get(&m->families, bytes_all(&full));
    if (f == NULL && (f = family_make(m, x, full.ptr, name, help)) == NULL)
        goto out;
    group = &f->series[x->exposed];
    x->shadowed = map_get(group, labels);
    ok = map_put(group, labels, x);
    if (ok) {
        x->family = f;
        warn_if_hidden(m, x);
    } else {
        family_settle(m, f);
    }
out:
    bytes_fini(&full);
    return ok;
}

void families_remove(struct metrics *m, struct metric *x)
{
    struct slice labels = slice_of(x->scope->label_text.ptr, x->scope->label_text.len);
    struct map *group = &x->family->series[x->exposed];
    struct metric *head = map_get(group, labels);

    if (head != x) {
        while (head->shadowed != x)
            head = head->shadowed;
        head->shadowed = x->shadowed;
    } else if (x->shadowed) {
        bool replaced = map_put(group, labels, x->shadowed);
        assert(replaced); /* the key is there: no memory is asked for */
    } else {
        map_remove(group, labels);
    }
    family_settle(m, x->family);
}

bool families_is_suffix(struct metrics *m, const struct family *f)
{
    static const struct {
        struct slice suffix;
        bool of_summary;
    } suffixes[] = {{SLICE("_count"), true}, {SLICE("_sum"), false}, {SLICE("_bucket"), false}};
    struct slice name = slice_text(f->name);

    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        const struct family *base;

        if (!slice_ends(name, suffixes[i].suffix))
            continue;
        base = map_get(&m->families, slice_of(name.ptr, name.len - suffixes[i].suffix.len));
        if (base &&
            (base->shown == EXPOSE_HISTOGRAM || (base->shown == EXPOSE_SUMMARY && suffixes[i].of_summary)))
            return true;
    }
    return false;
}

void families_fini(struct metrics *m)
{
    map_fini(&m->families); /* empty by now: the last metric of a family takes it along */
}
