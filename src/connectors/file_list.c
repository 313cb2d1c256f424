/* file_list.c: see file_list.h. */
#include "connectors/file_list.h"
#include "base/mem.h"
#include "expr/java_regex.h"
#include <stdlib.h>

struct listing {
    struct file_list *list;
    const char *root;
    size_t root_len;            /* with its '/' */
    struct java_regex *pattern; /* NULL: any file */
    bool failed;
};

const char *file_list_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool is_hidden(const char *below)
{
    bool begins = true;

    for (; *below; below++) {
        if (begins && (*below == '.' || *below == '_'))
            return true;
        begins = *below == '/';
    }
    return false;
}

/* The whole path, as the user wrote its beginning, or what is behind scheme and bucket (as Flink has it). */
static bool matches(const struct listing *l, const char *path)
{
    const char *authority = strstr(path, "://"), *slash = authority ? strchr(authority + 3, '/') : NULL;

    return l->pattern == NULL || java_regex_find(l->pattern, slice_text(path), 0) == JAVA_REGEX_FOUND ||
           (slash && java_regex_find(l->pattern, slice_text(slash), 0) == JAVA_REGEX_FOUND);
}

static bool visit(void *arg, const struct fs_info *info)
{
    struct listing *l = arg;
    struct file_list *list = l->list;
    char *path;

    if (is_hidden(info->path + MIN(l->root_len, strlen(info->path))) || !matches(l, info->path))
        return true;
    if (!MEM_GROW(list->files, list->count, list->capacity) || (path = mem_strdup(info->path)) == NULL) {
        l->failed = true;
        return false;
    }
    list->files[list->count++] = (struct listed_file){path, info->size, info->modified_ms};
    return true;
}

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct listed_file *)x)->path, ((const struct listed_file *)y)->path);
}

enum err file_list_read(struct file_list *l, struct fs *fs, const char *path, const char *pattern,
                        struct error *e)
{
    struct listing listing = {.list = l};
    struct arena arena = {0};
    struct fs_info one;
    enum err rc;

    *l = (struct file_list){0};
    if (pattern && (rc = java_regex_new(slice_text(pattern), JAVA_REGEX_WHOLE, &listing.pattern, e)) != OK)
        goto out;
    listing.root = fs_join(&arena, path, "");
    if (listing.root == NULL) {
        rc = error_memory(e, strlen(path), "a path");
        goto out;
    }
    listing.root_len = strlen(listing.root);
    if ((rc = fs_list(fs, listing.root, visit, &listing, e)) != OK)
        goto out;
    if (l->count == 0 && !listing.failed && fs_stat(fs, path, &one, e) == OK) { /* a file, not a folder */
        one.path = path;
        visit(&listing, &one);
    }
    if (listing.failed)
        rc = error_memory(e, sizeof *l->files, "a list of files");
    else if (l->count)
        qsort(l->files, l->count, sizeof *l->files, by_path);
out:
    java_regex_free(listing.pattern);
    arena_fini(&arena);
    if (rc != OK)
        file_list_fini(l);
    return rc;
}

void file_list_fini(struct file_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        mem_free(l->files[i].path);
    mem_free(l->files);
    *l = (struct file_list){0};
}

/* --- partitions --------------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static struct slice unescape(struct arena *arena, struct slice text)
{
    char *to = arena_alloc(arena, text.len + 1);
    size_t n = 0;

    for (size_t i = 0; to && i < text.len; i++) {
        int high = i + 2 < text.len ? hex_digit(text.ptr[i + 1]) : -1;
        int low = i + 2 < text.len ? hex_digit(text.ptr[i + 2]) : -1;
        bool escaped = text.ptr[i] == '%' && high >= 0 && low >= 0;

        to[n++] = escaped ? (char)(high * 16 + low) : text.ptr[i];
        i += escaped ? 2 : 0;
    }
    return slice_of(to, to ? n : 0);
}

void file_list_escape(struct bytes *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];

        if (c < ' ' || c == 0x7f || strchr("\"#%'*/:=?\\{[]^", c))
            bytes_printf(out, "%%%02X", c);
        else
            bytes_u8(out, c);
    }
}

struct slice file_list_partition(struct arena *arena, const char *root, const char *path, const char *column)
{
    const char *p = strncmp(path, root, strlen(root)) == 0 ? path + strlen(root) : path;
    struct slice value = {NULL, 0};
    struct bytes key = {0};

    file_list_escape(&key, slice_text(column));
    bytes_u8(&key, '=');
    while (*p && !key.failed && value.ptr == NULL) {
        size_t part = strcspn(p, "/");

        if (p[part] == '/' && slice_starts(slice_of(p, part), bytes_all(&key)))
            value = unescape(arena, slice_of(p + key.len, part - key.len));
        p += part + (p[part] == '/');
    }
    arena->failed |= key.failed;
    bytes_fini(&key);
    return value;
}
