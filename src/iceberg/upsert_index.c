/* upsert_index.c: keyed state (key, until) -> (file, position), and a table of file paths that counts its
 * rows. A file's number is the hash of its path, which holds a UUID: so numbers need no agreement between
 * subtasks.
 */
#include "iceberg/upsert_index.h"
#include "base/map.h"
#include "base/mem.h"

struct place { /* the value in state: 16 bytes */
    int64_t file, position;
};

struct indexed_file {
    int64_t number;
    size_t row_count; /* entries that point here */
    char path[];
};

struct upsert_index {
    struct state *state; /* borrowed from the store */
    struct map files;    /* number's 8 bytes -> struct indexed_file, owned */
    bool recount;        /* the state was restored: row counts are not known yet */
};

static const struct type place_type = {.kind = TYPE_INT64};
static const struct state_field place_fields[] = {
    {"file", &place_type, offsetof(struct place, file)},
    {"position", &place_type, offsetof(struct place, position)},
};

enum err upsert_index_new(struct state_store *store, const struct schema *key, struct upsert_index **out,
                          struct error *e)
{
    const struct state_desc desc = {.name = "upsert_index",
                                    .key = key,
                                    .has_namespace = true,
                                    .value_size = sizeof(struct place),
                                    .fields = place_fields,
                                    .field_count = COUNT_OF(place_fields)};
    struct upsert_index *x = mem_zalloc(sizeof *x);
    enum err rc;

    if (x == NULL)
        return error_memory(e, sizeof *x, "an upsert index");
    if ((rc = state_declare(store, &desc, &x->state, e)) != OK) {
        mem_free(x);
        return rc;
    }
    *out = x;
    return OK;
}

void upsert_index_free(struct upsert_index *x)
{
    struct map_entry *entry;
    size_t at = 0;

    if (x == NULL)
        return;
    while ((entry = map_next(&x->files, &at)) != NULL)
        mem_free(entry->value);
    map_fini(&x->files);
    mem_free(x);
}

static struct slice number_key(const int64_t *number)
{
    return slice_of(number, sizeof *number);
}

static enum err add_file(struct upsert_index *x, struct slice path, int64_t *number, struct error *e)
{
    struct indexed_file *file;

    *number = (int64_t)hash_bytes(path.ptr, path.len);
    if (map_get(&x->files, number_key(number)))
        return OK;
    if ((file = mem_alloc(sizeof *file + path.len + 1)) == NULL)
        return error_memory(e, path.len, "the path of a data file");
    *file = (struct indexed_file){.number = *number};
    memcpy(file->path, path.ptr, path.len);
    file->path[path.len] = '\0';
    if (map_put(&x->files, number_key(number), file))
        return OK;
    mem_free(file);
    return error_memory(e, path.len, "the path of a data file");
}

enum err upsert_index_file(struct upsert_index *x, const char *path, int64_t *file, struct error *e)
{
    return add_file(x, slice_text(path), file, e);
}

static void release(struct upsert_index *x, int64_t number)
{
    struct indexed_file *file = map_get(&x->files, number_key(&number));

    if (file && file->row_count > 0)
        file->row_count--;
}

/* Where an entry's row is; it leaves there. */
static enum err leave(struct upsert_index *x, const struct place *place, const char **old_file,
                      int64_t *old_position, struct error *e)
{
    const struct indexed_file *file = map_get(&x->files, number_key(&place->file));

    if (file == NULL)
        return error_set(e, ERR_CORRUPT,
                         "the upsert index points to a file that its checkpoint does not name");
    *old_file = file->path;
    *old_position = place->position;
    release(x, place->file);
    return OK;
}

enum err upsert_index_set(struct upsert_index *x, struct key key, int64_t until_us, int64_t file,
                          int64_t position, bool *had, const char **old_file, int64_t *old_position,
                          struct error *e)
{
    struct indexed_file *now = map_get(&x->files, number_key(&file));
    struct place *place;
    bool created;
    enum err rc;

