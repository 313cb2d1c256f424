/* checkpoint.c: a checkpoint as a document and back. See checkpoint.h.
 *
 *   {"checksum":"xxh3:<16 hex digits>",      the first line, of fixed length: over every byte behind it
 *    "weir-checkpoint":1, "id":..., ... "vertices":[{"uid":..., "items":[...], "files":[...],
 * "parts":[...]}]}
 *
 * So it is one JSON document to any tool, and damage anywhere is seen. Bytes are base64. A state file that
 * lies below the checkpoint's folder is named relative to it, so that the folder can be moved.
 */
#include "checkpoint/checkpoint.h"
#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "io/fs.h"
#include <jansson.h>
#include <stdio.h>

#define FORMAT_VERSION  1
#define CHECKSUM_HEAD   "{\"checksum\":\"xxh3:"
#define CHECKSUM_TAIL   "\",\n"
#define CHECKSUM_DIGITS 16
#define CHECKSUM_LINE   (sizeof CHECKSUM_HEAD - 1 + CHECKSUM_DIGITS + sizeof CHECKSUM_TAIL - 1)

/* --- writing --- */

static void put_text(struct bytes *out, const char *name, const char *text)
{
    json_t *value = json_string(text); /* NULL when it is not UTF-8 */
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    if (quoted == NULL)
        out->failed = true;
    else
        bytes_printf(out, "\"%s\":%s", name, quoted);
    free(quoted); /* jansson's own */
    json_decref(value);
}

static void put_int(struct bytes *out, const char *name, int64_t value)
{
    bytes_printf(out, ",\"%s\":%" PRId64, name, value);
}

static void put_base64(struct bytes *out, struct slice bytes)
{
    bytes_u8(out, '"');
    base64_encode(bytes, out);
    bytes_u8(out, '"');
}

static void put_item(struct bytes *out, const struct op_item *item)
{
    bytes_text(out, "\n   {");
    put_text(out, "name", item->name);
    put_int(out, "subtask", item->subtask);
    bytes_text(out, ",\"bytes\":");
    put_base64(out, item->bytes);
    bytes_text(out, "}");
}

static const char *relative_path(const char *path, const char *folder)
{
    size_t len = folder ? strlen(folder) : 0;

    while (len > 0 && folder[len - 1] == '/')
        len--;
    if (len == 0 || strncmp(path, folder, len) != 0 || path[len] != '/' || path[len + 1] == '/')
        return path;
    return path + len + 1;
}

static void put_file(struct bytes *out, const struct state_file *file, const char *folder)
{
    bytes_text(out, "\n   {");
    put_text(out, "state", file->state);
    bytes_text(out, ",");
    put_text(out, "path", relative_path(file->path, folder));
    put_int(out, "size", file->size_bytes);
    put_int(out, "entries", file->entry_count);
    bytes_printf(out, ",\"checksum\":\"%016" PRIx64 "\"}", file->checksum);
}

static void put_vertex(struct bytes *out, const struct checkpoint_vertex *v, const char *folder)
{
    bytes_text(out, "\n {");
    put_text(out, "uid", v->uid);
    bytes_text(out, ",");
    put_text(out, "name", v->name);
    put_int(out, "parallelism", v->parallelism);
    put_int(out, "max-parallelism", v->max_parallelism);
    bytes_text(out, ",\n  \"items\":[");
    for (int32_t i = 0; i < v->item_count; i++) {
        bytes_text(out, i ? "," : "");
        put_item(out, &v->items[i]);
    }
    bytes_text(out, "],\n  \"files\":[");
    for (int32_t i = 0; i < v->file_count; i++) {
        bytes_text(out, i ? "," : "");
        put_file(out, &v->files[i], folder);
    }
    bytes_text(out, "],\n  \"parts\":[");
    for (int32_t i = 0; i < v->part_count; i++) {
        bytes_text(out, i ? ",\n   " : "\n   ");
        put_base64(out, v->parts[i]);
    }
    bytes_text(out, "]}");
}

static void put_document(struct bytes *out, const struct checkpoint *c)
{
    bytes_printf(out, "\"weir-checkpoint\":%d,\n", FORMAT_VERSION);
    put_text(out, "job", c->job_name);
    bytes_text(out, ",");
    put_text(out, "lineage", c->lineage);
    put_int(out, "id", c->id);
    put_int(out, "triggered-us", c->triggered_us);
    put_int(out, "completed-us", c->completed_us);
    bytes_printf(out, ",\"savepoint\":%s,\"last\":%s,\n\"vertices\":[", c->is_savepoint ? "true" : "false",
                 c->is_last ? "true" : "false");
    for (int32_t i = 0; i < c->vertex_count; i++) {
        bytes_text(out, i ? "," : "");
        put_vertex(out, &c->vertices[i], c->path);
    }
    bytes_text(out, "]}\n");
}

enum err checkpoint_encode(const struct checkpoint *c, struct bytes *out, struct error *e)
{
    size_t begin = out->len;
    char digits[CHECKSUM_DIGITS + 1];

