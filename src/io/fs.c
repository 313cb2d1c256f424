/* fs.c: the calls of fs.h that are the same for every file system. */
#include "io/fs.h"

enum err fs_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                 struct error *e)
{
    size_t before = out->len;
    enum err rc;

    assert(offset >= 0 && len >= -1);
    rc = fs->ops->read(fs, path, offset, len, out, e);
    if (rc != OK)
        out->len = before;
    return rc;
}

enum err fs_read_all(struct fs *fs, const char *path, struct bytes *out, struct error *e)
{
    return fs_read(fs, path, 0, -1, out, e);
}

enum err fs_stat(struct fs *fs, const char *path, struct fs_info *out, struct error *e)
{
    *out = (struct fs_info){.path = path};
    return fs->ops->stat(fs, path, out, e);
}

bool fs_exists(struct fs *fs, const char *path, bool *out_exists, struct error *e)
{
    struct fs_info info;
    enum err rc = fs_stat(fs, path, &info, e);

    *out_exists = rc == OK;
    return rc == OK || rc == ERR_NOT_FOUND;
}

enum err fs_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e)
{
    *out = NULL;
    return fs->ops->create(fs, path, out, e);
}

enum err fs_write(struct fs_file *f, struct slice data, struct error *e)
{
    return data.len == 0 ? OK : f->fs->ops->write(f, data, e);
}

enum err fs_publish(struct fs_file **f, enum fs_publish how, struct error *e)
{
    enum err rc = (*f)->fs->ops->publish(*f, how, e);

    if (rc == OK)
        *f = NULL;
    return rc;
}

void fs_abandon(struct fs_file **f)
{
    if (*f == NULL)
        return;
    (*f)->fs->ops->abandon(*f);
    *f = NULL;
}

enum err fs_put(struct fs *fs, const char *path, struct slice body, enum fs_publish how, struct error *e)
{
    struct fs_file *f = NULL;
    enum err rc;

    if ((rc = fs_create(fs, path, &f, e)) == OK && (rc = fs_write(f, body, e)) == OK)
        rc = fs_publish(&f, how, e);
    fs_abandon(&f);
    return rc;
}

static enum err not_in_two_steps(const struct fs *fs, struct error *e)
{
    return error_set(e, ERR_UNSUPPORTED, "file system '%s' cannot keep a file that is not shown yet",
                     fs->ops->name);
}

enum err fs_persist(struct fs_file *f, struct bytes *ticket, struct error *e)
{
    return f->fs->ops->persist ? f->fs->ops->persist(f, ticket, e) : not_in_two_steps(f->fs, e);
}

void fs_leave(struct fs_file **f)
{
    if (*f == NULL)
        return;
    (*f)->fs->ops->leave(*f);
    *f = NULL;
}

size_t fs_held(const struct fs_file *f)
{
    return f->fs->ops->held ? f->fs->ops->held(f) : 0;
}

enum err fs_reveal(struct fs *fs, const char *path, struct slice ticket, struct error *e)
{
    return fs->ops->reveal ? fs->ops->reveal(fs, path, ticket, e) : not_in_two_steps(fs, e);
}

void fs_forget(struct fs *fs, const char *path, struct slice ticket)
{
    if (fs->ops->forget)
        fs->ops->forget(fs, path, ticket);
}

enum err fs_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e)
{
    return fs->ops->list(fs, prefix, visit, arg, e);
}

enum err fs_remove(struct fs *fs, const char *path, struct error *e)
{
    return fs->ops->remove(fs, path, e);
}

const struct fs_s3_config *fs_store(struct fs *fs)
{
    return fs->ops->store ? fs->ops->store(fs) : NULL;
}

void fs_free(struct fs *fs)
{
    if (fs != NULL)
        fs->ops->free(fs);
}

const char *fs_join(struct arena *arena, const char *folder, const char *name)
{
    struct slice head = slice_text(folder);
    bool slash = head.len > 0;

    while (*name == '/')
        name++;
    while (head.len > 0 && head.ptr[head.len - 1] == '/')
        head.len--;
    /* `/` and `file:///` are folders too: what is left of them needs its slashes back. */
    if (head.len > 0 && head.ptr[head.len - 1] == ':') {
        head.len = strlen(folder);
        slash = false;
    }
    return arena_printf(arena, SLICE_FMT "%s%s", SLICE_ARG(head), slash ? "/" : "", name);
}
