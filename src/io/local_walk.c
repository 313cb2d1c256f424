/* local_walk.c: see local_walk.h. Symbolic links to files are followed, those to folders only where the
 * prefix goes through them: a link to a folder above would make the walk endless.
 */
#include "io/local_walk.h"
#include "base/mem.h"
#include "io/local_path.h"
#include "os/clock.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define STALE_SECONDS 60 /* younger ones may be between their open and their lock */

/* --- listing --- */

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
    local_path_info(&info, &st);
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
        return errno == ENOENT || errno == ENOTDIR ? OK : local_path_fail(e, errno, "listing", folder);
    while (rc == OK && !w->stopped && (errno = 0, entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strncmp(name, start, strlen(start)) == 0 &&
            !local_path_is_temp(name))
            rc = walk_entry(w, folder, name, e);
    }
    if (rc == OK && !w->stopped && errno != 0)
        rc = local_path_fail(e, errno, "listing", folder);
    closedir(dir);
    return rc;
}

enum err local_walk_list(UNUSED struct fs *fs, const char *prefix, fs_visit *visit, void *arg,
                         struct error *e)
{
    const char *path = local_path_of(prefix, e);
    struct walk w = {.visit = visit, .arg = arg};
    enum err rc;

    if (path == NULL)
        return e->code;
    w.path_at = (size_t)(path - prefix);
    const char *start = path + local_path_folder(path).len;
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

/* --- removing --- */

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
            clear = local_path_is_temp(name) && remove_stale(dirfd(dir), name);
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

enum err local_walk_remove(UNUSED struct fs *fs, const char *uri, struct error *e)
{
    const char *path = local_path_of(uri, e);
    char *copy;

    if (path == NULL)
        return e->code;
    if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
        return local_path_fail(e, errno, "removing", uri);
    copy = mem_strdup(path);
    if (copy != NULL) /* without memory the folder stays: no harm */
        remove_folders(copy);
    mem_free(copy);
    return OK;
}
