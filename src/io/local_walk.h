/* local_walk.h: listing and removing of local files, for fs_local.c. Private to io. */
#ifndef WEIR_IO_LOCAL_WALK_H
#define WEIR_IO_LOCAL_WALK_H
#include "io/fs.h"

/* As fs_list and fs_remove say. Removing takes folders along that hold nothing but remains of crashed
 * writers. */
enum err local_walk_list(struct fs *fs, const char *prefix, fs_visit *visit, void *arg, struct error *e);
enum err local_walk_remove(struct fs *fs, const char *uri, struct error *e);
#endif
