/* fs_local.c: files on a disk.
 *
 *   create:  folder/.name.tmp-0123456789abcdef   written, locked (flock) while its writer lives
 *   publish: fdatasync, then rename (FS_REPLACE) or link and unlink (FS_IF_ABSENT) to folder/name, fsync of
 * folder
 *
 * Invariants:
 * 1. A name that list shows is a whole file: temporary names are never shown.
 * 2. When publish says OK, file and name survive a power failure.
 * 3. A temporary file that nobody locks is the remains of a crash; remove clears those away with their
 * folder. Symbolic links to files are followed, those to folders only when the path given says so.
 */
#include "base/mem.h"
#include "io/fs.h"
#include "os/clock.h"
#include "os/random.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES  (64 * 1024)
#define TEMP_MARK     ".tmp-"
#define TEMP_DIGITS   16
#define STALE_SECONDS 60 /* younger ones may be between their open and their lock */

struct local_file {
    struct fs_file base;
    int fd;
    char *uri;           /* owned, as the user wrote it */
    const char *target;  /* the path within uri */
    char *temp;          /* owned; NULL once it is renamed or removed */
    struct bytes buffer; /* not yet written */
};

/* --- names
 * ---------------------------------------------------------------------------------------------------- */

/* The path within a URI: `/a` of /a, file:/a, file:///a and file://localhost/a; NULL and e when it is none of
 * ours. */
static const char *path_of(const char *uri, struct error *e)
{
    const char *path = uri;

    if (strncasecmp(path, "file:", 5) == 0) {
        path += 5;
        if (strncmp(path, "//", 2) == 0)
            path += 2;
        if (path != uri + 5 && strncmp(path, "localhost/", 10) == 0)
            path += 9;
        if (path == uri + 7 && *path != '/') {
            error_set(e, ERR_CONFIG, "%s: a file URI has no host; write file:///path", uri);
            return NULL;
        }
    } else if (strstr(path, "://") != NULL && strcspn(path, "/") > strcspn(path, ":")) {
        error_set(e, ERR_UNSUPPORTED, "%s: this scheme is not a local file; write /path or file:///path",
                  uri);
        return NULL;
    }
    if (*path == '\0') {
        error_set(e, ERR_CONFIG, "'%s': the path is empty", uri);
        return NULL;
    }
    return path;
}

/* The folder of path with its final slash: 0 bytes long for a plain name. */
static struct slice folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slice_of(path, slash ? (size_t)(slash - path) + 1 : 0);
}

static bool is_temp(const char *name)
{
    size_t len = strlen(name), tail = strlen(TEMP_MARK) + TEMP_DIGITS;

    return name[0] == '.' && len > tail && memcmp(name + len - tail, TEMP_MARK, strlen(TEMP_MARK)) == 0 &&
           strspn(name + len - TEMP_DIGITS, "0123456789abcdef") == TEMP_DIGITS;
}

/* `folder/.name.tmp-<random>`; the name is cut where it would grow too long for a folder entry. */
static char *temp_name(const char *path)
{
    struct slice folder = folder_of(path);
    const char *name = path + folder.len;

    return mem_printf(SLICE_FMT ".%.*s" TEMP_MARK "%016" PRIx64, SLICE_ARG(folder),
                      (int)(NAME_MAX - strlen(TEMP_MARK) - TEMP_DIGITS - 1), name, random_entropy());
}

/* errno in words that say what to do. */
static enum err fail(struct error *e, int errno_value, const char *verb, const char *uri)
{
    switch (errno_value) {
    case ENOSPC:
    case EDQUOT:
        return error_set(e, ERR_IO, "%s %s: disk full; free space there or raise the quota", verb, uri);
    case EACCES:
    case EPERM:
        return error_set(e, ERR_DENIED,
                         "%s %s: permission denied; check owner and mode of the file and its folders", verb,
                         uri);
    case EROFS:
        return error_set(e, ERR_IO, "%s %s: the file system is mounted read-only", verb, uri);
    case EMFILE:
    case ENFILE:
        return error_set(e, ERR_IO, "%s %s: too many open files; raise ulimit -n", verb, uri);
    case ENAMETOOLONG:
        return error_set(e, ERR_CONFIG, "%s %s: the name is too long", verb, uri);
    case EISDIR:
        return error_set(e, ERR_IO, "%s %s: is a folder", verb, uri);
    case ENOENT:
        return error_set(e, ERR_NOT_FOUND, "%s %s: no such file", verb, uri);
    default:
        return error_errno(e, errno_value, "%s %s", verb, uri);
    }
}

/* As fail, for reading: a file in the way of a folder means that there is no such file, as in an object
 * store. */
static enum err fail_read(struct error *e, int errno_value, const char *verb, const char *uri)
{
    return fail(e, errno_value == ENOTDIR ? ENOENT : errno_value, verb, uri);
}

