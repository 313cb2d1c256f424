/* file_part.h: what the subtasks of a file sink hand to its committer with a checkpoint. */
#ifndef WEIR_CONNECTORS_FILE_PART_H
#define WEIR_CONNECTORS_FILE_PART_H
#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

enum file_part_kind {
    FILE_PART_DONE = 'F',    /* a finished file, to be shown */
    FILE_PART_OPEN = 'O',    /* one that goes on: shown only when the job restarts from here */
    FILE_PART_DUE = 'D',     /* a partition that is complete, as far as this subtask knows */
    FILE_PART_PENDING = 'P', /* one that is not */
};

struct file_part_entry {
    enum file_part_kind kind;
    int64_t checkpoint_id; /* of the part it is from */
    const char *path;      /* of the file; of partitions the folder within the table, with its final slash */
    struct slice ticket;   /* files: fs_reveal's */
    int64_t length;        /* files: bytes that count */
};

/* Each part begins so; entries follow. */
void file_part_begin(struct bytes *out, int64_t checkpoint_id);
void file_part_put_file(struct bytes *out, enum file_part_kind kind, const char *path, struct slice ticket,
                        int64_t length);
void file_part_put_partition(struct bytes *out, enum file_part_kind kind, const char *folder);

/* All entries of all parts, in their order, in arena; tickets are borrowed from parts. */
MUST_USE enum err file_part_read(const struct slice *parts, int32_t part_count, struct arena *arena,
                                 struct file_part_entry **out, size_t *count, struct error *e);
#endif
