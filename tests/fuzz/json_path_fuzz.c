/* json_path_fuzz.c: a path and a document, with a line end between them, must not crash the reader or the walk. */
#include "expr/json_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    size_t len = end ? (size_t)(end - data) : size;
    struct json_document d = {0};
    struct json_path_matches m = {0};
    struct json_path p;
    struct bytes out = {0};
    struct error e;

    if (json_path_init(&p, slice_of(data, len), &e) != OK)
        return 0;
    if (end && json_document_read(&d, slice_of(end + 1, size - len - 1))) {
        json_path_find(&p, &d, &m);
        for (size_t i = 0; i < m.count && i < 100; i++)
            json_document_write(&d, m.nodes[i], &out);
    }
    bytes_fini(&out);
    json_path_matches_fini(&m);
    json_document_fini(&d);
    json_path_fini(&p);
    return 0;
}
