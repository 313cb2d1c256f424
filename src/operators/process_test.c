/* process_test.c: user code with keyed state and timers, and without keys (map_batch.c). */
#include "base/mem.h"
#include "base/test.h"
#include "io/fs.h"
#include "operators/map_batch.h"
#include "operators/operator_harness.h"
#include "operators/process.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static const struct schema *schema;
static struct fs *fs;
static char folder[32] = "/tmp/weir-process-XXXXXX";
static const int32_t key_columns[] = {0};

static int setup(UNUSED void **state)
{
    struct error e;

    if (mkdtemp(folder) == NULL || fs_local_new(&fs, &e) != OK)
        return 1;
    strcat(folder, "/");
    return schema_parse(&arena, SLICE("name STRING, at BIGINT"), &schema, &e);
}

static bool remove_one(UNUSED void *arg, const struct fs_info *info)
{
    struct error e;

    return fs_remove(fs, info->path, &e) == OK;
}

static int teardown(UNUSED void **state)
{
    struct error e;
    enum err rc = fs_list(fs, folder, remove_one, NULL, &e);

    rmdir(folder);
    fs_free(fs);
    arena_fini(&arena);
    return rc;
}

/* --- a function: counts rows per key, says so when a timer set by the first row is due --- */

struct counting {
    struct state *counts;
    int closed;
};

static enum err counting_open(UNUSED const void *arg, struct process *p, void **self, struct error *e)
{
    struct state_desc desc = {.name = "counts", .key = p->key, .value_size = sizeof(int64_t)};
    struct counting *c = mem_zalloc(sizeof *c);

    if (c == NULL)
        return error_memory(e, sizeof *c, "a function");
    *self = c;
    if (state_declare(p->env->state, &desc, &c->counts, e) == OK)
        return OK;
    mem_free(c);
    return e->code;
}

static enum err counting_batch(void *self, struct process *p, struct batch *b, const struct key *keys,
                               struct error *e)
{
    struct counting *c = self;

    for (int32_t i = 0; i < batch_live(b); i++) {
        int64_t at = b->columns[1].i64[batch_row(b, i)];
        int64_t *count = state_edit(c->counts, keys[i], 0, NULL);

        /* negative: in so much processing time */
        if (count == NULL ||
            !(at >= 0 ? timers_set(&p->event, at, keys[i])
                      : timers_set(&p->processing, clock_wall_us(p->env->clock) - at, keys[i])))
            return error_memory(e, 8, "a count");
        ++*count;
    }
    return OK;
}

static enum err counting_timer(void *self, struct process *p, enum timer_kind kind, int64_t due_us,
                               struct key key, struct error *e)
{
    struct counting *c = self;
    struct slice count = state_get(c->counts, key, 0);
    struct builder b;
    struct batch *out;
    enum err rc;

    if (!builder_init(&b, schema, p->env->budget))
        return error_memory(e, sizeof b, "a row");
    if (!key_decode(key.bytes, b.columns, 1))
        fail_msg("not a key");
    builder_i64(&b.columns[1],
                kind == TIMER_EVENT ? due_us * 100 + *(const int64_t *)(const void *)count.ptr : -1);
    if ((rc = builder_finish(&b, &out, e)) == OK)
        rc = p->env->out->batch(p->env->out, kind == TIMER_EVENT ? 0 : 1, out, e);
    builder_fini(&b);
    return rc;
}

static void counting_close(void *self, UNUSED struct process *p)
{
    mem_free(self);
}

static const struct process_function counting = {
    .open = counting_open, .batch = counting_batch, .timer = counting_timer, .close = counting_close};

static struct process_spec counting_spec(void)
{
    return (struct process_spec){.fn = &counting, .input = schema, .key_count = 1, .keys = key_columns};
}

static void feed(struct harness *h, const char *lines)
{
    struct batch *b = harness_rows(schema, lines, h->budget);
    struct error e;

    ASSERT_OK(harness_batch(h, 0, b, &e), &e);
    batch_unref(b);
}

static void test_event_timers(UNUSED void **state)
{
    const struct process_spec spec = counting_spec();
    const struct harness_config c = {
        .factory = &process_factory, .spec = &spec, .keyed = true, .fs = fs, .folder = folder};
    struct harness_image image;
    const struct harness_image *images[] = {&image};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    feed(&h, "a 5\nb 3\na 5\na 9");
    ASSERT_OK(harness_watermark(&h, 4, &e), &e);
    HARNESS_EXPECT(&h, "0 +I(b, 301)\nwatermark 4\n");
    ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
    assert_int_equal(image.item_count, 1);
    harness_close(&h);
    ASSERT_OK(harness_open(&h, &c, images, 1, &e), &e);
    feed(&h, "b 6");
    ASSERT_OK(harness_watermark(&h, 9, &e), &e);
    HARNESS_EXPECT(&h, "0 +I(a, 503)\n0 +I(b, 602)\n0 +I(a, 903)\nwatermark 9\n");
    harness_close(&h);
    harness_image_fini(&image);
}

static void test_processing_timers(UNUSED void **state)
{
    const struct process_spec spec = counting_spec();
    const struct harness_config c = {
        .factory = &process_factory, .spec = &spec, .keyed = true, .fs = fs, .folder = folder};
    struct harness_image image;
    const struct harness_image *images[] = {&image};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    feed(&h, "a -500\nb -300");
    ASSERT_OK(harness_advance(&h, 299, &e), &e);
    HARNESS_EXPECT(&h, "");
    ASSERT_OK(harness_advance(&h, 1, &e), &e);
    HARNESS_EXPECT(&h, "1 +I(b, -1)\n");
    ASSERT_OK(harness_snapshot(&h, 1, false, &image, &e), &e);
    harness_close(&h);
    ASSERT_OK(harness_open(&h, &c, images, 1, &e), &e); /* asks to be woken for what it was given */
    ASSERT_OK(harness_advance(&h, 500, &e), &e);
    HARNESS_EXPECT(&h, "1 +I(a, -1)\n");
    harness_close(&h);
    harness_image_fini(&image);
}

