/* local_reveal.h: files on a disk that are persisted but not shown: their tickets, and what is done by them.
 * Private to io.
 */
#ifndef WEIR_IO_LOCAL_REVEAL_H
#define WEIR_IO_LOCAL_REVEAL_H
#include "io/fs.h"

/* Append the ticket of an unrevealed file of which len bytes count. */
MUST_USE enum err local_reveal_ticket(const char *hidden, int64_t len, struct bytes *ticket, struct error *e);

/* As fs_reveal and fs_forget say. */
enum err local_reveal_show(struct fs *fs, const char *uri, struct slice ticket, struct error *e);
void local_reveal_forget(struct fs *fs, const char *uri, struct slice ticket);
#endif
