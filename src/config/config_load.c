/* config_load.c: configuration from files and from FLINK_PROPERTIES.
 * A file named flink-conf.yaml is in Flink's older form, which only looks like YAML (config_put_lines); any
 * other is YAML. As in Flink 1.20 flink-conf.yaml wins when both are there.
 */
#include "base/bytes.h"
#include "base/mem.h"
#include "config/config_store.h"
#include "config/config_values.h"
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)4 << 20)
#define OLD_NAME   "flink-conf.yaml"
#define NEW_NAME   "config.yaml"

static enum err read_all(FILE *f, const char *path, struct bytes *out, struct error *e)
{
    for (;;) {
        void *at = bytes_reserve(out, 65536);
        size_t n;

        if (at == NULL)
            return error_memory(e, out->len + 65536, path);
        n = fread(at, 1, 65536, f);
        out->len += n;
        if (n == 0)
            return ferror(f) ? error_errno(e, errno, "reading %s", path) : OK;
        if (out->len > FILE_LIMIT)
            return error_set(e, ERR_CONFIG, "reading %s: it is larger than 4 MiB, which no configuration is",
                             path);
    }
}

static bool is_old_form(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash ? slash + 1 : path, OLD_NAME) == 0;
}

enum err config_load_file(struct config *c, const char *path, struct error *e)
{
    struct bytes text = {0};
    FILE *f = fopen(path, "re");
    enum err rc;

    if (f == NULL)
        return error_errno(e, errno, "opening the configuration %s", path);
    rc = read_all(f, path, &text, e);
    fclose(f);
    if (rc == OK) {
        c->layer++;
        rc = is_old_form(path) ? config_put_lines(c, bytes_all(&text), path, e)
                               : config_put_yaml(c, bytes_all(&text), path, e);
    }
    bytes_fini(&text);
    return rc;
}

static char *path_in(const char *dir, const char *name)
{
    size_t len = strlen(dir);

    return mem_printf("%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/", name);
}

/* There, or not to be told (no right to look): then opening it says why. */
static bool is_there(const char *path)
{
    return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

enum err config_load_dir(struct config *c, const char *conf_dir, struct error *e)
{
    char *old_form = path_in(conf_dir, OLD_NAME), *new_form = path_in(conf_dir, NEW_NAME);
    enum err rc = OK;

    if (old_form == NULL || new_form == NULL) {
        rc = error_memory(e, strlen(conf_dir), "the path of the configuration");
        goto out;
    }
    if (is_there(old_form)) {
        if (is_there(new_form))
            rc = config_note(c, e, LOG_WARN, "%s is not read, because %s is there: remove one", new_form,
                             old_form);
        if (rc == OK)
            rc = config_load_file(c, old_form, e);
    } else if (is_there(new_form)) {
        rc = config_load_file(c, new_form, e);
    }
out:
    mem_free(old_form);
    mem_free(new_form);
    return rc;
}

enum err config_load_properties(struct config *c, const char *text, const char *origin, struct error *e)
{
    c->layer++;
    return config_put_lines(c, slice_text(text), origin, e);
}

/* --- the older form --- */

static struct slice take_line(struct slice *text)
{
    const char *end = memchr(text->ptr, '\n', text->len);
    size_t len = end ? (size_t)(end - text->ptr) : text->len;
    struct slice line = slice_of(text->ptr, len);

    *text = slice_from(*text, MIN(len + 1, text->len));
    return line;
}

/* `key: >` or `key: |`, as YAML begins a value of several lines. */
static bool is_block_mark(struct slice value)
{
    if (value.len == 0 || value.len > 3 || (*value.ptr != '>' && *value.ptr != '|'))
        return false;
    for (size_t i = 1; i < value.len; i++)
        if (memchr("+-123456789", value.ptr[i], 11) == NULL)
            return false;
    return true;
}

static enum err put_line(struct config *c, struct slice line, const char *origin, struct error *e)
{
    const char *hash = memchr(line.ptr, '#', line.len);
    const char *colon;
    struct slice key, value;

    if (hash)
        line.len = (size_t)(hash - line.ptr);
    line = config_trim(line);
    if (line.len == 0 || slice_is(line, "---"))
        return OK;
    colon = memmem(line.ptr, line.len, ": ", 2);
    if (colon == NULL)
        return config_note(c, e, LOG_WARN,
                           "%s: the line is passed over, it is no `key: value` with a blank behind the colon",
                           origin);
    key = config_trim(slice_of(line.ptr, (size_t)(colon - line.ptr)));
    value = config_trim(slice_from(line, (size_t)(colon - line.ptr) + 2));
    if (key.len == 0)
        return config_note(c, e, LOG_WARN, "%s: the line is passed over, it has a value without a key",
                           origin);
    if (is_block_mark(value))
        return config_note(c, e, LOG_WARN,
                           "%s: " SLICE_FMT " is passed over: values of several lines are known to " NEW_NAME
                           " only; write it in one line",
                           origin, SLICE_ARG(key));
    return config_put(c, key, value, origin, e);
}

enum err config_put_lines(struct config *c, struct slice text, const char *origin, struct error *e)
{
    enum err rc = OK;

    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        text = slice_from(text, 3); /* a byte order mark */
    for (int number = 1; rc == OK && text.len; number++) {
        struct slice line = take_line(&text);
        char at[512];

        snprintf(at, sizeof at, "%s:%d", origin, number);
        rc = put_line(c, line, at, e);
    }
    return rc;
}
