/* file_list.h: the files of a filesystem table: what lies below its path, without hidden files (a part of
 * the name begins with '.' or '_'), with what their names say of partitions: `.../day=2025-11-01/part-0.csv`.
 */
#ifndef WEIR_CONNECTORS_FILE_LIST_H
#define WEIR_CONNECTORS_FILE_LIST_H
#include "base/map.h"
#include "io/fs.h"

struct listed_file {
    char *path; /* owned */
    int64_t size, modified_ms;
};

struct file_list {
    struct listed_file *files; /* owned; by path */
    size_t count, capacity;
};

/* All files of path (a folder or a file); pattern (Java's; NULL: any) must match the whole path, with or without
 * scheme and bucket. */
MUST_USE enum err file_list_read(struct file_list *l, struct fs *fs, const char *path, const char *pattern,
                                 struct error *e);
void file_list_fini(struct file_list *l); /* zeroed is fine */

/* The value of a partition column in path, behind root, with its %-escapes undone; {NULL, 0}: path does not
 * name it. */
struct slice file_list_partition(struct arena *arena, const char *root, const char *path, const char *column);

/* Append text as it stands in a folder's name: with %-escapes where Hive has them. */
void file_list_escape(struct bytes *out, struct slice text);

/* What is behind the last '/'. */
const char *file_list_name(const char *path);
#endif
