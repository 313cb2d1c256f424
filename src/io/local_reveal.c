/* local_reveal.c: see local_reveal.h.
 *
 *   show: cut to the length persisted; rename .name.inprogress.0123456789abcdef to name; fsync of folder
 *
 * A ticket: the length, a varint; the unrevealed file's name, without folder.
 */
#include "io/local_reveal.h"
#include "base/mem.h"
#include "io/local_path.h"
#include "io/local_walk.h"
#include "os/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum err local_reveal_ticket(const char *hidden, int64_t len, struct bytes *ticket, struct error *e)
{
    bytes_varint(ticket, (uint64_t)len);
    bytes_text(ticket, hidden + local_path_folder(hidden).len);
    return ticket->failed ? error_memory(e, ticket->len, "a file's ticket") : OK;
}

/* The unrevealed file's path, owned by the caller, and its length; NULL and e: ticket is none. */
static char *read_ticket(const char *path, struct slice ticket, int64_t *len, struct error *e)
{
    struct reader r = reader_of(ticket);
    struct slice folder = local_path_folder(path), name;
    char *hidden;

    *len = (int64_t)reader_varint(&r);
    name = reader_bytes(&r, reader_left(&r));
    hidden = mem_printf(SLICE_FMT SLICE_FMT, SLICE_ARG(folder), SLICE_ARG(name));
    if (hidden == NULL) {
        error_memory(e, ticket.len, "a file name");
    } else if (r.failed || *len < 0 || memchr(name.ptr, '/', name.len) ||
               !fs_is_unrevealed(hidden + folder.len)) {
        error_set(e, ERR_CORRUPT, "showing %s: what was noted of the hidden file is damaged", path);
        mem_free(hidden);
        hidden = NULL;
    }
    return hidden;
}

/* Without what was written behind the last persist that counts. */
static enum err cut(const char *hidden, int64_t len, const char *uri, struct error *e)
{
    int fd = open(hidden, O_WRONLY | O_CLOEXEC);
    struct stat st;
    enum err rc = OK;

    if (fd < 0)
        return local_path_fail_read(e, errno, "showing", uri);
    if (fstat(fd, &st) != 0)
        rc = local_path_fail(e, errno, "showing", uri);
    else if (st.st_size < len)
        rc = error_set(e, ERR_CORRUPT,
                       "showing %s: %" PRId64 " bytes of %" PRId64 " are left; the disk has lost some", uri,
                       (int64_t)st.st_size, len);
    else if (st.st_size > len && (ftruncate(fd, (off_t)len) != 0 || fdatasync(fd) != 0))
        rc = local_path_fail(e, errno, "cutting", uri);
    close(fd);
    return rc;
}

static enum err give_shown_name(const char *hidden, const char *path, int64_t len, const char *uri,
                                struct error *e)
{
    enum err rc = cut(hidden, len, uri, e);
    struct stat st;

    if (rc == ERR_NOT_FOUND)
        return stat(path, &st) == 0 ? OK : local_path_fail_read(e, errno, "showing", uri);
    if (rc == OK && rename(hidden, path) != 0)
        rc = local_path_fail(e, errno, "showing", uri);
    return rc;
}

enum err local_reveal_show(UNUSED struct fs *fs, const char *uri, struct slice ticket, struct error *e)
{
    const char *path = local_path_of(uri, e);
    char *hidden;
    int64_t len = 0;
    int errno_value;
    enum err rc;

    if (path == NULL || (hidden = read_ticket(path, ticket, &len, e)) == NULL)
        return e->code;
    rc = give_shown_name(hidden, path, len, uri, e);
    if (rc == OK && (errno_value = local_path_sync(path)) != 0)
        rc = local_path_fail(e, errno_value, "syncing the folder of", uri);
    mem_free(hidden);
    return rc;
}

void local_reveal_forget(struct fs *fs, const char *uri, struct slice ticket)
{
    struct error e;
    const char *path = local_path_of(uri, &e);
    int64_t len;
    char *hidden = path ? read_ticket(path, ticket, &len, &e) : NULL;

    if (hidden == NULL || local_walk_remove(fs, hidden, &e) != OK)
        log_warn("fs", "a hidden file stays: %s", e.text);
    mem_free(hidden);
}
