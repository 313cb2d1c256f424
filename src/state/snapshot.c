/* snapshot.c: freezing a store, and writing what was frozen, one Parquet file a state.
 * Freezing takes a reference of each page and notes how far it was filled; entries that die later carry a
 * later epoch. The file's checksum is made as it is written: the writer is given a file that counts and
 * passes on.
 */
#include "state/state_internal.h"
#include "base/budget.h"
#include "base/mem.h"
#include "io/fs.h"
#include "parquet/parquet_writer.h"
#include <stdio.h>
#define XXH_STATIC_LINKING_ONLY /* the size of its streaming state: to have it without its malloc */
#include <xxhash.h>

#define ROWS_PER_BATCH  4096
#define ROW_GROUP_BYTES (INT64_C(16) << 20) /* bounds what writing and restoring hold */

/* --- freezing --- */

void state_snapshot_free(struct state_snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    for (size_t i = 0; i < snapshot->state_count; i++) {
        struct frozen_state *f = &snapshot->states[i];

        for (size_t k = 0; k < f->page_count; k++)
            page_unref(f->pages[k].page);
        mem_free(f->pages);
        arena_fini(&f->arena);
    }
    mem_free(snapshot->states);
    mem_free(snapshot);
}

static size_t count_pages(const struct state *s)
{
    struct space_spot spot = {0};
    size_t count = 0;

    for (struct space *sp; (sp = space_order_at(&s->order, spot)) != NULL;
         spot = space_order_next(&s->order, spot))
        count += sp->page_count;
    return count;
}

static void freeze_space(struct frozen_state *f, const struct space *sp)
{
    for (uint32_t i = 0; i < sp->page_count; i++) {
        struct page *p = sp->pages[i];

        if (p)
            f->pages[f->page_count++] = (struct frozen_page){page_ref(p), p->used, sp->name};
    }
}

static bool freeze_state(struct frozen_state *f, const struct state *s)
{
    struct space_spot spot = {0};
    struct error ignored;

    f->desc = s->desc;
    f->desc.key = NULL;
    f->layout = s->env.layout;
    f->columns = file_layout_of(&s->desc);
    if ((f->desc.name = arena_strdup(&f->arena, s->desc.name)) == NULL ||
        file_schema(&f->arena, &s->desc, &f->file, &ignored) != OK ||
        (f->pages = mem_calloc(count_pages(s), sizeof *f->pages)) == NULL)
        return false;
    for (struct space *sp; (sp = space_order_at(&s->order, spot)) != NULL;
         spot = space_order_next(&s->order, spot))
        freeze_space(f, sp);
    f->entry_count = s->count;
    return true;
}

struct state_snapshot *state_freeze(struct state_store *store)
{
    struct state_snapshot *snapshot = mem_zalloc(sizeof *snapshot);
    size_t count = 0;

    for (struct state *s = store->states; s; s = s->next)
        count++;
    if (snapshot == NULL || (snapshot->states = mem_calloc(count, sizeof *snapshot->states)) == NULL)
        goto failed;
    for (struct state *s = store->states; s; s = s->next)
        if (!freeze_state(&snapshot->states[snapshot->state_count++], s))
            goto failed;
    snapshot->max_parallelism = store->config.max_parallelism;
    snapshot->budget = store->config.budget;
    snapshot->frozen_us = store->config.clock ? clock_wall_us(store->config.clock) : 0;
    snapshot->epoch = store->epoch++;
    return snapshot;
failed:
    state_snapshot_free(snapshot);
    return NULL;
}

size_t state_snapshot_entries(const struct state_snapshot *s)
{
    size_t count = 0;

    for (size_t i = 0; i < s->state_count; i++)
        count += s->states[i].entry_count;
    return count;
}

/* --- a file that adds up its bytes --- */

struct sum_file {
    struct fs_file file; /* first; its fs is the one below */
    struct fs fs;
    struct fs_file *to; /* owned */
    int64_t size_bytes;
    XXH3_state_t sum;
};

