/* fs_local.c: files on a disk: reading and writing.
 *
 *   create:  folder/.name.tmp-0123456789abcdef, locked (flock) while its writer lives
 *   publish: fdatasync; rename (FS_REPLACE) or link and unlink (FS_IF_ABSENT) to folder/name; fsync of folder
 *   persist: fdatasync; the first time, rename to folder/.name.inprogress.0123456789abcdef; fsync of folder
 *   reveal:  local_reveal.c
 *
 * Invariants:
 * 1. A name that list shows is a whole file, or unrevealed (4): temporary names are never shown.
 * 2. When publish says OK, file and name survive a power failure.
 * 3. A temporary file that nobody locks is the remains of a crash; local_walk.c clears it away with its folder.
 * 4. An unrevealed file belongs to whoever has its ticket, also when no process has it open.
 */
#include "base/mem.h"
#include "io/fs.h"
#include "io/local_path.h"
#include "io/local_reveal.h"
#include "io/local_walk.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES  (64 * 1024)
#define OPEN_ATTEMPTS 1000 /* against a remover that takes the folders away as often as they are made */

struct local_file {
    struct fs_file base;
    int fd;
    char *uri;           /* owned, as the user wrote it */
    const char *target;  /* the path within uri */
    char *temp;          /* owned; NULL once it is renamed or removed */
    bool persisted;      /* temp is an unrevealed file's name */
    int64_t written;     /* bytes, the buffer's too */
    struct bytes buffer; /* not yet written */
};

/* --- reading --- */

static enum err local_stat(UNUSED struct fs *fs, const char *uri, struct fs_info *out, struct error *e)
{
    const char *path = local_path_of(uri, e);
    struct stat st;

    if (path == NULL)
        return e->code;
    if (stat(path, &st) != 0)
        return local_path_fail_read(e, errno, "looking at", uri);
    if (S_ISDIR(st.st_mode)) /* a folder is no file, as in an object store */
        return error_set(e, ERR_NOT_FOUND, "looking at %s: is a folder, not a file", uri);
    local_path_info(out, &st);
    return OK;
}

static enum err read_range(int fd, const char *uri, int64_t offset, int64_t len, struct bytes *out,
                           struct error *e)
{
    char *to = bytes_reserve(out, (size_t)len);

    if (to == NULL)
        return error_memory(e, (size_t)len, "file content");
    for (int64_t done = 0; done < len;) {
        ssize_t n = pread(fd, to + done, (size_t)(len - done), offset + done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return local_path_fail(e, errno, "reading", uri);
        if (n == 0)
            return error_set(e, ERR_IO, "reading %s: the file became shorter while it was read", uri);
        done += n;
    }
    out->len += (size_t)len;
    return OK;
}

static enum err local_read(UNUSED struct fs *fs, const char *uri, int64_t offset, int64_t len,
                           struct bytes *out, struct error *e)
{
    const char *path = local_path_of(uri, e);
    struct stat st;
    enum err rc;
    int fd;

