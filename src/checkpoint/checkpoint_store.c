/* checkpoint_store.c: checkpoints in a file system. See checkpoint_store.h.
 *
 *   <dir>/<job>/chk-7/_metadata            written last: what makes the folder a checkpoint
 *               chk-7/<operator>-<n>-<state>.parquet
 *
 * Removing goes the other way: _metadata first, and nothing else unless that is gone, so that no crash leaves
 * a checkpoint that looks whole and is not.
 */
#include "checkpoint/checkpoint_store.h"
#include "base/hash.h"
#include "base/mem.h"
#include "io/fs.h"
#include "os/log.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define METADATA  "_metadata"
#define COMPONENT "checkpoint_store"

/* The ids of checkpoints that were found damaged. */
struct damaged {
    int64_t *ids; /* owned */
    size_t count, capacity;
};

struct checkpoint_store {
    struct fs *fs; /* borrowed */
    struct arena arena;
    const char *folder; /* of the job's checkpoints, with a '/' at the end */
    int32_t retained;
    struct damaged damaged;
};

static bool is_damaged(const struct damaged *d, int64_t id)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->ids[i] == id)
            return true;
    return false;
}

static bool note_damaged(struct damaged *d, int64_t id)
{
    if (is_damaged(d, id))
        return true;
    if (!MEM_GROW(d->ids, d->count, d->capacity))
        return false;
    d->ids[d->count++] = id;
    return true;
}

/* What is left out of a name that is to be a folder: all that a path, a URI or a shell could read anything
 * into. */
static const char *escape(struct arena *arena, const char *name)
{
    struct bytes out = {0};
    const char *copy;

    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        if (isalnum(*p) || *p == '_' || *p == '-' || (*p == '.' && p != (const unsigned char *)name))
            bytes_u8(&out, *p);
        else
            bytes_printf(&out, "%%%02x", *p);
    }
    copy = out.failed ? NULL : arena_text(arena, bytes_all(&out));
    arena->failed = arena->failed || copy == NULL;
    bytes_fini(&out);
    return copy;
}

enum err checkpoint_store_open(struct fs *fs, const char *dir, const char *job_name, int32_t retained,
                               struct checkpoint_store **out, struct error *e)
{
    struct checkpoint_store *s = mem_zalloc(sizeof *s);
    const char *job;

    assert(retained > 0 && job_name[0] != '\0');
    *out = NULL;
    if (s == NULL)
        return error_memory(e, sizeof *s, "the checkpoint store");
    s->fs = fs;
    s->retained = retained;
    if ((job = escape(&s->arena, job_name)) != NULL)
        s->folder = fs_join(&s->arena, dir, arena_printf(&s->arena, "%s/", job));
    if (s->arena.failed) {
        checkpoint_store_free(s);
        return error_memory(e, strlen(dir), "the checkpoint store");
    }
    *out = s;
    return OK;
}

void checkpoint_store_free(struct checkpoint_store *s)
{
    if (s == NULL)
        return;
    mem_free(s->damaged.ids);
    arena_fini(&s->arena);
    mem_free(s);
}

const char *checkpoint_store_folder(const struct checkpoint_store *s, struct arena *arena, int64_t id)
{
    return arena_printf(arena, "%schk-%" PRId64 "/", s->folder, id);
}

/* --- what there is --- */

/* A folder chk-<id>, found by its files. */
struct found {
    int64_t id;
    bool has_metadata;
};

struct listing {
    size_t prefix_len;
    struct found *found; /* owned */
    size_t count, capacity;
    bool failed;
};

/* The id and the rest of `chk-<id>/rest`; false when path is nothing of ours. */
static bool parse_path(const char *path, int64_t *id, const char **rest)
{
    char *end;

    if (strncmp(path, "chk-", 4) != 0 || !isdigit((unsigned char)path[4]))
        return false;
    *id = strtoll(path + 4, &end, 10);
    *rest = end + 1;
    return *end == '/' && *id > 0 && *id < INT64_MAX;
}