/* --- reading
 * ---------------------------------------------------------------------------------------------------- */

static void fill_info(struct fs_info *out, const struct stat *st)
{
    out->size = st->st_size;
    out->modified_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static enum err local_stat(UNUSED struct fs *fs, const char *uri, struct fs_info *out, struct error *e)
{
    const char *path = path_of(uri, e);
    struct stat st;

    if (path == NULL)
        return e->code;
    if (stat(path, &st) != 0)
        return fail_read(e, errno, "looking at", uri);
    if (S_ISDIR(st.st_mode)) /* a folder is no file, as in an object store */
        return error_set(e, ERR_NOT_FOUND, "looking at %s: is a folder, not a file", uri);
    fill_info(out, &st);
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
            return fail(e, errno, "reading", uri);
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
    const char *path = path_of(uri, e);
    struct stat st;
    enum err rc;
    int fd;

    if (path == NULL)
        return e->code;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_read(e, errno, "reading", uri);
    if (fstat(fd, &st) != 0)
        rc = fail(e, errno, "reading", uri);
    else if (S_ISDIR(st.st_mode))
        rc = fail(e, EISDIR, "reading", uri);
    else if (offset > st.st_size || len > st.st_size - offset)
        rc = error_set(e, ERR_IO,
                       "reading %s: %" PRId64 " bytes from %" PRId64 " are wanted, it has %" PRId64, uri,
                       MAX(len, 0), offset, (int64_t)st.st_size);
    else
        rc = read_range(fd, uri, offset, len >= 0 ? len : st.st_size - offset, out, e);
    close(fd);
    return rc;
}

/* --- writing
 * ---------------------------------------------------------------------------------------------------- */

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return errno;
    rc = fsync(fd) == 0 || errno == EINVAL ? 0 : errno; /* EINVAL: a file system that cannot, or need not */
    close(fd);
    return rc;
}

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
                rc = sync_folder(".");
            } else if (slash == path) {
                rc = sync_folder("/");
            } else {
                *slash = '\0';
                rc = sync_folder(path);
                *slash = '/';
            }
        } else if (errno != EEXIST && errno != EISDIR) {
            rc = errno;
        }
        path[i] = '/';
    }
    return rc;
}

/* Open the temporary file, making folders when they are missing: again when a remover takes an empty one
 * away. */
static int open_temp(struct local_file *f, size_t folder_len)
{
    for (int attempt = 0;; attempt++) {
        f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0)
            return flock(f->fd, LOCK_EX | LOCK_NB) == 0 || errno == ENOLCK || errno == ENOTSUP ? 0 : errno;
        if (errno != ENOENT || attempt == 10)
            return errno;
        int rc = make_folders(f->temp, folder_len);
        if (rc != 0)
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
    const char *path = path_of(uri, e);
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
    char *temp = temp_name(path);
    if (f->uri == NULL || temp == NULL) {
        mem_free(temp);
        file_free(f);
        return error_memory(e, strlen(uri), "a file name");
    }
    f->target = f->uri + (path - uri);
    f->temp = temp;
    rc = open_temp(f, folder_of(path).len);
    if (rc != 0) {
        file_free(f);
        return fail(e, rc, "writing", uri);
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
            return fail(e, errno, "writing", f->uri);
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
        return fail(e, errno, "writing", f->uri);
    }
}

/* Give the finished temporary file its name. */
static enum err give_name(struct local_file *f, enum fs_publish how, struct error *e)
{
    enum err rc;