static enum err sum_write(struct fs_file *f, struct slice data, struct error *e)
{
    struct sum_file *s = CONTAINER_OF(f, struct sum_file, file);

    s->size_bytes += (int64_t)data.len;
    XXH3_64bits_update(&s->sum, data.ptr, data.len);
    return fs_write(s->to, data, e);
}

static const struct fs_ops sum_ops = {.name = "checksum", .write = sum_write};

/* --- rows --- */

struct writing {
    const struct state_snapshot *snapshot;
    const struct frozen_state *state;
    const struct file_layout *layout;
    struct parquet_writer *writer; /* owned */
    struct builder rows;           /* owned */
    int64_t entry_count;
};

static enum err flush(struct writing *w, struct error *e)
{
    struct batch *b;
    enum err rc = builder_finish(&w->rows, &b, e);

    if (rc != OK)
        return rc;
    rc = parquet_writer_add(w->writer, b, NULL, 0, e);
    batch_unref(b);
    return rc;
}

static void append_field(struct column_builder *c, const char *value)
{
    int16_t two;
    int32_t four;
    int64_t eight;
    __int128 sixteen;

    switch (type_width(c->type)) {
    case 1:
        builder_u8(c, (uint8_t)*value);
        break;
    case 2:
        memcpy(&two, value, sizeof two);
        builder_i16(c, two);
        break;
    case 4:
        memcpy(&four, value, sizeof four);
        builder_i32(c, four);
        break;
    case 8:
        memcpy(&eight, value, sizeof eight);
        builder_i64(c, eight);
        break;
    default:
        memcpy(&sixteen, value, sizeof sixteen);
        builder_i128(c, sixteen);
        break;
    }
}

static void append_value(struct writing *w, const struct entry *x)
{
    const struct state_desc *d = &w->state->desc;
    struct column_builder *columns = &w->rows.columns[w->layout->value_from];
    struct slice value = entry_bytes(&w->state->layout, x);

    if (d->fields == NULL) {
        builder_copied(&columns[0], value.ptr, value.len);
        return;
    }
    for (size_t i = 0; i < d->field_count; i++)
        append_field(&columns[i], value.ptr + d->fields[i].offset);
}

static enum err write_entry(struct writing *w, int64_t name_space, const struct entry *x, struct error *e)
{
    const struct frozen_state *f = w->state;
    struct column_builder *columns = w->rows.columns;
    struct slice key = {entry_key(&f->layout, x), x->key_len};

    if (!key_decode(key, &columns[w->layout->key_from], w->layout->key_count))
        assert(!"a key that is not of its state's key schema");
    builder_i32(&columns[0], (int32_t)hash_key_group(x->hash, w->snapshot->max_parallelism));
    if (w->layout->name_space >= 0)
        builder_i64(&columns[w->layout->name_space], name_space);
    if (w->layout->last_write >= 0)
        builder_i64(&columns[w->layout->last_write], *entry_written(x));
    append_value(w, x);
    w->entry_count++;
    return builder_rows(&w->rows) == ROWS_PER_BATCH ? flush(w, e) : OK;
}

static enum err write_page(struct writing *w, const struct frozen_page *p, struct error *e)
{
    const struct entry_layout *l = &w->state->layout;
    enum err rc;

    for (uint32_t offset = 0; offset < p->used;) {
        const struct entry *x = (const struct entry *)(const void *)(p->page->data + offset);

        offset += entry_size(l, x);
        if (!entry_was_live(x, w->snapshot->epoch) ||
            state_time_is_over(&w->state->desc, x, w->snapshot->frozen_us))
            continue;
        if ((rc = write_entry(w, p->name_space, x, e)) != OK)
            return rc;
    }
    return OK;
}

/* --- files --- */

static enum err writer_new(struct writing *w, struct fs_file *file, struct error *e)
{
    struct bytes layout = {0};
    char max_parallelism[16];
    enum err rc;

