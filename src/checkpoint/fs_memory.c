/* fs_memory.c: a map from path to bytes, under one lock. See fs_memory.h.
 * A file is private to its writer until publish puts it into the map, so it is seen whole or not at all.
 */
#include "checkpoint/fs_memory.h"
#include "base/budget.h"
#include "base/map.h"
#include "base/mem.h"
#include <pthread.h>

struct fs_memory {
    struct fs fs;
    pthread_mutex_t lock;
    struct map files;      /* path to struct memory_file, owned */
    struct budget *budget; /* borrowed */
};

struct memory_file {
    struct fs_file file;
    char *path;         /* owned */
    struct bytes bytes; /* charged to the budget */
};

static struct fs_memory *memory_of(struct fs *fs)
{
    return CONTAINER_OF(fs, struct fs_memory, fs);
}

static void file_free(struct memory_file *f)
{
    struct fs_memory *m;

    if (f == NULL)
        return;
    m = memory_of(f->file.fs);
    if (m->budget != NULL)
        budget_give(m->budget, f->bytes.len);
    bytes_fini(&f->bytes);
    mem_free(f->path);
    mem_free(f);
}

static enum err memory_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                            struct error *e)
{
    struct fs_memory *m = memory_of(fs);
    struct memory_file *f;
    enum err rc = OK;

    pthread_mutex_lock(&m->lock);
    f = map_get(&m->files, slice_text(path));
    if (f == NULL) {
        rc = error_set(e, ERR_NOT_FOUND, "reading %s: there is no such file", path);
    } else if ((uint64_t)offset > f->bytes.len ||
               (len >= 0 && (uint64_t)len > f->bytes.len - (uint64_t)offset)) {
        rc = error_set(e, ERR_IO, "reading %s: it has %zu bytes, fewer than asked for", path, f->bytes.len);
    } else {
        size_t count = len < 0 ? f->bytes.len - (size_t)offset : (size_t)len;

        if (count > 0)
            bytes_append(out, f->bytes.ptr + offset, count);
        if (out->failed)
            rc = error_memory(e, count, path);
    }
    pthread_mutex_unlock(&m->lock);
    return rc;
}

static enum err memory_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    struct fs_memory *m = memory_of(fs);
    struct memory_file *f;

    pthread_mutex_lock(&m->lock);
    f = map_get(&m->files, slice_text(path));
    if (f != NULL)
        out->size = (int64_t)f->bytes.len;
    pthread_mutex_unlock(&m->lock);
    return f != NULL ? OK : error_set(e, ERR_NOT_FOUND, "%s: there is no such file", path);
}

static enum err memory_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    struct memory_file *f = mem_zalloc(sizeof *f);

    if (f == NULL || (f->path = mem_strdup(path)) == NULL) {
        mem_free(f);
        return error_memory(e, sizeof *f, path);
    }
    f->file.fs = fs;
    *out = &f->file;
    return OK;
}

static enum err memory_write(struct fs_file *file, struct slice data, struct error *e)
{
    struct memory_file *f = CONTAINER_OF(file, struct memory_file, file);
    struct fs_memory *m = memory_of(file->fs);

    if (!budget_take(m->budget, data.len))
        return error_memory(e, data.len, f->path);
    bytes_slice(&f->bytes, data);
    if (!f->bytes.failed)
        return OK;
    if (m->budget != NULL)
        budget_give(m->budget, data.len);
    return error_memory(e, data.len, f->path);
}

static enum err memory_publish(struct fs_file *file, enum fs_publish how, struct error *e)
{
    struct memory_file *f = CONTAINER_OF(file, struct memory_file, file), *old;
    struct fs_memory *m = memory_of(file->fs);
    enum err rc = OK;

    pthread_mutex_lock(&m->lock);
    old = map_get(&m->files, slice_text(f->path));
    if (old != NULL && how == FS_IF_ABSENT)
        rc = error_set(e, ERR_EXISTS, "%s: there is such a file already", f->path);
    else if (!map_put(&m->files, slice_text(f->path), f))
        rc = error_memory(e, strlen(f->path), f->path);
    pthread_mutex_unlock(&m->lock);
    if (rc == OK)
        file_free(old);
    return rc;
}

static void memory_abandon(struct fs_file *file)
{
    file_free(CONTAINER_OF(file, struct memory_file, file));
}

/* The visitor may call the file system itself, so it is not called under the lock: the names are copied
 * first. */
static enum err memory_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    struct fs_memory *m = memory_of(fs);
    struct arena arena = {0};
    struct fs_info *found = NULL;
    size_t at = 0, count = 0, capacity = 0;
    bool ok = true;

    pthread_mutex_lock(&m->lock);
    for (struct map_entry *entry; ok && (entry = map_next(&m->files, &at)) != NULL;) {
        struct memory_file *f = entry->value;

        if (!slice_starts(entry->key, slice_text(prefix)))
            continue;
        if ((ok = MEM_GROW(found, count, capacity)))
            found[count++] = (struct fs_info){.path = arena_text(&arena, entry->key),
                                              .size = (int64_t)f->bytes.len};
    }
    pthread_mutex_unlock(&m->lock);
    ok = ok && !arena.failed;
    for (size_t i = 0; ok && i < count && visit(arg, &found[i]); i++)
        ;
    mem_free(found);
    arena_fini(&arena);
    return ok ? OK : error_memory(e, count * sizeof *found, prefix);
}

static enum err memory_remove(struct fs *fs, const char *path, UNUSED struct error *e)
{
    struct fs_memory *m = memory_of(fs);
    struct memory_file *f;

    pthread_mutex_lock(&m->lock);
    f = map_remove(&m->files, slice_text(path));
    pthread_mutex_unlock(&m->lock);
    file_free(f);
    return OK;
}

static void memory_free(struct fs *fs)
{
    struct fs_memory *m = memory_of(fs);
    size_t at = 0;

    for (struct map_entry *entry; (entry = map_next(&m->files, &at)) != NULL;)
        file_free(entry->value);
    map_fini(&m->files);
    pthread_mutex_destroy(&m->lock);
    mem_free(m);
}

static const struct fs_ops memory_ops = {
    .name = "memory",
    .read = memory_read,
    .stat = memory_stat,
    .create = memory_create,
    .write = memory_write,
    .publish = memory_publish,
    .abandon = memory_abandon,
    .list = memory_list,
    .remove = memory_remove,
    .free = memory_free,
};

struct fs *fs_memory_new(struct budget *budget)
{
    struct fs_memory *m = mem_zalloc(sizeof *m);

    if (m == NULL)
        return NULL;
    m->fs.ops = &memory_ops;
    m->budget = budget;
    pthread_mutex_init(&m->lock, NULL);
    return &m->fs;
}