/* Many timers of one moment, while the output is full now and then. */
static void test_many_timers(UNUSED void **state)
{
    const struct process_spec spec = counting_spec();
    const struct harness_config c = {.factory = &process_factory, .spec = &spec, .keyed = true};
    struct bytes lines = {0};
    struct harness h;
    bool more = true;
    int calls = 0;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    h.quiet = true;
    h.full_after = 10;
    for (int i = 0; i < 5000; i++)
        bytes_printf(&lines, "%sk%d 7", i ? "\n" : "", i);
    feed(&h, bytes_cstr(&lines));
    for (; more; calls++) {
        ASSERT_OK(harness_watermark_step(&h, 7, &more, &e), &e);
        harness_room(&h);
    }
    assert_int_equal(calls, 5);
    assert_int_equal(h.rows, 5000);
    HARNESS_EXPECT(&h, "watermark 7\n");
    bytes_fini(&lines);
    harness_close(&h);
}

static enum err life(struct error *e)
{
    const struct process_spec spec = counting_spec();
    const struct harness_config c = {
        .factory = &process_factory, .spec = &spec, .keyed = true, .fs = fs, .folder = folder};
    struct harness_image image = {0};
    const struct harness_image *images[] = {&image};
    struct batch *b = harness_rows(schema, "a 5\nb 3", NULL);
    struct harness h;
    enum err rc = b ? OK : ERR_MEMORY;

    if (rc == OK && (rc = harness_open(&h, &c, NULL, 0, e)) == OK) {
        if ((rc = harness_batch(&h, 0, b, e)) == OK && (rc = harness_watermark(&h, 3, e)) == OK)
            rc = harness_snapshot(&h, 1, false, &image, e);
        harness_close(&h);
    }
    if (rc == OK && (rc = harness_open(&h, &c, images, 1, e)) == OK) {
        rc = harness_watermark(&h, WATERMARK_END, e);
        harness_close(&h);
    }
    harness_image_fini(&image);
    batch_unref(b);
    return rc;
}

static void test_no_memory(UNUSED void **state)
{
    struct error e;
    enum err rc = ERR_MEMORY;

    for (uint64_t nth = 1; rc != OK; nth++) {
        mem_fail_at(nth, false);
        rc = life(&e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", nth, e.text);
    }
}

/* --- map --- */

static enum err map_open(const void *arg, UNUSED const struct op_env *env, void **self, struct error *e)
{
    if ((*self = mem_zalloc(sizeof(int64_t))) == NULL)
        return error_memory(e, sizeof(int64_t), "a function");
    *(int64_t *)*self = *(const int64_t *)arg;
    return OK;
}

/* Every row but the first to port 0, the first to port 1; remembers how many batches there were. */
static enum err map_batch(void *self, const struct op_env *env, struct batch *b, struct error *e)
{
    int32_t first[] = {batch_row(b, 0)};
    struct batch *one = batch_select(b, first, 1, env->budget);

    ++*(int64_t *)self;
    if (one == NULL)
        return error_memory(e, 4, "a row");
    if (env->out->batch(env->out, 1, one, e) != OK)
        return e->code;
    return env->out->batch(env->out, 0, batch_ref(b), e);
}

static enum err map_snapshot(void *self, struct op_snapshot *out, UNUSED struct error *e)
{
    snapshot_item(out, "count", (struct slice){self, sizeof(int64_t)});
    return OK;
}

static enum err map_restore(void *self, const struct op_restore *from, UNUSED struct error *e)
{
    for (int32_t i = 0; i < from->item_count; i++)
        memcpy(self, from->items[i].bytes.ptr, sizeof(int64_t));
    return OK;
}

static enum err map_end(void *self, const struct op_env *env, struct error *e)
{
    return env->out->watermark(env->out, *(int64_t *)self, e);
}

static const struct map_function map_function = {map_open,     map_batch, map_restore,
                                                 map_snapshot, map_end,   mem_free};

static void test_map(UNUSED void **state)
{
    static const int64_t start = 40;
    const struct map_spec spec = {&map_function, &start};
    const struct harness_config c = {.factory = &map_batch_factory, .spec = &spec};
    struct harness_image image;
    const struct harness_image *images[] = {&image};
    struct harness h;
    struct error e;

    ASSERT_OK(harness_open(&h, &c, NULL, 0, &e), &e);
    feed(&h, "a 5\nb 3");
    HARNESS_EXPECT(&h, "1 +I(a, 5)\n0 +I(a, 5)\n0 +I(b, 3)\n");
    ASSERT_OK(harness_snapshot(&h, 9, false, &image, &e), &e);
    assert_int_equal(harness_image_item(&image, "count").ptr[0], 41);
    harness_close(&h);
    ASSERT_OK(harness_open(&h, &c, images, 1, &e), &e);
    feed(&h, "a 5");
    harness_take(&h);
    ASSERT_OK(harness_end(&h, &e), &e);
    HARNESS_EXPECT(&h, "watermark 42\n");
    harness_close(&h);
    harness_image_fini(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_timers), cmocka_unit_test(test_processing_timers),
        cmocka_unit_test(test_many_timers),  cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_map),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
