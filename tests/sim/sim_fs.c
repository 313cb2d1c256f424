/* sim_fs.c: faults around a file system in memory. See sim_fs.h. */
#include "sim_fs.h"
#include "base/mem.h"
#include "checkpoint/fs_memory.h"

struct sim_fs {
    struct fs fs;
    struct fs *inner; /* owned */
    struct sim_world *world;
};

struct sim_file {
    struct fs_file file;
    struct fs_file *inner; /* owned */
};

static struct sim_fs *sim_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct sim_fs, fs);
}

/* To be asked before and after an operation with effects. */
static enum err perhaps(struct sim_fs *s, const char *what, struct error *e)
{
    if (s->world->is_dead)
        return error_set(e, ERR_UNAVAILABLE, "%s: the process is dead", what);
    if (sim_fault(s->world))
        return error_set(e, sim_below(s->world, 2) ? ERR_IO : ERR_UNAVAILABLE, "%s: an injected fault", what);
    return OK;
}

static enum err sim_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                         struct error *e)
{
    struct sim_fs *s = sim_of(fs);
    enum err rc = perhaps(s, path, e);

    return rc == OK ? fs_read(s->inner, path, offset, len, out, e) : rc;
}

static enum err sim_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    struct sim_fs *s = sim_of(fs);
    enum err rc = perhaps(s, path, e);

    return rc == OK ? fs_stat(s->inner, path, out, e) : rc;
}

static enum err sim_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    struct sim_fs *s = sim_of(fs);
    struct sim_file *f;
    enum err rc;

    if ((rc = perhaps(s, path, e)) != OK)
        return rc;
    if ((f = mem_zalloc(sizeof *f)) == NULL)
        return error_memory(e, sizeof *f, path);
    f->file.fs = fs;
    if ((rc = fs_create(s->inner, path, &f->inner, e)) != OK) {
        mem_free(f);
        return rc;
    }
    *out = &f->file;
    return OK;
}

static enum err sim_write(struct fs_file *file, struct slice data, struct error *e)
{
    struct sim_file *f = CONTAINER_OF(file, struct sim_file, file);
    enum err rc = perhaps(sim_of(file->fs), "writing", e);

    return rc == OK ? fs_write(f->inner, data, e) : rc;
}

static enum err sim_publish(struct fs_file *file, enum fs_publish how, struct error *e)
{
    struct sim_file *f = CONTAINER_OF(file, struct sim_file, file);
    struct sim_fs *s = sim_of(file->fs);
    enum err rc;

    if ((rc = perhaps(s, "publishing", e)) != OK || (rc = fs_publish(&f->inner, how, e)) != OK)
        return rc;
    if ((rc = perhaps(s, "publishing, which succeeded unheard", e)) == OK)
        mem_free(f);
    return rc;
}

static void sim_abandon(struct fs_file *file)
{
    struct sim_file *f = CONTAINER_OF(file, struct sim_file, file);

    fs_abandon(&f->inner);
    mem_free(f);
}

struct torn {
    struct sim_fs *sim;
    fs_visit *visit;
    void *arg;
    bool is_torn;
};

static bool visit_until_torn(void *arg, const struct fs_info *info)
{
    struct torn *t = arg;

    t->is_torn = sim_fault(t->sim->world);
    return !t->is_torn && t->visit(t->arg, info);
}

static enum err sim_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    struct sim_fs *s = sim_of(fs);
    struct torn t = {.sim = s, .visit = visit, .arg = arg};
    enum err rc;

    if ((rc = perhaps(s, prefix, e)) != OK || (rc = fs_list(s->inner, prefix, visit_until_torn, &t, e)) != OK)
        return rc;
    return t.is_torn ? error_set(e, ERR_IO, "listing %s broke off: an injected fault", prefix) : OK;
}

static enum err sim_remove(struct fs *fs, const char *path, struct error *e)
{
    struct sim_fs *s = sim_of(fs);
    enum err rc;

    if ((rc = perhaps(s, path, e)) != OK || (rc = fs_remove(s->inner, path, e)) != OK)
        return rc;
    return perhaps(s, path, e);
}

static void sim_free(struct fs *fs)
{
    struct sim_fs *s = sim_of(fs);

    fs_free(s->inner);
    mem_free(s);
}

static const struct fs_ops sim_ops = {
    .name = "sim",
    .read = sim_read,
    .stat = sim_stat,
    .create = sim_create,
    .write = sim_write,
    .publish = sim_publish,
    .abandon = sim_abandon,
    .list = sim_list,
    .remove = sim_remove,
    .free = sim_free,
};

struct fs *sim_fs_new(struct sim_world *w)
{
    struct sim_fs *s = mem_zalloc(sizeof *s);

    if (s == NULL || (s->inner = fs_memory_new(NULL)) == NULL) {
        mem_free(s);
        return NULL;
    }
    s->fs.ops = &sim_ops;
    s->world = w;
    return &s->fs;
}
