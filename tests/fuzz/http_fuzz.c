/* http_fuzz.c: any bytes as header lines of an answer, and as a URL that is shown in a message. The name that
 * is looked for is the first line of the input.
 */
#include "base/mem.h"
#include "io/transfer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_headers(struct slice headers, const char *name)
{
    struct slice value = transfer_header(headers, name);

    assert(value.ptr == NULL ||
           (value.ptr >= headers.ptr && value.ptr + value.len <= headers.ptr + headers.len));
    assert(value.len == 0 || memchr(value.ptr, '\n', value.len) == NULL);
}

/* Neither user nor password nor query may be shown. */
static void check_url(const char *url)
{
    char shown[TRANSFER_URL_MAX];
    const char *host = strstr(transfer_url_shown(url, shown), "://");

    assert(strlen(shown) < sizeof shown);
    assert(strpbrk(shown, "?#") == NULL);
    if (strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0)
        assert(host != NULL && memchr(host + 3, '@', strcspn(host + 3, "/")) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_strndup((const char *)data, size);
    size_t line = text ? strcspn(text, "\n") : 0;

    if (text == NULL)
        return 0;
    check_url(text);
    if (line < strlen(text)) {
        text[line] = '\0';
        check_headers(slice_of(data + line + 1, size - line - 1), text);
    }
    check_headers(slice_of(data, size), "Content-Length");
    mem_free(text);
    return 0;
}
