/* charset.c: see charset.h. "UTF-16" is as Java has it: big-endian, with a mark in front when written, and
 * with either mark or none when read; iconv's own is of the machine's order.
 */
#include "formats/charset.h"
#include "base/mem.h"
#include <errno.h>
#include <iconv.h>
#include <strings.h>

#define ROOM 64 /* bytes that are free before each step: more than any state needs */

struct charset {
    iconv_t to, from;  /* UTF-8 */
    iconv_t to_little; /* UTF-16 in the other order */
    bool marked;       /* UTF-16: has a byte order mark */
};

static const iconv_t none = (iconv_t)-1;

enum err charset_new(const char *name, struct charset **out, struct error *e)
{
    struct charset *c;
    const char *plain = name;

    *out = NULL;
    if (strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "UTF8") == 0)
        return OK;
    if ((c = mem_zalloc(sizeof *c)) == NULL)
        return error_memory(e, sizeof *c, "a character set");
    c->marked = strcasecmp(name, "UTF-16") == 0;
    if (c->marked)
        plain = "UTF-16BE";
    c->to = iconv_open("UTF-8", plain);
    c->from = iconv_open(plain, "UTF-8");
    c->to_little = c->marked ? iconv_open("UTF-8", "UTF-16LE") : none;
    if (c->to == none || c->from == none || (c->marked && c->to_little == none)) {
        charset_free(c);
        return error_set(e, ERR_CONFIG,
                         "there is no character set '%s'; it may be UTF-8, ISO-8859-1, UTF-16 or one that "
                         "`iconv --list` knows",
                         name);
    }
    *out = c;
    return OK;
}

void charset_free(struct charset *c)
{
    if (c == NULL)
        return;
    if (c->to != none)
        iconv_close(c->to);
    if (c->from != none)
        iconv_close(c->from);
    if (c->to_little != none)
        iconv_close(c->to_little);
    mem_free(c);
}

static const char *convert(iconv_t cd, struct slice text, struct bytes *out)
{
    char *from = (char *)(uintptr_t)text.ptr;
    size_t left = text.len;

    iconv(cd, NULL, NULL, NULL, NULL);
    while (left > 0) {
        size_t room = left + ROOM, free_bytes = room;
        char *to = bytes_reserve(out, room);

        if (to == NULL)
            return NULL; /* out says so */
        if (iconv(cd, &from, &left, &to, &free_bytes) == (size_t)-1 && errno != E2BIG)
            return errno == EINVAL ? "its last character is cut off"
                                   : "it has a character that the set has not";
        out->len += room - free_bytes;
    }
    return NULL;
}

const char *charset_to_utf8(struct charset *c, struct slice text, struct bytes *out)
{
    iconv_t cd = c->to;

    if (c->marked && slice_starts(text, SLICE("\xff\xfe")))
        cd = c->to_little;
    if (c->marked && (cd != c->to || slice_starts(text, SLICE("\xfe\xff"))))
        text = slice_from(text, 2);
    return convert(cd, text, out);
}

const char *charset_from_utf8(struct charset *c, struct slice text, struct bytes *out)
{
    if (c->marked && text.len > 0)
        bytes_append(out, "\xfe\xff", 2);
    return convert(c->from, text, out);
}
