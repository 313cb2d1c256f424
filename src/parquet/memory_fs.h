/* memory_fs.h: for tests: a file system of one file, in memory, whose reads or writes can be made to fail. */
#ifndef WEIR_PARQUET_MEMORY_FS_H
#define WEIR_PARQUET_MEMORY_FS_H
#include "base/mem.h"
#include "io/fs.h"

struct memory_fs {
    struct fs fs;
    struct bytes content; /* owned */
    int operations;       /* reads, stats and writes so far */
    int fail_at;          /* the operation that fails, from 1; 0: none */
    int64_t bytes_read;
};

struct memory_file {
    struct fs_file file;
};

static inline bool memory_fails(struct memory_fs *m)
{
    return ++m->operations == m->fail_at;
}

static enum err memory_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                            struct error *e)
{
    struct memory_fs *m = CONTAINER_OF(fs, struct memory_fs, fs);

    if (memory_fails(m))
        return error_set(e, ERR_IO, "reading %s: the disk is on fire", path);
    if (offset < 0 || len < 0 || offset + len > (int64_t)m->content.len)
        return error_set(e, ERR_IO, "reading %s: it is shorter than %" PRId64, path, offset + len);
    bytes_append(out, m->content.ptr + offset, (size_t)len);
    m->bytes_read += len;
    return OK;
}

static enum err memory_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    struct memory_fs *m = CONTAINER_OF(fs, struct memory_fs, fs);

    if (memory_fails(m))
        return error_set(e, ERR_IO, "asking for %s: the disk is on fire", path);
    *out = (struct fs_info){.path = path, .size = (int64_t)m->content.len};
    return OK;
}

static enum err memory_create(struct fs *fs, UNUSED const char *path, struct fs_file **out, struct error *e)
{
    struct memory_fs *m = CONTAINER_OF(fs, struct memory_fs, fs);
    struct memory_file *f = mem_zalloc(sizeof *f);

    if (f == NULL)
        return error_memory(e, sizeof *f, "a file");
    f->file.fs = fs;
    bytes_clear(&m->content);
    *out = &f->file;
    return OK;
}

static enum err memory_write(struct fs_file *file, struct slice data, struct error *e)
{
    struct memory_fs *m = CONTAINER_OF(file->fs, struct memory_fs, fs);

    if (memory_fails(m))
        return error_set(e, ERR_IO, "writing: the disk is full");
    bytes_slice(&m->content, data);
    return m->content.failed ? error_memory(e, data.len, "a file") : OK;
}

static enum err memory_publish(struct fs_file *file, UNUSED enum fs_publish how, UNUSED struct error *e)
{
    mem_free(file);
    return OK;
}

static void memory_abandon(struct fs_file *file)
{
    mem_free(file);
}

static inline void memory_fs_init(struct memory_fs *m)
{
    static const struct fs_ops ops = {
        .name = "memory",
        .read = memory_read,
        .stat = memory_stat,
        .create = memory_create,
        .write = memory_write,
        .publish = memory_publish,
        .abandon = memory_abandon,
    };

    *m = (struct memory_fs){.fs = {.ops = &ops}};
}

static inline void memory_fs_fini(struct memory_fs *m)
{
    bytes_fini(&m->content);
}
#endif
