/* page_views.c: a first job: how often each page was viewed, per minute of event time.
 *
 *   topic "views", JSON: {"page": "/home", "user": "u1", "at": "2025-11-01 08:30:00"}
 *
 *   weir run build/examples/page_views.so -- localhost:9092
 */
#include <weir/weir.h>

/* What a minute keeps of a page's rows: plain memory, zeroed at first, part of checkpoints. */
struct views {
    int64_t count;
};

static void add(const void *arg, void *acc, const struct weir_batch *in, const int32_t *rows, int32_t count)
{
    struct views *v = acc;

    (void)arg;
    (void)in;
    (void)rows; /* which rows they are does not matter for counting them */
    v->count += count;
}

static void result(const void *arg, const void *acc, const struct weir_window *w, struct weir_rows *out)
{
    const struct views *v = acc;

    (void)arg;
    weir_put_i64(out, 1, w->start_us); /* column 0, the page, is the key: it is there already */
    weir_put_i64(out, 2, v->count);
}

static const struct weir_aggregate count_views = {
    .name = "views per minute",
    .columns = "page STRING, minute TIMESTAMP(3), views BIGINT",
    .acc_bytes = sizeof(struct views),
    .fields = (const struct weir_field[]){{"views", "BIGINT", offsetof(struct views, count)}, {0}},
    .add = add,
    .result = result,
};

int weir_main(struct weir_env *env, int argc, char **argv)
{
    const char *brokers = argc > 1 ? argv[1] : "localhost:9092";
    struct weir_stream *views, *counts;

    views = weir_from(env, "kafka",
                      WEIR_WITH({"properties.bootstrap.servers", brokers}, {"topic", "views"},
                                {"properties.group.id", "page-views"},
                                {"scan.startup.mode", "earliest-offset"}, {"format", "json"}),
                      "page STRING NOT NULL, user STRING, at TIMESTAMP(3) NOT NULL");
    views = weir_watermark(views, "at", 5 * WEIR_SECOND);
    counts = weir_window(weir_key_by(views, "page"), &(struct weir_windows){.size_us = WEIR_MINUTE},
                         &count_views, NULL);
    weir_into(weir_uid(counts, "views-per-minute"), "print", NULL);
    return 0;
}