static bool note_file(void *arg, const struct fs_info *info)
{
    struct listing *l = arg;
    const char *rest;
    int64_t id;
    size_t i = 0;

    if (strlen(info->path) < l->prefix_len || !parse_path(info->path + l->prefix_len, &id, &rest))
        return true;
    while (i < l->count && l->found[i].id != id)
        i++;
    if (i == l->count) {
        if (!MEM_GROW(l->found, l->count, l->capacity)) {
            l->failed = true;
            return false;
        }
        l->found[l->count++] = (struct found){.id = id};
    }
    l->found[i].has_metadata = l->found[i].has_metadata || strcmp(rest, METADATA) == 0;
    return true;
}

static int newest_first(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    return (x->id < y->id) - (x->id > y->id);
}

/* The folders chk-<id> below prefix, newest first. found is owned by the caller (mem_free). */
static enum err list_folders(struct fs *fs, const char *prefix, struct listing *out, struct error *e)
{
    enum err rc;

    *out = (struct listing){.prefix_len = strlen(prefix)};
    rc = fs_list(fs, prefix, note_file, out, e);
    if (rc == OK && out->failed)
        rc = error_memory(e, out->count * sizeof *out->found, "a list of checkpoints");
    if (rc == OK && out->count > 0)
        qsort(out->found, out->count, sizeof *out->found, newest_first);
    return rc == OK ? OK : error_add(e, rc, "looking for checkpoints in %s", prefix);
}

enum err checkpoint_store_last_id(struct checkpoint_store *s, int64_t *id, struct error *e)
{
    struct listing l;
    enum err rc = list_folders(s->fs, s->folder, &l, e);

    *id = rc == OK && l.count > 0 ? l.found[0].id : 0;
    mem_free(l.found);
    return rc;
}

/* --- removing --- */

struct removal {
    struct arena arena;
    const char **paths; /* owned */
    size_t count, capacity;
    bool failed;
};

static bool note_path(void *arg, const struct fs_info *info)
{
    struct removal *r = arg;

    r->failed = !MEM_GROW(r->paths, r->count, r->capacity);
    if (!r->failed)
        r->paths[r->count++] = arena_strdup(&r->arena, info->path);
    return !r->failed && !r->arena.failed;
}

static enum err remove_folder(struct checkpoint_store *s, int64_t id, struct error *e)
{
    struct removal r = {0};
    const char *folder = checkpoint_store_folder(s, &r.arena, id);
    const char *metadata = arena_printf(&r.arena, "%s" METADATA, folder ? folder : "");
    enum err rc;

    if (r.arena.failed)
        rc = error_memory(e, strlen(s->folder), "removing a checkpoint");
    else if ((rc = fs_remove(s->fs, metadata, e)) == OK)
        rc = fs_list(s->fs, folder, note_path, &r, e);
    if (rc == OK && (r.failed || r.arena.failed))
        rc = error_memory(e, r.count * sizeof *r.paths, "removing a checkpoint");
    for (size_t i = 0; rc == OK && i < r.count; i++)
        rc = fs_remove(s->fs, r.paths[i], e);
    mem_free(r.paths);
    arena_fini(&r.arena);
    return rc;
}

void checkpoint_store_discard(struct checkpoint_store *s, int64_t id)
{
    struct error e;

    if (remove_folder(s, id, &e) != OK)
        log_warn(COMPONENT, "what checkpoint %" PRId64 " left in %s could not be removed: %s", id, s->folder,
                 e.text);
}

/* Keep the newest checkpoints; what else is older than the one just written is no longer of use. Damaged ones
 * do not count: else the one that took their place would be removed for them. And the job has gone back behind
 * them, so they tell of what did not happen. */
