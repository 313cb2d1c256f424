/* print.c: the sinks for looking and for measuring: 'print' writes rows to standard output, 'blackhole' drops
 * them. */
#include "base/mem.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "connectors/row_text.h"
#include <errno.h>
#include <unistd.h>

struct print_spec {
    const char *identifier; /* written before each row with "> "; NULL: nothing */
    int fd;                 /* -1: blackhole */
};

struct print {
    struct op op;
    const struct print_spec *spec;
    const struct op_env *env;
};

static struct print *self(struct op *o)
{
    return CONTAINER_OF(o, struct print, op);
}

static enum err print_open(struct op *o, const struct op_env *env, UNUSED struct error *e)
{
    self(o)->env = env;
    return OK;
}

/* As Flink has it: `identifier:subtask> +I[...]`, the subtask only where there are several. */
static void print_prefix(const struct print *p, struct bytes *out)
{
    bool many = p->env->parallelism > 1;

    if (p->spec->identifier)
        bytes_text(out, p->spec->identifier);
    if (many)
        bytes_printf(out, "%s%" PRId32, p->spec->identifier ? ":" : "", p->env->subtask + 1);
    if (many || p->spec->identifier)
        bytes_text(out, "> ");
}

static enum err write_all(int fd, struct slice text, struct error *e)
{
    while (text.len) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_errno(e, errno, "writing rows to standard output");
        text = slice_from(text, (size_t)n);
    }
    return OK;
}

/* A string may hold a line's end: a row is not always a line. */
static void print_row(const struct print *p, const struct batch *b, int32_t row, struct bytes *out)
{
    print_prefix(p, out);
    row_text(b, row, out);
    bytes_u8(out, '\n');
}

static enum err print_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct print *p = self(o);
    struct bytes lines = {0};
    enum err rc;

    if (p->spec->fd < 0)
        return OK;
    for (int32_t i = 0; i < batch_live(b); i++)
        print_row(p, b, batch_row(b, i), &lines);
    rc = lines.failed ? error_memory(e, lines.len, "rows as text")
                      : write_all(p->spec->fd, bytes_all(&lines), e);
    bytes_fini(&lines);
    return rc;
}

static enum err print_snapshot(UNUSED struct op *o, UNUSED int64_t id, UNUSED struct op_snapshot *out,
                               UNUSED struct error *e)
{
    return OK;
}

static void print_close(struct op *o)
{
    mem_free(self(o));
}

static const struct operator_ops print_ops = {
    .name = "print",
    .open = print_open,
    .batch = print_batch,
    .snapshot = print_snapshot,
    .close = print_close,
};

static enum err print_new(const void *spec, struct op **out, struct error *e)
{
    struct print *p = mem_zalloc(sizeof *p);

    if (p == NULL)
        return error_memory(e, sizeof *p, "a print sink");
    p->op.ops = &print_ops;
    p->spec = spec;
    *out = &p->op;
    return OK;
}

static const struct operator_factory print_factory = {"print", print_new, NULL};

static enum err plan(const struct connector_request *r, int fd, const char *identifier,
                     struct connector_plan *out, struct error *e)
{
    struct print_spec *spec = ARENA_NEW(r->arena, struct print_spec);

    if (spec == NULL)
        return error_memory(e, sizeof *spec, "a print sink");
    *spec = (struct print_spec){identifier && *identifier ? arena_strdup(r->arena, identifier) : NULL, fd};
    if (r->arena->failed)
        return error_memory(e, sizeof *spec, "a print sink");
    *out = (struct connector_plan){.factory = &print_factory,
                                   .spec = spec,
                                   .title = fd < 0 ? "blackhole" : "print",
                                   .changes = CHANGES_ALL};
    return OK;
}

extern const struct connector print_connector, blackhole_connector;

static enum err plan_print(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    struct settings s = connector_settings(&print_connector, r);
    enum err rc = connector_check_options(&print_connector, r->options, NULL, e);

    if (rc != OK)
        return rc;
    return plan(r, settings_bool(&s, "standard-error") ? STDERR_FILENO : STDOUT_FILENO,
                settings_text(&s, "print-identifier"), out, e);
}

static enum err plan_blackhole(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    enum err rc = connector_check_options(&blackhole_connector, r->options, NULL, e);

    return rc == OK ? plan(r, -1, NULL, out, e) : rc;
}

static const struct setting print_settings[] = {
    {"print-identifier", SETTING_TEXT, SETTING_OPTIONAL, NULL, NULL, "written before each row, and `> `"},
    {"standard-error", SETTING_BOOL, SETTING_OPTIONAL, "false", NULL,
     "write to standard error instead of standard output"},
    {0},
};
static const struct setting no_settings[] = {{0}};

const struct connector print_connector = {
    .name = "print",
    .sink = plan_print,
    .settings = print_settings,
    .doc =
        "Writes each row as a line to standard output, as Flink does: `id:2> +I[1, a]`, where the subtask is "
        "named when there are several.",
};
const struct connector blackhole_connector = {
    .name = "blackhole",
    .sink = plan_blackhole,
    .settings = no_settings,
    .doc = "Drops every row: for measuring.",
};
