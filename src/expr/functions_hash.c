/* functions_hash.c: digests as small hexadecimal digits, by libcrypto. */
#include "expr/functions.h"
#include "expr/kit.h"
#include <openssl/evp.h>
#include <strings.h>

struct digest {
    const char *name; /* the function's */
    const EVP_MD *(*md)(void);
};

static const struct digest digests[] = {{"MD5", EVP_md5},       {"SHA1", EVP_sha1},
                                        {"SHA224", EVP_sha224}, {"SHA256", EVP_sha256},
                                        {"SHA384", EVP_sha384}, {"SHA512", EVP_sha512}};

static enum err failed(struct error *e)
{
    return error_set(e, ERR_MEMORY, "libcrypto has not made a digest; it may have no memory");
}

static enum err open_context(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                             struct error *e)
{
    *self = EVP_MD_CTX_new();
    return *self ? OK : failed(e);
}

static void close_context(void *self)
{
    EVP_MD_CTX_free(self);
}

static enum err put_digest(struct call *c, int32_t row, const EVP_MD *md, struct error *e)
{
    static const char digits[] = "0123456789abcdef";
    struct slice text = arg_slice(&c->args[0], row);
    unsigned char sum[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE], *to;
    unsigned len;

    if (!EVP_DigestInit_ex(c->self, md, NULL) || !EVP_DigestUpdate(c->self, text.ptr, text.len) ||
        !EVP_DigestFinal_ex(c->self, sum, &len))
        return failed(e);
    for (unsigned i = 0; i < len; i++) {
        hex[2 * i] = digits[sum[i] >> 4];
        hex[2 * i + 1] = digits[sum[i] & 15];
    }
    if ((to = kit_text(c, 2 * (size_t)len)) == NULL)
        return error_memory(e, 2 * (size_t)len, "a text");
    memcpy(to, hex, 2 * (size_t)len);
    return call_put(c, row, slice_of(to, 2 * (size_t)len)) ? OK : error_memory(e, 0, "a text");
}

static enum err digest(struct call *c, struct error *e)
{
    const struct digest *d = digests;
    const EVP_MD *md;

    while (strcasecmp(d->name, c->expr->function->name) != 0)
        d++;
    md = d->md();
    EACH_ROW(c, i)
    {
        enum err rc = put_digest(c, i, md, e);

        if (rc != OK)
            return rc;
    }
    return OK;
}

static const EVP_MD *sha2_of(int64_t bits)
{
    switch (bits) {
    case 224:
        return EVP_sha224();
    case 256:
        return EVP_sha256();
    case 384:
        return EVP_sha384();
    case 512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

static enum err sha2(struct call *c, struct error *e)
{
    EACH_ROW(c, i)
    {
        int64_t bits = c->args[1].column->i64[i & c->args[1].mask];
        const EVP_MD *md = sha2_of(bits);
        enum err rc;

        if (md == NULL)
            return call_fail(c, e, "SHA2 has no digest of %" PRId64 " bits; it has 224, 256, 384 and 512",
                             bits);
        if ((rc = put_digest(c, i, md, e)) != OK)
            return rc;
    }
    return OK;
}

#define DIGEST(name_, usage_, doc_)                                                                          \
    {                                                                                                        \
        .name = name_, .group = GROUP_HASH, .usage = usage_, .doc = doc_, .least = 1, .most = 1,             \
        .flags = FN_STRICT, .resolve = kit_resolve, .signature = "x>s",                                      \
        .simple = &(const struct variant){.kernel = digest, .open = open_context, .close = close_context},   \
    }

const struct function functions_hash[] = {
    DIGEST("MD5", "MD5(value)", "The MD5 digest of a text (or bytes) in 32 hexadecimal digits."),
    DIGEST("SHA1", "SHA1(value)", "The SHA-1 digest in 40 hexadecimal digits."),
    DIGEST("SHA224", "SHA224(value)", "The SHA-224 digest in 56 hexadecimal digits."),
    DIGEST("SHA256", "SHA256(value)", "The SHA-256 digest in 64 hexadecimal digits."),
    DIGEST("SHA384", "SHA384(value)", "The SHA-384 digest in 96 hexadecimal digits."),
    DIGEST("SHA512", "SHA512(value)", "The SHA-512 digest in 128 hexadecimal digits."),
    {"SHA2", GROUP_HASH, "SHA2(value, bits)",
     "The SHA-2 digest of 224, 256, 384 or 512 bits in hexadecimal digits.", 2, 2, FN_STRICT | FN_FAILS,
     kit_resolve, "xi>s",
     &(const struct variant){.kernel = sha2, .open = open_context, .close = close_context}},
    {NULL},
};