static void forget_old(struct checkpoint_store *s, int64_t newest)
{
    struct error e;
    struct listing l;
    int32_t kept = 0;

    if (list_folders(s->fs, s->folder, &l, &e) != OK)
        log_warn(COMPONENT, "old checkpoints are not removed: %s", e.text);
    else
        for (size_t i = 0; i < l.count; i++) {
            const struct found *f = &l.found[i];

            if (f->id > newest ||
                (f->has_metadata && !is_damaged(&s->damaged, f->id) && kept++ < s->retained))
                continue;
            if (f->id != newest)
                checkpoint_store_discard(s, f->id);
        }
    mem_free(l.found);
}

/* --- writing --- */

static int64_t state_bytes(const struct checkpoint *c)
{
    int64_t total = 0;

    for (int32_t i = 0; i < c->vertex_count; i++)
        for (int32_t j = 0; j < c->vertices[i].file_count; j++)
            total += c->vertices[i].files[j].size_bytes;
    return total;
}

enum err checkpoint_store_write(struct checkpoint_store *s, struct checkpoint *c, struct error *e)
{
    bool elsewhere = c->path != NULL; /* a savepoint: in the folder that was asked for */
    struct bytes document = {0};
    const char *path;
    enum err rc;

    if (!elsewhere)
        c->path = checkpoint_store_folder(s, &c->arena, c->id);
    path = c->path ? fs_join(&c->arena, c->path, METADATA) : NULL;
    if (path == NULL)
        return error_memory(e, strlen(s->folder), "a checkpoint's path");
    if ((rc = checkpoint_encode(c, &document, e)) != OK)
        goto out;
    c->size_bytes = state_bytes(c) + (int64_t)document.len;
    rc = fs_put(s->fs, path, bytes_all(&document), FS_IF_ABSENT, e);
    if (rc == ERR_EXISTS)
        rc = error_set(
            e, ERR_EXISTS,
            "%s is there already: another process writes checkpoints of the same job into the same "
            "directory; stop one of the two",
            path);
    if (rc == OK && !elsewhere)
        forget_old(s, c->id);
out:
    bytes_fini(&document);
    return rc;
}

/* --- reading --- */

static enum err check_state_file(struct fs *fs, const struct state_file *file, struct bytes *buffer,
                                 struct error *e)
{
    enum err rc;

    bytes_clear(buffer);
    rc = fs_read_all(fs, file->path, buffer, e);
    if (rc == ERR_NOT_FOUND)
        return error_set(e, ERR_CORRUPT, "its state file %s is missing", file->path);
    if (rc != OK)
        return rc;
    if ((int64_t)buffer->len != file->size_bytes)
        return error_set(e, ERR_CORRUPT, "its state file %s has %zu bytes instead of %" PRId64, file->path,
                         buffer->len, file->size_bytes);
    if (hash_bytes(buffer->ptr, buffer->len) != file->checksum)
        return error_set(e, ERR_CORRUPT, "its state file %s is damaged: the checksum does not fit",
                         file->path);
    return OK;
}

static enum err check_state_files(struct fs *fs, const struct checkpoint *c, struct error *e)
{
    struct bytes buffer = {0};
    enum err rc = OK;

    for (int32_t i = 0; rc == OK && i < c->vertex_count; i++)
        for (int32_t j = 0; rc == OK && j < c->vertices[i].file_count; j++)
            rc = check_state_file(fs, &c->vertices[i].files[j], &buffer, e);
    bytes_fini(&buffer);
    return rc;
}

/* Read the checkpoint in folder whole. */
static enum err read_folder(struct fs *fs, const char *folder, struct checkpoint **out, struct error *e)
{
    struct arena arena = {0};
    struct bytes document = {0};
    const char *path = fs_join(&arena, folder, METADATA);
    enum err rc;

    *out = NULL;
    if (path == NULL)
        rc = error_memory(e, strlen(folder), "a path");
    else if ((rc = fs_read_all(fs, path, &document, e)) == OK &&
             (rc = checkpoint_decode(bytes_all(&document), folder, out, e)) == OK)
        rc = check_state_files(fs, *out, e);
    if (rc != OK) {
        checkpoint_free(*out);
        *out = NULL;
    }
    bytes_fini(&document);
    arena_fini(&arena);
    return rc;
}

