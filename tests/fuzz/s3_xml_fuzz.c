/* s3_xml_fuzz.c: any bytes as an answer of an object store: every element is found or not, no byte outside is
 * read, and a text that was read comes back the same through escaping.
 */
#include "io/s3_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct slice xml, const char *name)
{
    struct bytes text = {0}, again = {0}, escaped = {0};

    if (s3_xml_text(xml, name, &text)) {
        bytes_text(&escaped, "<T>");
        s3_xml_escape(&escaped, bytes_all(&text));
        bytes_text(&escaped, "</T>");
        bool found = s3_xml_text(bytes_all(&escaped), "T", &again);
        assert(found && slice_equal(bytes_all(&text), bytes_all(&again)));
    }
    bytes_fini(&text);
    bytes_fini(&again);
    bytes_fini(&escaped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Contents", "Part", "Error", "C"};
    static const char *const texts[] = {"Key", "Code", "Message", "UploadId", "IsTruncated"};
    struct slice all = slice_of(data, size);

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct slice rest = all, content;

        while (s3_xml_next(&rest, names[i], &content)) {
            const char *end = all.ptr + all.len;

            assert(content.ptr >= all.ptr && content.ptr + content.len <= end);
            assert(rest.ptr >= content.ptr + content.len && rest.ptr + rest.len == end);
            assert(s3_xml_number(content, "Size") >= -1);
            check_text(content, "Key");
        }
    }
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check_text(all, texts[i]);
    return 0;
}
