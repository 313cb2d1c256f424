/* fs_memory.h: files in this process's memory: where checkpoints lie when the job was given no directory for
 * them, so that a restart within the process takes the same way as any other. Gone with the process. Thread:
 * any.
 */
#ifndef WEIR_CHECKPOINT_FS_MEMORY_H
#define WEIR_CHECKPOINT_FS_MEMORY_H
#include "io/fs.h"

struct budget;

/* What the files hold is charged to budget (borrowed, may be NULL). NULL when there is no memory. */
MUST_USE struct fs *fs_memory_new(struct budget *budget);
#endif
