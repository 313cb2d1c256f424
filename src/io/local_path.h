/* local_path.h: names of local files, and their failures in words. Private to io. */
#ifndef WEIR_IO_LOCAL_PATH_H
#define WEIR_IO_LOCAL_PATH_H
#include "io/fs.h"
#include <sys/stat.h>

/* The path within a URI: `/a` of /a, file:/a, file:///a, file://localhost/a. NULL and e when it is not local.
 */
const char *local_path_of(const char *uri, struct error *e);

/* The folder of path with its final slash: 0 bytes long for a plain name. */
struct slice local_path_folder(const char *path);

/* `folder/.name.tmp-<random>`, the name cut where it would be too long for a folder; NULL without memory. */
char *local_path_temp(const char *path);
/* `folder/.name.inprogress.<the same random>` of what local_path_temp made of path; NULL without memory. */
char *local_path_unrevealed(const char *path, const char *temp);
bool local_path_is_temp(const char *name); /* name: without folder */

/* `verb uri: errno in words that say what to do`; returns the code that fits. */
enum err local_path_fail(struct error *e, int errno_value, const char *verb, const char *uri);

/* The same for reading: a file where a folder should be means "not found", as in an object store. */
enum err local_path_fail_read(struct error *e, int errno_value, const char *verb, const char *uri);

/* fsync of a folder, and of the one that path is in; the errno, 0 when it went well. */
int local_path_sync_folder(const char *folder);
int local_path_sync(const char *path);

void local_path_info(struct fs_info *out, const struct stat *st); /* size and time */
#endif
