/* print.c: the sinks for looking and for measuring: 'print' writes rows to standard output, 'blackhole' drops them. */
#include "base/mem.h"
#include "connectors/connector.h"
#include <errno.h>
#include <unistd.h>

struct print_spec {
    const char *identifier; /* written before each row with "> "; NULL: nothing */
    int         fd;         /* -1: blackhole */
};

struct print {
    struct op          op;
    const struct print_spec *spec;
    const struct op_env     *env;
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

static enum err print_batch(struct op *o, UNUSED int32_t input, struct batch *b, struct error *e)
{
    struct print *p = self(o);
    struct bytes  rows = {0}, lines = {0};
    enum err      rc = OK;

    if (p->spec->fd < 0)
        return OK;
    batch_print(b, &rows);
    for (struct slice left = bytes_all(&rows); left.len;) {
        const char  *end = memchr(left.ptr, '\n', left.len);
        size_t       len = end ? (size_t)(end - left.ptr) + 1 : left.len;

        print_prefix(p, &lines);
        bytes_append(&lines, left.ptr, len);
        left = slice_from(left, len);
    }
    rc = rows.failed || lines.failed ? error_memory(e, rows.len, "rows as text")
                                     : write_all(p->spec->fd, bytes_all(&lines), e);
    bytes_fini(&rows);
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

static enum err plan(const struct connector_request *r, int fd, struct connector_plan *out, struct error *e)
{
    struct print_spec *spec = ARENA_NEW(r->arena, struct print_spec);

    if (spec == NULL)
        return error_memory(e, sizeof *spec, "a print sink");
    *spec = (struct print_spec){connector_option(r->options, "print-identifier"), fd};
    *out = (struct connector_plan){.factory = &print_factory, .spec = spec, .title = fd < 0 ? "blackhole" : "print"};
    return OK;
}

static enum err plan_print(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    const char *error_output = connector_option(r->options, "standard-error");

    return plan(r, error_output && strcmp(error_output, "true") == 0 ? STDERR_FILENO : STDOUT_FILENO, out, e);
}

static enum err plan_blackhole(const struct connector_request *r, struct connector_plan *out, struct error *e)
{
    return plan(r, -1, out, e);
}

extern const struct connector print_connector, blackhole_connector;
const struct connector        print_connector = {.name = "print", .options = "print-identifier standard-error", .sink = plan_print};
const struct connector        blackhole_connector = {.name = "blackhole", .options = "", .sink = plan_blackhole};