    if (path == NULL)
        return e->code;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return local_path_fail_read(e, errno, "reading", uri);
    if (fstat(fd, &st) != 0)
        rc = local_path_fail(e, errno, "reading", uri);
    else if (S_ISDIR(st.st_mode))
        rc = local_path_fail(e, EISDIR, "reading", uri);
    else if (offset > st.st_size || len > st.st_size - offset)
        rc = error_set(e, ERR_IO,
                       "reading %s: %" PRId64 " bytes from %" PRId64 " are wanted, it has %" PRId64, uri,
                       MAX(len, 0), offset, (int64_t)st.st_size);
    else
        rc = read_range(fd, uri, offset, len >= 0 ? len : st.st_size - offset, out, e);
    close(fd);
    return rc;
}

/* --- writing --- */

/* Make the folders of path (changed on the way, restored) that are missing, each durable in its parent. */
static int make_folders(char *path, size_t folder_len)
{
    int rc = 0;

    for (size_t i = 1; i < folder_len && rc == 0; i++) {
        if (path[i] != '/' || path[i - 1] == '/')
            continue;
        path[i] = '\0';
        if (mkdir(path, 0777) == 0) {
            char *slash = strrchr(path, '/');

            if (slash == NULL) {
                rc = local_path_sync_folder(".");
            } else if (slash == path) {
                rc = local_path_sync_folder("/");
            } else {
                *slash = '\0';
                rc = local_path_sync_folder(path);
                *slash = '/';
            }
        } else if (errno != EEXIST && errno != EISDIR) {
            rc = errno;
        }
        path[i] = '/';
    }
    return rc;
}

/* Open the temporary file, making the folders that are missing: all again when a remover took an empty one away,
 * before the file was in it or before the folder below it was. */
static int open_temp(struct local_file *f, size_t folder_len)
{
    for (int attempt = 0;; attempt++) {
        f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0)
            return flock(f->fd, LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK || errno == ENOTSUP ? 0 : errno;
        if (errno != ENOENT || attempt == OPEN_ATTEMPTS)
            return errno;
        int rc = make_folders(f->temp, folder_len);
        if (rc != 0 && rc != ENOENT)
            return rc;
    }
}

static void file_free(struct local_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    if (f->temp != NULL)
        unlink(f->temp);
    bytes_fini(&f->buffer);
    mem_free(f->temp);
    mem_free(f->uri);
    mem_free(f);
}

static enum err local_create(struct fs *fs, const char *uri, struct fs_file **out, struct error *e)
{
    const char *path = local_path_of(uri, e);
    struct local_file *f;
    int rc;

    if (path == NULL)
        return e->code;
    if (path[strlen(path) - 1] == '/')
        return error_set(e, ERR_CONFIG, "writing %s: a file's name does not end with a slash", uri);
    f = mem_zalloc(sizeof *f);
    if (f == NULL)
        return error_memory(e, sizeof *f, "a file to be written");
    f->base.fs = fs;
    f->fd = -1;
    f->uri = mem_strdup(uri);
    char *temp = local_path_temp(path);
    if (f->uri == NULL || temp == NULL) {
        mem_free(temp);
        file_free(f);
        return error_memory(e, strlen(uri), "a file name");
    }
    f->target = f->uri + (path - uri);
    f->temp = temp;
    rc = open_temp(f, local_path_folder(path).len);
    if (rc != 0) {
        file_free(f);
        return local_path_fail(e, rc, "writing", uri);
    }
    *out = &f->base;
    return OK;
}

static enum err write_out(struct local_file *f, struct slice data, struct error *e)
{
    while (data.len > 0) {
        ssize_t n = write(f->fd, data.ptr, data.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return local_path_fail(e, errno, "writing", f->uri);
        data = slice_from(data, (size_t)n);
    }
    return OK;
}

static enum err flush(struct local_file *f, struct error *e)
{
    enum err rc = write_out(f, bytes_all(&f->buffer), e);

    bytes_clear(&f->buffer);
    return rc;
}

static enum err local_write(struct fs_file *file, struct slice data, struct error *e)
{
    struct local_file *f = CONTAINER_OF(file, struct local_file, base);
    enum err rc;

    f->written += (int64_t)data.len;
    if (f->buffer.len + data.len > BUFFER_BYTES && (rc = flush(f, e)) != OK)
        return rc;
    if (data.len >= BUFFER_BYTES)
        return write_out(f, data, e);
    bytes_slice(&f->buffer, data);
    return f->buffer.failed ? error_memory(e, data.len, "a file's buffer") : OK;
}

static void drop_temp(struct local_file *f)
{
    mem_free(f->temp);
    f->temp = NULL;
}

/* Make the target a second name of the temporary file, unless there is one. */
static enum err link_name(struct local_file *f, struct error *e)
{
    struct stat st;

