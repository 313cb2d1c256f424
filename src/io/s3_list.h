/* s3_list.h: listing of an object store, page by page, for fs_s3.c. Private to io. */
#ifndef WEIR_IO_S3_LIST_H
#define WEIR_IO_S3_LIST_H
#include "io/s3_client.h"

/* As fs_list says. The URIs begin as prefix does. */
enum err s3_list(struct s3_client *client, const char *prefix, fs_visit *visit, void *arg, struct error *e);
#endif
