/* upsert_index.h: where the row of each primary key lies in the table: file and position. With it an upsert
 * deletes the older row by its position, which every reader applies cheaply, rather than by equality. The
 * index is keyed state: it is part of the checkpoint whose commit wrote the rows that it points to. A key can
 * be given a time after which it changes no more (its window is over for good); its entry is dropped then.
 * Thread: the task's.
 */
#ifndef WEIR_ICEBERG_UPSERT_INDEX_H
#define WEIR_ICEBERG_UPSERT_INDEX_H
#include "state/state.h"

struct upsert_index;

#define UPSERT_FOR_EVER INT64_MAX

/* Declares its states in store. key names the primary key's columns. */
MUST_USE enum err upsert_index_new(struct state_store *store, const struct schema *key,
                                   struct upsert_index **out, struct error *e);
void upsert_index_free(struct upsert_index *x);

/* The row of key is now at position of file (a number from upsert_index_file). *old_file, *old_position:
 * where it was before; false in *had when there was none. until_us: see above; a key must always come with
 * the same. */
MUST_USE enum err upsert_index_set(struct upsert_index *x, struct key key, int64_t until_us, int64_t file,
                                   int64_t position, bool *had, const char **old_file, int64_t *old_position,
                                   struct error *e);

/* The row of key is deleted: where it was, as above. */
MUST_USE enum err upsert_index_remove(struct upsert_index *x, struct key key, int64_t until_us, bool *had,
                                      const char **old_file, int64_t *old_position, struct error *e);

/* Forget everything: the index is to be made anew. */
void upsert_index_clear(struct upsert_index *x);
size_t upsert_index_count(const struct upsert_index *x); /* keys */

/* A number for a new file; path is copied. Numbers are unique over subtasks and restarts. */
MUST_USE enum err upsert_index_file(struct upsert_index *x, const char *path, int64_t *file, struct error *e);

/* Drop the entries that change no more at this watermark. */
void upsert_index_advance(struct upsert_index *x, int64_t watermark_us);

/* Forget the files that nothing points to any more: once per checkpoint. Paths given by upsert_index_set end
 * here. */
void upsert_index_sweep(struct upsert_index *x);

/* The file table as a checkpoint item, and back (items of other subtasks too: entries may have come from
 * them). */
void upsert_index_save(const struct upsert_index *x, struct bytes *out);
MUST_USE enum err upsert_index_load(struct upsert_index *x, struct slice saved, struct error *e);
#endif
