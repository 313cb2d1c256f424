/* checkpoint_fuzz.c: a checkpoint's metadata: as it is, and behind a checksum that fits, so that the content
 * is read. What could be read is written and read again, and is then the same document.
 */
#include "base/hash.h"
#include "checkpoint/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(const struct checkpoint *c)
{
    struct bytes first = {0}, second = {0};
    struct checkpoint *back = NULL;
    struct error e;

    assert(checkpoint_encode(c, &first, &e) == OK);
    assert(checkpoint_decode(bytes_all(&first), c->path, &back, &e) == OK);
    assert(checkpoint_encode(back, &second, &e) == OK && slice_equal(bytes_all(&first), bytes_all(&second)));
    checkpoint_free(back);
    bytes_fini(&first);
    bytes_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes document = {0};
    struct checkpoint *c;
    struct error e;

    if (checkpoint_decode(slice_of(data, size), "/checkpoints/j/chk-1", &c, &e) == OK)
        checkpoint_free(c);
    bytes_printf(&document, "{\"checksum\":\"xxh3:%016" PRIx64 "\",\n", hash_bytes(data, size));
    bytes_append(&document, data, size);
    if (checkpoint_decode(bytes_all(&document), "/checkpoints/j/chk-1", &c, &e) == OK) {
        there_and_back(c);
        checkpoint_free(c);
    }
    bytes_fini(&document);
    return 0;
}
