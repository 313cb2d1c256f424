/* s3_upload.h: writing of files to an object store, for fs_s3.c. Private to io. */
#ifndef WEIR_IO_S3_UPLOAD_H
#define WEIR_IO_S3_UPLOAD_H
#include "io/s3_client.h"
#include <stdatomic.h>

struct s3_uploader {
    struct s3_client *client; /* borrowed */
    size_t part_bytes;
    atomic_bool probed; /* the store is known to have conditional writes */
};

/* As the functions of fs_ops. uploader is borrowed until the file is published or abandoned. */
enum err s3_upload_create(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct fs_file **out,
                          struct error *e);
enum err s3_upload_write(struct fs_file *file, struct slice data, struct error *e);
enum err s3_upload_publish(struct fs_file *file, enum fs_publish how, struct error *e);
void s3_upload_abandon(struct fs_file *file);
enum err s3_upload_persist(struct fs_file *file, struct bytes *ticket, struct error *e);
size_t s3_upload_held(const struct fs_file *file);
void s3_upload_leave(struct fs_file *file);
enum err s3_upload_reveal(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct slice ticket,
                          struct error *e);
void s3_upload_forget(struct fs *fs, struct s3_uploader *uploader, const char *uri, struct slice ticket);
#endif
