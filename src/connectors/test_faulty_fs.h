/* test_faulty_fs.h: a file system whose nth call fails, with all behind it working again: for tests of what is
 * left behind. Files are those of another one.
 */
#ifndef WEIR_CONNECTORS_TEST_FAULTY_FS_H
#define WEIR_CONNECTORS_TEST_FAULTY_FS_H
#include "base/mem.h"
#include "io/fs.h"

struct faulty_fs {
    struct fs fs;
    struct fs *inner; /* borrowed */
    int left;         /* calls until one fails */
};

struct faulty_file {
    struct fs_file file;
    struct fs_file *inner; /* owned */
};

static bool faulty_now(struct fs *fs, struct error *e)
{
    if (--CONTAINER_OF(fs, struct faulty_fs, fs)->left != 0)
        return false;
    error_set(e, ERR_IO, "the disk fails, as the test wants");
    return true;
}

static struct fs *faulty_inner(struct fs *fs)
{
    return CONTAINER_OF(fs, struct faulty_fs, fs)->inner;
}

static struct faulty_file *faulty_file(struct fs_file *f)
{
    return CONTAINER_OF(f, struct faulty_file, file);
}

static enum err faulty_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                            struct error *e)
{
    return faulty_now(fs, e) ? ERR_IO : fs_read(faulty_inner(fs), path, offset, len, out, e);
}

static enum err faulty_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    return faulty_now(fs, e) ? ERR_IO : fs_stat(faulty_inner(fs), path, out, e);
}

static enum err faulty_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    struct faulty_file *f;
    enum err rc;

    if (faulty_now(fs, e))
        return ERR_IO;
    if ((f = mem_zalloc(sizeof *f)) == NULL)
        return error_memory(e, sizeof *f, "a file");
    f->file.fs = fs;
    if ((rc = fs_create(faulty_inner(fs), path, &f->inner, e)) == OK)
        *out = &f->file;
    else
        mem_free(f);
    return rc;
}

static enum err faulty_write(struct fs_file *f, struct slice data, struct error *e)
{
    return faulty_now(f->fs, e) ? ERR_IO : fs_write(faulty_file(f)->inner, data, e);
}

static enum err faulty_publish(struct fs_file *f, enum fs_publish how, struct error *e)
{
    enum err rc = faulty_now(f->fs, e) ? ERR_IO : fs_publish(&faulty_file(f)->inner, how, e);

    if (rc == OK)
        mem_free(faulty_file(f));
    return rc;
}

static void faulty_abandon(struct fs_file *f)
{
    fs_abandon(&faulty_file(f)->inner);
    mem_free(faulty_file(f));
}

/* Fails behind the deed: what it has made is there, and nobody knows. */
static enum err faulty_persist(struct fs_file *f, struct bytes *ticket, struct error *e)
{
    enum err rc = fs_persist(faulty_file(f)->inner, ticket, e);

    return rc == OK && faulty_now(f->fs, e) ? ERR_IO : rc;
}

static size_t faulty_held(const struct fs_file *f)
{
    return fs_held(CONTAINER_OF_CONST(f, struct faulty_file, file)->inner);
}

static void faulty_leave(struct fs_file *f)
{
    fs_leave(&faulty_file(f)->inner);
    mem_free(faulty_file(f));
}

static enum err faulty_reveal(struct fs *fs, const char *path, struct slice ticket, struct error *e)
{
    enum err rc = fs_reveal(faulty_inner(fs), path, ticket, e);

    return rc == OK && faulty_now(fs, e) ? ERR_IO : rc;
}

static void faulty_forget(struct fs *fs, const char *path, struct slice ticket)
{
    fs_forget(faulty_inner(fs), path, ticket);
}

static enum err faulty_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    return faulty_now(fs, e) ? ERR_IO : fs_list(faulty_inner(fs), prefix, visit, arg, e);
}

static enum err faulty_remove(struct fs *fs, const char *path, struct error *e)
{
    return faulty_now(fs, e) ? ERR_IO : fs_remove(faulty_inner(fs), path, e);
}

/* inner is borrowed; nth counts from 1. */
static inline struct fs *faulty_fs_new(struct fs *inner, int nth)
{
    static const struct fs_ops ops = {.name = "faulty",
                                      .read = faulty_read,
                                      .stat = faulty_stat,
                                      .create = faulty_create,
                                      .write = faulty_write,
                                      .publish = faulty_publish,
                                      .abandon = faulty_abandon,
                                      .persist = faulty_persist,
                                      .held = faulty_held,
                                      .leave = faulty_leave,
                                      .reveal = faulty_reveal,
                                      .forget = faulty_forget,
                                      .list = faulty_list,
                                      .remove = faulty_remove};
    struct faulty_fs *f = mem_zalloc(sizeof *f);

    assert(f != NULL);
    *f = (struct faulty_fs){{&ops}, inner, nth};
    return &f->fs;
}

static inline void faulty_fs_free(struct fs *fs) /* NULL is fine */
{
    if (fs)
        mem_free(CONTAINER_OF(fs, struct faulty_fs, fs));
}
#endif