    bytes_printf(out, "%s%0*d%s", CHECKSUM_HEAD, CHECKSUM_DIGITS, 0, CHECKSUM_TAIL);
    put_document(out, c);
    if (out->failed)
        return error_set(e, ERR_MEMORY,
                         "checkpoint %" PRId64 ": no memory for its metadata, or a name that is not UTF-8",
                         c->id);
    snprintf(digits, sizeof digits, "%016" PRIx64,
             hash_bytes(out->ptr + begin + CHECKSUM_LINE, out->len - begin - CHECKSUM_LINE));
    memcpy(out->ptr + begin + sizeof CHECKSUM_HEAD - 1, digits, CHECKSUM_DIGITS);
    return OK;
}

/* --- reading --- */

/* Keeps its first complaint; every getter goes on with a harmless value. */
struct decoder {
    struct checkpoint *c;
    const char *folder;
    const char *wrong; /* NULL while all is well: what was not as it should be */
};

static void complain(struct decoder *d, const char *what)
{
    if (d->wrong == NULL)
        d->wrong = what;
}

static const char *get_text(struct decoder *d, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_string(value)) {
        complain(d, name);
        return "";
    }
    return arena_strdup(&d->c->arena, json_string_value(value));
}

static int64_t get_int(struct decoder *d, const json_t *object, const char *name, int64_t least, int64_t most)
{
    const json_t *value = json_object_get(object, name);
    int64_t v = json_integer_value(value);

    if (!json_is_integer(value) || v < least || v > most) {
        complain(d, name);
        return least;
    }
    return v;
}

static bool get_bool(struct decoder *d, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_boolean(value))
        complain(d, name);
    return json_is_true(value);
}

static struct slice get_base64(struct decoder *d, const json_t *value, const char *name)
{
    struct slice text = slice_of(json_string_value(value), json_string_length(value));
    char *to = arena_alloc(&d->c->arena, BASE64_BYTES(text.len));
    size_t len = 0;

    if (!json_is_string(value) || to == NULL || text.len % 4 || !base64_read(text, to, &len))
        complain(d, name); /* weir pads what it writes */
    return len ? slice_of(to, len) : (struct slice){0};
}

/* An array's length, and room for that many of size bytes (zeroed). */
static void *get_array(struct decoder *d, const json_t *object, const char *name, size_t size, int32_t *count,
                       const json_t **out)
{
    const json_t *array = json_object_get(object, name);
    void *room;

    *out = array;
    *count = 0;
    if (!json_is_array(array) || json_array_size(array) > INT32_MAX) {
        complain(d, name);
        return NULL;
    }
    room = arena_alloc(&d->c->arena, MAX(json_array_size(array), 1) * size);
    *count = room ? (int32_t)json_array_size(array) : 0;
    return room;
}

static const struct op_item *get_items(struct decoder *d, const json_t *vertex, int32_t *count)
{
    const json_t *array;
    struct op_item *items = get_array(d, vertex, "items", sizeof *items, count, &array);

    for (int32_t i = 0; i < *count; i++) {
        const json_t *item = json_array_get(array, (size_t)i);

        items[i] = (struct op_item){.name = get_text(d, item, "name"),
                                    .subtask = (int32_t)get_int(d, item, "subtask", 0, INT32_MAX),
                                    .bytes = get_base64(d, json_object_get(item, "bytes"), "bytes")};
    }
    return items;
}

static char *get_path(struct decoder *d, const json_t *file)
{
    const char *path = get_text(d, file, "path");

    if (path == NULL || path[0] == '/' || strstr(path, ":/") != NULL || d->folder == NULL)
        return (char *)path;
    return (char *)fs_join(&d->c->arena, d->folder, path);
}

static uint64_t get_checksum(struct decoder *d, const json_t *file)
{
    const char *text = get_text(d, file, "checksum");
    uint64_t checksum = 0;
    int used = 0;

    if (text == NULL || strlen(text) != CHECKSUM_DIGITS ||
        sscanf(text, "%16" SCNx64 "%n", &checksum, &used) != 1 || used != CHECKSUM_DIGITS)
        complain(d, "checksum");
    return checksum;
}

static const struct state_file *get_files(struct decoder *d, const json_t *vertex, int32_t *count)
{
    const json_t *array;
    struct state_file *files = get_array(d, vertex, "files", sizeof *files, count, &array);

    for (int32_t i = 0; i < *count; i++) {
        const json_t *file = json_array_get(array, (size_t)i);

        files[i] = (struct state_file){.state = get_text(d, file, "state"),
                                       .path = get_path(d, file),
                                       .size_bytes = get_int(d, file, "size", 0, INT64_MAX),
                                       .entry_count = get_int(d, file, "entries", 0, INT64_MAX),
                                       .checksum = get_checksum(d, file)};
    }
    return files;
}

