/* catalog_store.c: see catalog_store.h. Names are those of Iceberg's S3FileIO. */
#include "iceberg/catalog_store.h"
#include "config/config.h"
#include "io/fs.h"

static const char *const names[] = {"s3.endpoint",      "s3.access-key-id",     "s3.secret-access-key",
                                    "s3.session-token", "s3.path-style-access", "s3.region",
                                    "client.region"};

bool catalog_store_option(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(key, names[i]) == 0)
            return true;
    return false;
}

static const char *option(const struct map *options, const char *key)
{
    return map_get(options, slice_text(key));
}

static bool names_store(const struct map *options)
{
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (option(options, names[i]))
            return true;
    return false;
}

static void put(const char **field, const char *value)
{
    if (value)
        *field = value;
}

/* Keys come as a pair; a token of the configuration belongs to the configuration's pair. */
static enum err put_keys(const struct map *options, struct fs_s3_config *s3, struct error *e)
{
    const char *access = option(options, "s3.access-key-id");
    const char *secret = option(options, "s3.secret-access-key");
    const char *token = option(options, "s3.session-token");

    if ((access == NULL) != (secret == NULL))
        return error_set(e, ERR_CONFIG,
                         "options 's3.access-key-id' and 's3.secret-access-key' go together; '%s' is missing",
                         access ? "s3.secret-access-key" : "s3.access-key-id");
    if (access) {
        s3->access_key = access;
        s3->secret_key = secret;
        s3->session_token = NULL;
    }
    put(&s3->session_token, token);
    return OK;
}

static enum err put_options(const struct map *options, struct fs_s3_config *s3, struct error *e)
{
    const char *path_style = option(options, "s3.path-style-access");
    enum err rc = path_style ? config_parse_bool(path_style, &s3->path_style, e) : OK;

    if (rc != OK)
        return error_add(e, rc, "option 's3.path-style-access'");
    put(&s3->endpoint, option(options, "s3.endpoint"));
    put(&s3->region, option(options, "s3.region"));
    put(&s3->region, option(options, "client.region"));
    return put_keys(options, s3, e);
}

enum err catalog_store_open(struct fs *base, const struct map *options, struct fs **own, struct error *e)
{
    const struct fs_s3_config *store = base ? fs_store(base)
                                            : NULL; /* who only asks for names has no files */
    struct fs *local = NULL, *remote = NULL;
    struct fs_s3_config s3;
    enum err rc;

    *own = NULL;
    if (store == NULL || !names_store(options))
        return OK;
    s3 = *store;
    if ((rc = put_options(options, &s3, e)) != OK)
        return rc;
    if ((rc = fs_local_new(&local, e)) != OK || (rc = fs_s3_new(&s3, &remote, e)) != OK) {
        fs_free(local);
        return rc;
    }
    return fs_router_new(local, remote, own, e); /* takes both, also when it fails */
}