    if (how == FS_REPLACE) {
        if (rename(f->temp, f->target) != 0)
            return fail(e, errno, "writing", f->uri);
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
    struct slice folder = folder_of(f->target);
    char name[PATH_MAX];
    enum err rc;
    int errno_value;

    if ((rc = flush(f, e)) != OK)
        return rc;
    if (fdatasync(f->fd) != 0)
        return fail(e, errno, "writing", f->uri);
    if ((rc = give_name(f, how, e)) != OK)
        return rc;
    snprintf(name, sizeof name, "%.*s", (int)(folder.len ? folder.len : 1), folder.len ? folder.ptr : ".");
    errno_value = sync_folder(name);
    if (errno_value != 0) {
        fail(e, errno_value, "syncing the folder of", f->uri);
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

/* --- listing
 * ---------------------------------------------------------------------------------------------------- */

/* A walk over folders, breadth first, one open at a time. */
struct walk {
    fs_visit *visit;
    void *arg;
    size_t path_at; /* where the path begins in a URI */
    char **folders; /* owned: URIs still to be read, each with its final slash (or empty: here) */
    size_t folder_count, folder_capacity;
    struct bytes uri; /* of the entry at hand */
    bool stopped;     /* by the visitor */
};

static enum err walk_push(struct walk *w, struct slice uri, struct error *e)
{
    char *copy = mem_strndup(uri.ptr, uri.len);

    if (copy == NULL || !MEM_GROW(w->folders, w->folder_count, w->folder_capacity)) {
        mem_free(copy);
        return error_memory(e, uri.len, "a list of folders");
    }
    w->folders[w->folder_count++] = copy;
    return OK;
}

static enum err walk_entry(struct walk *w, const char *folder, const char *name, struct error *e)
{
    struct fs_info info;
    struct stat st, link;

    bytes_clear(&w->uri);
    bytes_text(&w->uri, folder);
    bytes_text(&w->uri, name);
    const char *uri = bytes_cstr(&w->uri);
    if (uri == NULL)
        return error_memory(e, strlen(folder), "a file name");
    if (lstat(uri + w->path_at, &link) != 0 || stat(uri + w->path_at, &st) != 0)
        return OK; /* gone meanwhile, or a link to nothing */
    if (S_ISDIR(link.st_mode)) {
        bytes_text(&w->uri, "/");
        if (w->uri.failed)
            return error_memory(e, strlen(folder), "a file name");
        return walk_push(w, bytes_all(&w->uri), e);
    }
    if (!S_ISREG(st.st_mode))
        return OK;
    info.path = uri;
    fill_info(&info, &st);
    w->stopped = !w->visit(w->arg, &info);
    return OK;
}

/* Visit the files of a folder whose names begin with start, and note its folders for later. */
static enum err walk_folder(struct walk *w, const char *folder, const char *start, struct error *e)
{
    const char *path = folder + w->path_at;
    DIR *dir = opendir(*path ? path : ".");
    struct dirent *entry;
    enum err rc = OK;

    if (dir == NULL)
        return errno == ENOENT || errno == ENOTDIR ? OK : fail(e, errno, "listing", folder);
    while (rc == OK && !w->stopped && (errno = 0, entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strncmp(name, start, strlen(start)) == 0 &&
            !is_temp(name))
            rc = walk_entry(w, folder, name, e);
    }
    if (rc == OK && !w->stopped && errno != 0)
        rc = fail(e, errno, "listing", folder);
    closedir(dir);
    return rc;
}

static enum err local_list(UNUSED struct fs *fs, const char *prefix, fs_visit *visit, void *arg,
                           struct error *e)
{
    const char *path = path_of(prefix, e);
    struct walk w = {.visit = visit, .arg = arg};
    enum err rc;

    if (path == NULL)
        return e->code;
    w.path_at = (size_t)(path - prefix);
    const char *start = path + folder_of(path).len;
    rc = walk_push(&w, slice_of(prefix, (size_t)(start - prefix)), e);
    while (rc == OK && !w.stopped && w.folder_count > 0) {
        char *folder = w.folders[--w.folder_count];

        rc = walk_folder(&w, folder, start, e);
        start = ""; /* it narrows the first folder only */
        mem_free(folder);
    }
    while (w.folder_count > 0)
        mem_free(w.folders[--w.folder_count]);
    mem_free(w.folders);
    bytes_fini(&w.uri);
    return rc;
}

/* --- removing
 * --------------------------------------------------------------------------------------------------- */

/* Remove a temporary file whose writer is dead: old, and not locked. */
static bool remove_stale(int folder_fd, const char *name)
{
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    bool stale;

    if (fd < 0)
        return errno == ENOENT;
    stale = fstat(fd, &st) == 0 &&
            clock_wall_us(clock_system()) / 1000000 - st.st_mtim.tv_sec > STALE_SECONDS &&
            flock(fd, LOCK_EX | LOCK_NB) == 0 && unlinkat(folder_fd, name, 0) == 0;
    close(fd);
    return stale;
}

/* Whether the folder holds nothing but remains of dead writers, which are then removed. */
static bool clear_stale(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    bool clear = dir != NULL;

    while (clear && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            clear = is_temp(name) && remove_stale(dirfd(dir), name);
    }
    if (dir != NULL)
        closedir(dir);
    return clear;
}

/* Remove the folder of path when it is empty now, then the one above it, and so on. path is changed. */
static void remove_folders(char *path)
{
    for (char *slash; (slash = strrchr(path, '/')) != NULL && slash != path;) {
        *slash = '\0';
        if (rmdir(path) != 0 &&
            ((errno != ENOTEMPTY && errno != EEXIST) || !clear_stale(path) || rmdir(path) != 0))
            return;
    }
}

static enum err local_remove(UNUSED struct fs *fs, const char *uri, struct error *e)
{
    const char *path = path_of(uri, e);
    char *copy;

    if (path == NULL)
        return e->code;
    if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
        return fail(e, errno, "removing", uri);
    copy = mem_strdup(path);
    if (copy != NULL) /* without memory the folder stays: no harm */
        remove_folders(copy);
    mem_free(copy);
    return OK;
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
    .list = local_list,
    .remove = local_remove,
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
