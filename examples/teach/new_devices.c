/* new_devices.c: keyed state and timers: tell when a user logs in from a device not seen in the last day.
 *
 *   topic "logins", JSON: {"user": "u1", "device": "d7", "at": "2025-11-01 08:30:00"}
 *
 *   weir run build/examples/new_devices.so -- localhost:9092
 */
#include <weir/weir.h>

/* Columns of the input. */
enum { USER, DEVICE, AT };

struct watcher {
    struct weir_state *seen; /* of the current user: device -> when it was seen last */
};

static bool open_watcher(void *p, struct weir_task *t, const void *arg)
{
    struct watcher *self = p;

    (void)arg;
    self->seen = weir_state_map(t, "seen", sizeof(int64_t), 0);
    return self->seen != NULL;
}

static bool login(void *p, struct weir_task *t, const struct weir_batch *in, int32_t row)
{
    struct watcher *self = p;
    struct weir_str device = weir_str(in, DEVICE, row);
    int64_t at = weir_i64s(in, AT)[row];
    bool is_new = weir_map_get(self->seen, device.ptr, device.len) == NULL;
    int64_t *last = weir_map_edit(self->seen, device.ptr, device.len);

    if (last == NULL)
        return false;
    *last = at > *last ? at : *last;
    if (is_new) {
        struct weir_rows *out = weir_out(t, 0);

        weir_put_from(out, 0, in, USER, row);
        weir_put_from(out, 1, in, DEVICE, row);
        weir_put_i64(out, 2, at);
    }
    return weir_timer_event(t, at + WEIR_DAY); /* then look whether it was seen since */
}

/* A day after some login of the current user: forget the devices that were not used since. */
static bool forget(void *p, struct weir_task *t, int64_t due_us, bool event_time)
{
    struct watcher *self = p;
    const void *device;
    size_t len;

    (void)t;
    (void)event_time;
    for (size_t at = 0; (device = weir_map_next(self->seen, &at, &len)) != NULL;) {
        const int64_t *last = weir_map_get(self->seen, device, len);

        if (*last + WEIR_DAY <= due_us) {
            weir_map_remove(self->seen, device, len);
            at = 0; /* the entries have moved up */
        }
    }
    return true;
}

static const struct weir_process watch = {
    .name = "new devices",
    .columns = "user STRING, device STRING, at TIMESTAMP(3)",
    .self_bytes = sizeof(struct watcher),
    .open = open_watcher,
    .row = login,
    .timer = forget,
};

int weir_main(struct weir_env *env, int argc, char **argv)
{
    const char *brokers = argc > 1 ? argv[1] : "localhost:9092";
    struct weir_stream *logins;

    logins = weir_from(env, "kafka",
                       WEIR_WITH({"properties.bootstrap.servers", brokers}, {"topic", "logins"},
                                 {"properties.group.id", "new-devices"},
                                 {"scan.startup.mode", "earliest-offset"}, {"format", "json"}),
                       "user STRING NOT NULL, device STRING NOT NULL, at TIMESTAMP(3) NOT NULL");
    logins = weir_watermark(logins, "at", 5 * WEIR_SECOND);
    weir_into(weir_process(weir_key_by(logins, "user"), &watch, NULL), "print", NULL);
    return 0;
}
