/* local_path.c: see local_path.h. */
#include "io/local_path.h"
#include "base/mem.h"
#include "os/random.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>
#include <stdio.h>
#include <fcntl.h>
#include <strings.h>

#define TEMP_MARK   ".tmp-"
#define TEMP_DIGITS 16
#define UNREVEALED  ".inprogress." /* Flink's word */

const char *local_path_of(const char *uri, struct error *e)
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

struct slice local_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slice_of(path, slash ? (size_t)(slash - path) + 1 : 0);
}

/* `.<something><mark><16 hexadecimal digits>` */
static bool has_mark(const char *name, const char *mark)
{
    size_t len = strlen(name), tail = strlen(mark) + TEMP_DIGITS;

    return name[0] == '.' && len > tail && memcmp(name + len - tail, mark, strlen(mark)) == 0 &&
           strspn(name + len - TEMP_DIGITS, "0123456789abcdef") == TEMP_DIGITS;
}

bool local_path_is_temp(const char *name)
{
    return has_mark(name, TEMP_MARK);
}

bool fs_is_unrevealed(const char *file_name)
{
    return has_mark(file_name, UNREVEALED);
}

char *local_path_unrevealed(const char *path, const char *temp)
{
    struct slice folder = local_path_folder(path);

    assert(local_path_is_temp(temp + folder.len));
    return mem_printf(SLICE_FMT ".%s" UNREVEALED "%s", SLICE_ARG(folder), path + folder.len,
                      temp + strlen(temp) - TEMP_DIGITS);
}

char *local_path_temp(const char *path)
{
    struct slice folder = local_path_folder(path);
    const char *name = path + folder.len;

    return mem_printf(SLICE_FMT ".%.*s" TEMP_MARK "%016" PRIx64, SLICE_ARG(folder),
                      (int)(NAME_MAX - strlen(TEMP_MARK) - TEMP_DIGITS - 1), name, random_entropy());
}

enum err local_path_fail(struct error *e, int errno_value, const char *verb, const char *uri)
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

enum err local_path_fail_read(struct error *e, int errno_value, const char *verb, const char *uri)
{
    return local_path_fail(e, errno_value == ENOTDIR ? ENOENT : errno_value, verb, uri);
}

void local_path_info(struct fs_info *out, const struct stat *st)
{
    out->size = st->st_size;
    out->modified_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

int local_path_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc;

    if (fd < 0)
        return errno;
    rc = fsync(fd) == 0 || errno == EINVAL ? 0 : errno; /* EINVAL: a file system that cannot, or need not */
    close(fd);
    return rc;
}

int local_path_sync(const char *path)
{
    struct slice folder = local_path_folder(path);
    char name[PATH_MAX];

    snprintf(name, sizeof name, "%.*s", (int)(folder.len ? folder.len : 1), folder.len ? folder.ptr : ".");
    return local_path_sync_folder(name);
}