    assert(now != NULL);
    if ((place = state_edit(x->state, key, until_us, &created)) == NULL)
        return error_memory(e, key.bytes.len + sizeof *place, "the upsert index");
    *had = !created;
    if (!created && (rc = leave(x, place, old_file, old_position, e)) != OK)
        return rc;
    *place = (struct place){file, position};
    now->row_count++;
    return OK;
}

enum err upsert_index_remove(struct upsert_index *x, struct key key, int64_t until_us, bool *had,
                             const char **old_file, int64_t *old_position, struct error *e)
{
    struct slice value = state_get(x->state, key, until_us);
    struct place place;

    *had = value.len > 0;
    if (!*had)
        return OK;
    memcpy(&place, value.ptr, sizeof place);
    state_remove(x->state, key, until_us);
    return leave(x, &place, old_file, old_position, e);
}

void upsert_index_clear(struct upsert_index *x)
{
    struct map_entry *entry;
    size_t at = 0;
    int64_t until;

    while (state_next_namespace(x->state, INT64_MIN, &until))
        state_drop_namespace(x->state, until);
    while ((entry = map_next(&x->files, &at)) != NULL)
        mem_free(entry->value);
    map_fini(&x->files);
    map_init(&x->files);
    x->recount = false;
}

size_t upsert_index_count(const struct upsert_index *x)
{
    return state_count(x->state);
}

void upsert_index_advance(struct upsert_index *x, int64_t watermark_us)
{
    int64_t until;

    while (state_next_namespace(x->state, INT64_MIN, &until) && until <= watermark_us &&
           until != UPSERT_FOR_EVER) {
        struct key key;
        struct slice value;
        size_t at = 0;

        while (state_next(x->state, until, &at, &key, &value)) {
            struct place place;

            memcpy(&place, value.ptr, sizeof place);
            release(x, place.file);
        }
        state_drop_namespace(x->state, until);
    }
}

/* Visit every entry and count it for its file. */
static void count_rows(struct upsert_index *x)
{
    int64_t from = INT64_MIN, until;

    while (state_next_namespace(x->state, from, &until)) {
        struct key key;
        struct slice value;
        size_t at = 0;

        while (state_next(x->state, until, &at, &key, &value)) {
            struct indexed_file *file;
            struct place place;

            memcpy(&place, value.ptr, sizeof place);
            if ((file = map_get(&x->files, number_key(&place.file))) != NULL)
                file->row_count++;
        }
        if (until == INT64_MAX)
            break;
        from = until + 1;
    }
    x->recount = false;
}

void upsert_index_sweep(struct upsert_index *x)
{
    struct map_entry *entry;
    size_t at = 0;

    if (x->recount) {
        while ((entry = map_next(&x->files, &at)) != NULL)
            ((struct indexed_file *)entry->value)->row_count = 0;
        count_rows(x);
        at = 0;
    }
    while ((entry = map_next(&x->files, &at)) != NULL) {
        struct indexed_file *file = entry->value;

        if (file->row_count > 0)
            continue;
        map_remove(&x->files, number_key(&file->number));
        mem_free(file);
    }
}

void upsert_index_save(const struct upsert_index *x, struct bytes *out)
{
    struct map_entry *entry;
    size_t at = 0;

    while ((entry = map_next(&x->files, &at)) != NULL) {
        const struct indexed_file *file = entry->value;

        bytes_varint(out, strlen(file->path));
        bytes_text(out, file->path);
    }
}

enum err upsert_index_load(struct upsert_index *x, struct slice saved, struct error *e)
{
    struct reader r = reader_of(saved);

    x->recount = true;
    while (reader_left(&r) && !r.failed) {
        struct slice path = reader_bytes(&r, reader_varint(&r));
        int64_t number;
        enum err rc;

        if (!r.failed && (rc = add_file(x, path, &number, e)) != OK)
            return rc;
    }
    return r.failed ? error_set(e, ERR_CORRUPT, "the upsert index's list of files is cut off") : OK;
}