    if (link(f->temp, f->target) == 0)
        return OK;
    switch (errno) {
    case EEXIST:
        if (fstat(f->fd, &st) == 0 && st.st_nlink == 2)
            return OK; /* a network file system repeated the request: the name that is there is ours */
        return error_set(e, ERR_EXISTS, "writing %s: it exists already", f->uri);
    case EPERM:
    case ENOTSUP:
        return error_set(
            e, ERR_UNSUPPORTED,
            "writing %s: the file system there has no hard links, which it takes to make a file only "
            "once; use a folder on another one",
            f->uri);
    default:
        return local_path_fail(e, errno, "writing", f->uri);
    }
}

/* Give the finished temporary file its name. */
static enum err give_name(struct local_file *f, enum fs_publish how, struct error *e)
{
    enum err rc;

    if (how == FS_REPLACE) {
        if (rename(f->temp, f->target) != 0)
            return local_path_fail(e, errno, "writing", f->uri);
    } else {
        if ((rc = link_name(f, e)) != OK)
            return rc;
        unlink(f->temp);
    }
    drop_temp(f);
    return OK;
}

static enum err local_publish(struct fs_file *file, enum fs_publish how, struct error *e)
{
    struct local_file *f = CONTAINER_OF(file, struct local_file, base);
    enum err rc;
    int errno_value;

    if ((rc = flush(f, e)) != OK)
        return rc;
    if (fdatasync(f->fd) != 0)
        return local_path_fail(e, errno, "writing", f->uri);
    if ((rc = give_name(f, how, e)) != OK)
        return rc;
    errno_value = local_path_sync(f->target);
    if (errno_value != 0) {
        local_path_fail(e, errno_value, "syncing the folder of", f->uri);
        return how == FS_REPLACE ? e->code
                                 : error_add(e, ERR_UNKNOWN, "the file has its name but may lose it");
    }
    file_free(f);
    return OK;
}

static void local_abandon(struct fs_file *file)
{
    file_free(CONTAINER_OF(file, struct local_file, base));
}

/* --- in two steps --- */

static enum err name_unrevealed(struct local_file *f, struct error *e)
{
    char *name = local_path_unrevealed(f->target, f->temp);
    int errno_value;

    if (name == NULL)
        return error_memory(e, strlen(f->uri), "a file name");
    if (rename(f->temp, name) != 0) {
        mem_free(name);
        return local_path_fail(e, errno, "writing", f->uri);
    }
    mem_free(f->temp);
    f->temp = name;
    if ((errno_value = local_path_sync(name)) != 0)
        return local_path_fail(e, errno_value, "syncing the folder of", f->uri);
    f->persisted = true;
    return OK;
}

static enum err local_persist(struct fs_file *file, struct bytes *ticket, struct error *e)
{
    struct local_file *f = CONTAINER_OF(file, struct local_file, base);
    enum err rc;

    if ((rc = flush(f, e)) != OK)
        return rc;
    if (f->written > 0 && fdatasync(f->fd) != 0)
        return local_path_fail(e, errno, "writing", f->uri);
    if (!f->persisted && (rc = name_unrevealed(f, e)) != OK)
        return rc;
    return local_reveal_ticket(f->temp, f->written, ticket, e);
}

static size_t local_held(const struct fs_file *file)
{
    return CONTAINER_OF_CONST(file, struct local_file, base)->buffer.capacity;
}

static void local_leave(struct fs_file *file)
{
    struct local_file *f = CONTAINER_OF(file, struct local_file, base);

    if (f->persisted)
        drop_temp(f);
    file_free(f);
}

static void local_free(struct fs *fs)
{
    mem_free(fs);
}

static const struct fs_ops local_ops = {
    .name = "local",
    .read = local_read,
    .stat = local_stat,
    .create = local_create,
    .write = local_write,
    .publish = local_publish,
    .abandon = local_abandon,
    .persist = local_persist,
    .held = local_held,
    .leave = local_leave,
    .reveal = local_reveal_show,
    .forget = local_reveal_forget,
    .list = local_walk_list,
    .remove = local_walk_remove,
    .free = local_free,
};

enum err fs_local_new(struct fs **out, struct error *e)
{
    *out = mem_alloc(sizeof **out);
    if (*out == NULL)
        return error_memory(e, sizeof **out, "a file system");
    (*out)->ops = &local_ops;
    return OK;
}
