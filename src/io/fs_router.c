/* fs_router.c: the file system that a job sees: local paths go to the disk, s3 paths to the object store.
 * A file being written belongs to the file system that made it, so writing does not come by here again.
 */
#include "base/mem.h"
#include "io/fs.h"
#include <strings.h>

struct router {
    struct fs base;
    struct fs *local, *s3; /* owned; s3 may be NULL */
};

/* What stands before `:` when `//` follows; `file:` is one without. Empty for a plain path. */
static struct slice scheme_of(const char *path)
{
    size_t len = strcspn(path, ":/");

    if (path[len] != ':' || (strncmp(path + len, "://", 3) != 0 && strncasecmp(path, "file:", 5) != 0))
        return (struct slice){path, 0};
    return (struct slice){path, len};
}

static bool scheme_is(struct slice scheme, const char *name)
{
    return scheme.len == strlen(name) && strncasecmp(scheme.ptr, name, scheme.len) == 0;
}

static enum err route(struct fs *fs, const char *path, struct fs **out, struct error *e)
{
    struct router *r = CONTAINER_OF(fs, struct router, base);
    struct slice scheme = scheme_of(path);

    if (scheme.len == 0 || scheme_is(scheme, "file")) {
        *out = r->local;
        return OK;
    }
    if (!scheme_is(scheme, "s3") && !scheme_is(scheme, "s3a") && !scheme_is(scheme, "s3n"))
        return error_set(e, ERR_UNSUPPORTED,
                         "%s: no file system for scheme " SLICE_FMT "; use file:// or s3://", path,
                         SLICE_ARG(scheme));
    if (r->s3 == NULL)
        return error_set(e, ERR_CONFIG, "%s: no object store is configured; set s3.endpoint and its keys",
                         path);
    *out = r->s3;
    return OK;
}

static enum err router_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                            struct error *e)
{
    struct fs *to;
    enum err rc = route(fs, path, &to, e);

    return rc != OK ? rc : fs_read(to, path, offset, len, out, e);
}

static enum err router_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    struct fs *to;
    enum err rc = route(fs, path, &to, e);

    return rc != OK ? rc : fs_stat(to, path, out, e);
}

static enum err router_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    struct fs *to;
    enum err rc = route(fs, path, &to, e);

    return rc != OK ? rc : fs_create(to, path, out, e);
}

static enum err router_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    struct fs *to;
    enum err rc = route(fs, prefix, &to, e);

    return rc != OK ? rc : fs_list(to, prefix, visit, arg, e);
}

static enum err router_remove(struct fs *fs, const char *path, struct error *e)
{
    struct fs *to;
    enum err rc = route(fs, path, &to, e);

    return rc != OK ? rc : fs_remove(to, path, e);
}

static enum err router_reveal(struct fs *fs, const char *path, struct slice ticket, struct error *e)
{
    struct fs *to;
    enum err rc = route(fs, path, &to, e);

    return rc != OK ? rc : fs_reveal(to, path, ticket, e);
}

static void router_forget(struct fs *fs, const char *path, struct slice ticket)
{
    struct error e;
    struct fs *to;

    if (route(fs, path, &to, &e) == OK)
        fs_forget(to, path, ticket);
}

static void router_free(struct fs *fs)
{
    struct router *r = CONTAINER_OF(fs, struct router, base);

    fs_free(r->local);
    fs_free(r->s3);
    mem_free(r);
}

static const struct fs_s3_config *router_store(struct fs *fs)
{
    struct router *r = CONTAINER_OF(fs, struct router, base);

    return r->s3 ? fs_store(r->s3) : NULL;
}

static const struct fs_ops router_ops = {
    .name = "router",
    .read = router_read,
    .stat = router_stat,
    .create = router_create,
    .reveal = router_reveal,
    .forget = router_forget,
    .list = router_list,
    .remove = router_remove,
    .store = router_store,
    .free = router_free,
};

enum err fs_router_new(struct fs *local, struct fs *s3, struct fs **out, struct error *e)
{
    struct router *r = mem_zalloc(sizeof *r);

    *out = NULL;
    if (r == NULL) {
        fs_free(local);
        fs_free(s3);
        return error_memory(e, sizeof *r, "a file system");
    }
    r->base.ops = &router_ops;
    r->local = local;
    r->s3 = s3;
    *out = &r->base;
    return OK;
}
