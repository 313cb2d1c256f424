/* metrics_registry.h: the registry's inside, for the files of this folder.
 *
 *   metrics ── scopes (tree) ── metrics by kind and name        who owns and frees
 *      └────── families by full name ── series by label text    what a reader sees
 *
 * 1. A family is what stands under one HELP and TYPE; all metrics of one full name are in it.
 * 2. Metrics of one name that would need different TYPEs lie in different groups of the family; one group is
 * shown.
 * 3. Metrics of one name and one label text (different values may look alike once filtered) are a chain,
 * newest first; the newest is shown. The lock guards all but the values.
 */
#ifndef WEIR_METRICS_METRICS_REGISTRY_H
#define WEIR_METRICS_METRICS_REGISTRY_H
#include "base/map.h"
#include "metrics/histogram.h"
#include "metrics/meter.h"
#include "metrics/metrics.h"
#include <pthread.h>

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_GAUGE_FN, METRIC_METER, METRIC_HISTOGRAM };
enum exposition { EXPOSE_GAUGE, EXPOSE_COUNTER, EXPOSE_SUMMARY, EXPOSE_HISTOGRAM, EXPOSITION_COUNT };

struct gauge_fn {
    double (*read)(void *arg);
    void *arg;
};

struct metric {
    enum metric_kind kind;
    enum exposition exposed;
    struct metric_scope *scope; /* borrowed: the owner */
    struct family *family;      /* borrowed */
    struct metric *shadowed;    /* borrowed: the older one of the same name and labels */
    union {
        struct counter counter;
        struct gauge gauge;
        struct gauge_fn fn;
        struct meter *meter;         /* owned */
        struct histogram *histogram; /* owned */
    } value;
};

struct family {
    char *name;                          /* owned: as written */
    char *help;                          /* owned */
    struct map series[EXPOSITION_COUNT]; /* label text to struct metric, the head of its chain */
    enum exposition shown;               /* the group that is shown; never an empty one */
};

struct metric_scope {
    struct metrics *registry;    /* borrowed */
    struct metric_scope *parent; /* borrowed; NULL for the two roots */
    bool bare;
    int asked_count;             /* metrics_scope calls not yet answered by metrics_scope_remove */
    char *key;                   /* owned: in parent->children */
    char *name;                  /* owned: logical name, without "flink_": "taskmanager_job" */
    struct metric_label *labels; /* owned, names and values too: parent's and own */
    size_t label_count;
    struct bytes label_text; /* as written between the braces */
    struct map children;     /* key to struct metric_scope, owned */
    struct map metrics;      /* kind and name to struct metric, owned */
};

struct process_metrics;

struct metrics {
    pthread_mutex_t lock;
    struct clock *clock;             /* borrowed */
    struct metric_scope root, bare;  /* neither has metrics of its own name */
    struct map families;             /* name to struct family, owned */
    struct process_metrics *process; /* owned list */
};

/* --- metrics_families.c: under the lock --- */

/* Put x, whose kind and scope are set, into the family of name; false when there is no memory, nothing is
 * changed then. */
MUST_USE bool families_add(struct metrics *m, struct metric *x, const char *name, const char *help);
void families_remove(struct metrics *m, struct metric *x);
void families_fini(struct metrics *m);

/* True when the samples of f would be mixed up with those of a summary or histogram: `x_count` beside a
 * summary `x`. */
bool families_is_suffix(struct metrics *m, const struct family *f);

/* --- metrics_text.c: how names and label values are written --- */

void text_name(struct bytes *out, const char *name);       /* all outside [a-zA-Z0-9:_] as '_' */
void text_label_name(struct bytes *out, const char *name); /* ... and no ':' */
void text_filtered(struct bytes *out, const char *value);  /* a label value in Flink's filter */
void text_escaped(struct bytes *out, const char *value,
                  bool quotes);                /* UTF-8, with \\, \n and, if quotes, \" */
void text_double(struct bytes *out, double v); /* as Java writes a double: 2.0, 1.5E12, NaN, +Inf */

/* --- process_metrics.c --- */

void process_metrics_free(struct process_metrics *list);
#endif
