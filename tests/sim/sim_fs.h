/* sim_fs.h: a file system in memory that fails as real ones do: an operation may fail before it did anything,
 * after it did it (the answer was lost), or half-way (a listing breaks off). What was not published when the
 * process crashes is lost. A full struct fs: FS_IF_ABSENT is atomic. Outlives the crashes of the processes
 * that use it.
 */
#ifndef WEIR_SIM_FS_H
#define WEIR_SIM_FS_H
#include "io/fs.h"
#include "sim_world.h"

/* w is borrowed. NULL when there is no memory. Free with fs_free. */
struct fs *sim_fs_new(struct sim_world *w);
#endif