static const struct slice *get_parts(struct decoder *d, const json_t *vertex, int32_t *count)
{
    const json_t *array;
    struct slice *parts = get_array(d, vertex, "parts", sizeof *parts, count, &array);

    for (int32_t i = 0; i < *count; i++)
        parts[i] = get_base64(d, json_array_get(array, (size_t)i), "parts");
    return parts;
}

static void get_vertices(struct decoder *d, const json_t *root)
{
    const json_t *array;
    struct checkpoint_vertex *vertices = get_array(d, root, "vertices", sizeof *vertices, &d->c->vertex_count,
                                                   &array);

    for (int32_t i = 0; i < d->c->vertex_count; i++) {
        const json_t *from = json_array_get(array, (size_t)i);
        struct checkpoint_vertex *v = &vertices[i];

        v->uid = get_text(d, from, "uid");
        v->name = get_text(d, from, "name");
        v->parallelism = (int32_t)get_int(d, from, "parallelism", 1, INT32_MAX);
        v->max_parallelism = (int32_t)get_int(d, from, "max-parallelism", 1, INT32_MAX);
        v->items = get_items(d, from, &v->item_count);
        v->files = get_files(d, from, &v->file_count);
        v->parts = get_parts(d, from, &v->part_count);
    }
    d->c->vertices = vertices;
}

static void get_document(struct decoder *d, const json_t *root)
{
    struct checkpoint *c = d->c;

    get_int(d, root, "weir-checkpoint", FORMAT_VERSION, FORMAT_VERSION);
    c->id = get_int(d, root, "id", 1, INT64_MAX);
    c->job_name = get_text(d, root, "job");
    c->lineage = get_text(d, root, "lineage");
    c->triggered_us = get_int(d, root, "triggered-us", INT64_MIN, INT64_MAX);
    c->completed_us = get_int(d, root, "completed-us", INT64_MIN, INT64_MAX);
    c->is_savepoint = get_bool(d, root, "savepoint");
    c->is_last = get_bool(d, root, "last");
    get_vertices(d, root);
}

static void sum_sizes(struct checkpoint *c, size_t document_len)
{
    c->size_bytes = (int64_t)document_len;
    for (int32_t i = 0; i < c->vertex_count; i++)
        for (int32_t j = 0; j < c->vertices[i].file_count; j++)
            c->size_bytes += c->vertices[i].files[j].size_bytes;
}

static enum err check_line(struct slice document, const char *path, struct error *e)
{
    char digits[CHECKSUM_DIGITS + 1];

    if (document.len < CHECKSUM_LINE || !slice_starts(document, SLICE(CHECKSUM_HEAD)))
        return error_set(e, ERR_CORRUPT, "%s is no checkpoint's metadata: its first line is not a checksum",
                         path);
    snprintf(digits, sizeof digits, "%016" PRIx64,
             hash_bytes(document.ptr + CHECKSUM_LINE, document.len - CHECKSUM_LINE));
    if (memcmp(document.ptr + sizeof CHECKSUM_HEAD - 1, digits, CHECKSUM_DIGITS) != 0)
        return error_set(e, ERR_CORRUPT, "%s is damaged: its checksum does not fit its content", path);
    return OK;
}

enum err checkpoint_decode(struct slice document, const char *path, struct checkpoint **out, struct error *e)
{
    struct decoder d = {.folder = path};
    json_error_t why;
    json_t *root = NULL;
    enum err rc;

    *out = NULL;
    if ((rc = check_line(document, path ? path : "a checkpoint", e)) != OK)
        return rc;
    if ((root = json_loadb(document.ptr, document.len, JSON_REJECT_DUPLICATES, &why)) == NULL)
        return error_set(e, ERR_CORRUPT, "%s: line %d: %s", path ? path : "a checkpoint", why.line, why.text);
    if ((d.c = mem_zalloc(sizeof *d.c)) == NULL) {
        rc = error_memory(e, sizeof *d.c, "a checkpoint");
        goto out;
    }
    get_document(&d, root);
    d.c->path = arena_strdup(&d.c->arena, path);
    sum_sizes(d.c, document.len);
    if (d.c->arena.failed)
        rc = error_memory(e, document.len, "a checkpoint");
    else if (d.wrong != NULL)
        rc = error_set(e, ERR_CORRUPT,
                       "%s: its field \"%s\" is missing or not what this version of weir writes",
                       path ? path : "a checkpoint", d.wrong);
out:
    json_decref(root);
    if (rc != OK) {
        checkpoint_free(d.c);
        return rc;
    }
    *out = d.c;
    return OK;
}

void checkpoint_free(struct checkpoint *c)
{
    if (c == NULL)
        return;
    arena_fini(&c->arena);
    mem_free(c);
}

const struct checkpoint_vertex *checkpoint_find(const struct checkpoint *c, const char *uid)
{
    for (int32_t i = 0; i < c->vertex_count; i++)
        if (strcmp(c->vertices[i].uid, uid) == 0)
            return &c->vertices[i];
    return NULL;
}
