/* fs.h: files by URI, on a disk (`file:///a/b`, `/a/b`), in an object store (`s3://bucket/a/b`, s3a, s3n), or
 * in the simulator's memory. What is written becomes visible whole or not at all. Thread: any, one at a time
 * per fs_file. Paths are passed as the user wrote them, scheme included. Errors name the path.
 */
#ifndef WEIR_IO_FS_H
#define WEIR_IO_FS_H
#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

struct fs;
struct fs_file; /* being written; the implementation's own struct begins with it */

struct fs_info {
    const char *path; /* full URI; borrowed, valid during the call that gives it */
    int64_t size;     /* bytes */
    int64_t modified_ms;
};

enum fs_publish {
    FS_REPLACE,   /* an older file of that name is replaced */
    FS_IF_ABSENT, /* ERR_EXISTS, and nothing changed, when there is one: atomic against other writers */
};

/* Called for each file; return false to stop listing. */
typedef bool fs_visit(void *arg, const struct fs_info *info);

struct fs_ops {
    const char *name;
    enum err (*read)(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                     struct error *e);
    enum err (*stat)(struct fs *fs, const char *path, struct fs_info *out, struct error *e);
    enum err (*create)(struct fs *fs, const char *path, struct fs_file **out, struct error *e);
    enum err (*write)(struct fs_file *f, struct slice data, struct error *e);
    enum err (*publish)(struct fs_file *f, enum fs_publish how, struct error *e); /* frees f on success */
    void (*abandon)(struct fs_file *f);                                           /* frees f */
    /* Two steps to the public; all five are NULL where files cannot be kept so. */
    enum err (*persist)(struct fs_file *f, struct bytes *ticket, struct error *e);
    size_t (*held)(const struct fs_file *f);
    void (*leave)(struct fs_file *f); /* frees f */
    enum err (*reveal)(struct fs *fs, const char *path, struct slice ticket, struct error *e);
    void (*forget)(struct fs *fs, const char *path, struct slice ticket);
    enum err (*list)(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e);
    enum err (*remove)(struct fs *fs, const char *path, struct error *e);
    const struct fs_s3_config *(*store)(struct fs *fs); /* NULL: it reaches no object store */
    void (*free)(struct fs *fs);
};

struct fs {
    const struct fs_ops *ops;
};

struct fs_file {
    struct fs *fs; /* borrowed */
};

/* Append len bytes from offset (len -1: to the end) of path to out. ERR_NOT_FOUND when there is no such file;
 * ERR_IO when it is shorter than asked for. */
MUST_USE enum err fs_read(struct fs *fs, const char *path, int64_t offset, int64_t len, struct bytes *out,
                          struct error *e);
MUST_USE enum err fs_read_all(struct fs *fs, const char *path, struct bytes *out, struct error *e);
MUST_USE enum err fs_stat(struct fs *fs, const char *path, struct fs_info *out,
                          struct error *e);                                         /* out->path = path */
bool fs_exists(struct fs *fs, const char *path, bool *out_exists, struct error *e); /* false: could not ask */

/* Begin a file; missing folders are made. Write any number of times, then publish or abandon. */
MUST_USE enum err fs_create(struct fs *fs, const char *path, struct fs_file **out, struct error *e);
MUST_USE enum err fs_write(struct fs_file *f, struct slice data, struct error *e);

/* Make it durable and visible. *f is NULL after success; after failure abandon it. */
MUST_USE enum err fs_publish(struct fs_file **f, enum fs_publish how, struct error *e);
void fs_abandon(struct fs_file **f); /* nothing when *f is NULL */

/* Create, write, publish in one. */
MUST_USE enum err fs_put(struct fs *fs, const char *path, struct slice body, enum fs_publish how,
                         struct error *e);

/* --- in two steps: written now, shown when something else has been decided (a checkpoint is complete) --- */

/* What was written so far survives a crash, without being shown: ticket (appended to) is what fs_reveal needs to
 * show just that, in another process too. f may be written on, and persisted again: the last ticket counts.
 * On a disk the file is from now on `.<name>.inprogress.<random>` beside its path, which fs_list gives; in an
 * object store it is an upload that has not ended. ERR_UNSUPPORTED where there is no such thing. */
MUST_USE enum err fs_persist(struct fs_file *f, struct bytes *ticket, struct error *e);
void fs_leave(struct fs_file **f);            /* let go of it: what was persisted stays */
size_t fs_held(const struct fs_file *f);      /* bytes of it in memory, about */
bool fs_is_unrevealed(const char *file_name); /* `.x.inprogress.0123456789abcdef`, without folder */

/* Show at path what ticket stands for, and nothing that was written behind it. May be repeated. ERR_NOT_FOUND:
 * neither the hidden file nor the shown one is there. */
MUST_USE enum err fs_reveal(struct fs *fs, const char *path, struct slice ticket, struct error *e);
/* Remove what ticket stands for, if it was not revealed; a failure is only logged. */
void fs_forget(struct fs *fs, const char *path, struct slice ticket);

/* Every file whose URI begins with prefix (a folder: end it with '/'), at any depth, in no order. None is no
 * error. */
MUST_USE enum err fs_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e);

/* Remove a file; ERR_NOT_FOUND is not reported: gone is gone. Local folders left empty are removed too. */
MUST_USE enum err fs_remove(struct fs *fs, const char *path, struct error *e);
void fs_free(struct fs *fs); /* NULL is fine */

/* Join with exactly one '/'. In arena; NULL when there is no memory. */
const char *fs_join(struct arena *arena, const char *folder, const char *name);

/* --- the implementations --- */

/* `file:` and plain paths. publish: write beside, fsync, rename or link, fsync the folder. */
MUST_USE enum err fs_local_new(struct fs **out, struct error *e);

struct fs_s3_config {
    const char *endpoint; /* "http://minio:9000"; NULL: https://s3.<region>.amazonaws.com */
    const char *access_key, *secret_key,
        *session_token;  /* NULL: from AWS_* in the environment, else unsigned */
    const char *region;  /* NULL: us-east-1 */
    bool path_style;     /* endpoint/bucket/key rather than bucket.endpoint/key */
    const char *ca_file; /* NULL: the system's */
    int64_t timeout_ms;  /* of one request without progress; 0: 30,000 */
    int retries;         /* of a request that may be repeated; -1: 5 */
    int64_t part_bytes;  /* of a multipart upload; 0: 8 MiB */
};

/* `s3:`, `s3a:`, `s3n:`. publish: the one PUT, or the end of a multipart upload; FS_IF_ABSENT by
 * `If-None-Match: *` (ERR_UNSUPPORTED where the store ignores that: it is tried once; ERR_UNKNOWN when no
 * answer came). config is copied. */
MUST_USE enum err fs_s3_new(const struct fs_s3_config *config, struct fs **out, struct error *e);

/* How the object store behind fs is reached, for another fs that is to be like it; borrowed from fs, NULL:
 * there is none. */
const struct fs_s3_config *fs_store(struct fs *fs);

/* Sends each path to local or s3 by its scheme; takes both (s3 may be NULL: then s3 paths are a clear error).
 */
MUST_USE enum err fs_router_new(struct fs *local, struct fs *s3, struct fs **out, struct error *e);
#endif