    snprintf(max_parallelism, sizeof max_parallelism, "%" PRIu32, w->snapshot->max_parallelism);
    file_print(w->state->file, &layout);
    if (bytes_cstr(&layout) == NULL) {
        rc = error_memory(e, layout.len, "the columns of a state");
    } else {
        const char *const metadata[] = {FILE_META_LAYOUT, layout.ptr, FILE_META_MAX_PARALLELISM,
                                        max_parallelism, NULL};
        const struct parquet_options options = {
            .codec = PARQUET_SNAPPY, .row_group_bytes = ROW_GROUP_BYTES, .metadata = metadata};

        rc = parquet_writer_new(w->state->file, &options, file, w->snapshot->budget, &w->writer, e);
    }
    bytes_fini(&layout);
    return rc;
}

static enum err write_rows(struct writing *w, struct fs_file *file, struct error *e)
{
    struct parquet_summary summary;
    enum err rc;

    if (!builder_init(&w->rows, w->state->file, w->snapshot->budget))
        return error_memory(e, sizeof w->rows, "rows of a snapshot");
    if ((rc = writer_new(w, file, e)) != OK)
        return rc;
    for (size_t i = 0; rc == OK && i < w->state->page_count; i++)
        rc = write_page(w, &w->state->pages[i], e);
    if (rc == OK && (builder_rows(&w->rows) || w->rows.failed))
        rc = flush(w, e);
    return rc == OK ? parquet_writer_finish(w->writer, &summary, e) : rc;
}

static enum err write_file(struct writing *w, struct fs *fs, const char *path, struct state_file *out,
                           struct error *e)
{
    struct sum_file file = {.fs = {&sum_ops}};
    enum err rc;

    file.file.fs = &file.fs;
    XXH3_64bits_reset(&file.sum);
    if ((rc = fs_create(fs, path, &file.to, e)) != OK)
        return rc;
    if ((rc = write_rows(w, &file.file, e)) == OK && w->entry_count)
        rc = fs_publish(&file.to, FS_REPLACE, e);
    out->size_bytes = file.size_bytes;
    out->entry_count = w->entry_count;
    out->checksum = XXH3_64bits_digest(&file.sum);
    fs_abandon(&file.to); /* also when every entry's time was over: no file then */
    return rc;
}

static enum err write_state(const struct state_snapshot *snapshot, const struct frozen_state *f,
                            struct fs *fs, const char *prefix, struct state_file *out, struct error *e)
{
    struct writing w = {.snapshot = snapshot, .state = f, .layout = &f->columns};
    enum err rc;

    *out = (struct state_file){
        .path = mem_printf("%s%s.parquet%c%s", prefix, f->desc.name, '\0', f->desc.name)};
    if (out->path == NULL)
        return error_memory(e, strlen(prefix), "a path");
    out->state = out->path + strlen(out->path) + 1;
    rc = write_file(&w, fs, out->path, out, e);
    parquet_writer_free(w.writer);
    builder_fini(&w.rows);
    return rc == OK ? OK : error_add(e, rc, "writing the state %s to %s", f->desc.name, out->path);
}

void state_files_free(struct state_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        mem_free(files[i].path);
    mem_free(files);
}

enum err state_snapshot_write(struct state_snapshot *s, struct fs *fs, const char *prefix,
                              struct state_file **files, size_t *count, struct error *e)
{
    enum err rc = OK;

    *count = 0;
    if ((*files = mem_calloc(s->state_count, sizeof **files)) == NULL)
        return error_memory(e, s->state_count * sizeof **files, "the files of a snapshot");
    for (size_t i = 0; rc == OK && i < s->state_count; i++) {
        struct state_file *file = &(*files)[*count];

        if (s->states[i].entry_count == 0)
            continue;
        rc = write_state(s, &s->states[i], fs, prefix, file, e);
        if (rc == OK && file->entry_count == 0) {
            mem_free(file->path);
            *file = (struct state_file){0};
        } else if (rc == OK) {
            ++*count;
        }
    }
    if (rc == OK)
        return OK;
    state_files_free(*files, s->state_count);
    *files = NULL;
    *count = 0;
    return rc;
}