/* Why there is none to go on from, and what can be done. newest: what is wrong with that one. */
static enum err none_is_whole(const char *prefix, int32_t count, const char *newest, struct error *e)
{
    static const char help[] = "bring one back from a backup, name a savepoint with -s, or begin anew with "
                               "--fresh";

    if (count == 1)
        return error_set(e, ERR_CORRUPT, "the only checkpoint in %s is damaged: %.400s; %s", prefix, newest,
                         help);
    return error_set(e, ERR_CORRUPT,
                     "all %" PRId32
                     " checkpoints in %s are damaged, the newest like this: %.400s (for the others "
                     "see the log); %s",
                     count, prefix, newest, help);
}

/* The newest below prefix that is whole. Damaged ones on the way are passed over, and noted, only when
 * damaged is not NULL; *passed is how many. */
static enum err read_newest(struct fs *fs, const char *prefix, struct checkpoint **out,
                            struct damaged *damaged, int32_t *passed, struct error *e)
{
    struct arena arena = {0};
    struct listing l;
    struct error newest; /* what is wrong with that one */
    enum err rc = list_folders(fs, prefix, &l, e), last = ERR_NOT_FOUND;

    *passed = 0;
    for (size_t i = 0; rc == OK && *out == NULL && i < l.count; i++) {
        const char *folder = arena_printf(&arena, "%schk-%" PRId64 "/", prefix, l.found[i].id);

        if (!l.found[i].has_metadata)
            continue;
        last = folder ? read_folder(fs, folder, out, e) : error_memory(e, strlen(prefix), "a path");
        if (last == OK || damaged == NULL || (last != ERR_CORRUPT && last != ERR_NOT_FOUND)) {
            rc = last;
            break;
        }
        log_error(COMPONENT, "checkpoint %s cannot be used: %s; going back to the one before it", folder,
                  e->text);
        if (++*passed == 1)
            newest = *e;
        if (!note_damaged(damaged, l.found[i].id))
            rc = error_memory(e, sizeof(int64_t), "the number of a damaged checkpoint");
    }
    if (rc == OK && *out == NULL)
        rc = *passed > 0 ? none_is_whole(prefix, *passed, newest.text, e)
                         : error_set(e, ERR_NOT_FOUND, "there is no checkpoint in %s", prefix);
    mem_free(l.found);
    arena_fini(&arena);
    return rc;
}

enum err checkpoint_store_latest(struct checkpoint_store *s, struct checkpoint **out, int32_t *damaged,
                                 struct error *e)
{
    *out = NULL;
    return read_newest(s->fs, s->folder, out, &s->damaged, damaged, e);
}

enum err checkpoint_load(struct fs *fs, const char *path, struct checkpoint **out, struct error *e)
{
    struct arena arena = {0};
    struct slice folder = slice_text(path);
    const char *text, *prefix;
    int32_t passed;
    bool exists = false;
    enum err rc;

    *out = NULL;
    if (slice_ends(folder, SLICE("/" METADATA)))
        folder.len -= sizeof METADATA - 1;
    text = arena_text(&arena, folder);
    prefix = text ? fs_join(&arena, text, METADATA) : NULL;
    if (prefix == NULL)
        rc = error_memory(e, folder.len, "a path");
    else if (!fs_exists(fs, prefix, &exists, e))
        rc = e->code;
    else if (exists)
        rc = read_folder(fs, text, out, e);
    else if ((prefix = arena_printf(&arena, "%s%s", text, slice_ends(folder, SLICE("/")) ? "" : "/")) == NULL)
        rc = error_memory(e, folder.len, "a path");
    else
        rc = read_newest(fs, prefix, out, NULL, &passed, e);
    arena_fini(&arena);
    return rc == OK ? OK : error_add(e, rc, "reading the checkpoint %s", path);
}
