/* sigv4.c: see sigv4.h. The request is written in one canonical way and hashed; the hash, the time and the
 * scope (day/region/service) make the string to sign; the key is derived from the secret by hashing each part
 * of the scope.
 */
#include "io/sigv4.h"
#include "base/calendar.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#define HASH_BYTES 32
#define DAY_CHARS  8 /* of the time, which are the day */

static void to_hex(const uint8_t hash[HASH_BYTES], char out[SIGV4_HASH_MAX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < HASH_BYTES; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[2 * HASH_BYTES] = '\0';
}

void sigv4_hash(struct slice payload, char out[SIGV4_HASH_MAX])
{
    uint8_t hash[HASH_BYTES] = {0};
    int ok = EVP_Digest(payload.ptr ? payload.ptr : "", payload.len, hash, NULL, EVP_sha256(), NULL);

    assert(ok == 1); /* fails only when the library has no SHA-256 */
    to_hex(hash, out);
}

static void hmac(const uint8_t *key, size_t key_len, const char *text, size_t len, uint8_t out[HASH_BYTES])
{
    const uint8_t *done = HMAC(EVP_sha256(), key, (int)key_len, (const uint8_t *)text, len, out, NULL);

    assert(done != NULL);
}

void sigv4_time(int64_t wall_us, char out[SIGV4_TIME_MAX])
{
    struct civil date = calendar_civil(calendar_day_of(wall_us));
    int second = (int)((wall_us - calendar_day_of(wall_us) * MICROS_PER_DAY) / MICROS_PER_SECOND);

    snprintf(out, SIGV4_TIME_MAX, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)date.year % 10000,
             (unsigned)date.month % 100, (unsigned)date.day % 100, (unsigned)(second / 3600) % 100,
             (unsigned)(second / 60 % 60), (unsigned)(second % 60));
}

void sigv4_encode(struct bytes *out, struct slice text, bool keep_slash)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (memchr(plain, c, sizeof plain - 1) != NULL || (c == '/' && keep_slash))
            bytes_u8(out, (uint8_t)c);
        else
            bytes_printf(out, "%%%02X", (unsigned char)c);
    }
}

/* `host;x-amz-date`: the names of the headers. */
static void put_names(struct bytes *out, const char *const *headers)
{
    for (size_t i = 0; headers[i]; i++) {
        if (i > 0)
            bytes_u8(out, ';');
        bytes_append(out, headers[i], strcspn(headers[i], ":"));
    }
}

static void put_canonical(struct bytes *out, const struct sigv4_request *r)
{
    bytes_printf(out, "%s\n%s\n%s\n", r->method, r->path, r->query);
    for (size_t i = 0; r->headers[i]; i++) {
        size_t name_len = strcspn(r->headers[i], ":");

        assert(i == 0 || strcmp(r->headers[i - 1], r->headers[i]) < 0);
        bytes_append(out, r->headers[i], name_len + 1);
        bytes_printf(out, "%s\n", r->headers[i] + name_len + 1 + strspn(r->headers[i] + name_len + 1, " "));
    }
    bytes_u8(out, '\n');
    put_names(out, r->headers);
    bytes_printf(out, "\n%s", r->payload_hash);
}

static void derive_key(const struct sigv4_key *key, const char *day, struct bytes *scratch,
                       uint8_t out[HASH_BYTES])
{
    bytes_clear(scratch);
    bytes_printf(scratch, "AWS4%s", key->secret_key);
    if (scratch->failed)
        return;
    hmac((const uint8_t *)scratch->ptr, scratch->len, day, DAY_CHARS, out);
    hmac(out, HASH_BYTES, key->region, strlen(key->region), out);
    hmac(out, HASH_BYTES, key->service, strlen(key->service), out);
    hmac(out, HASH_BYTES, "aws4_request", 12, out);
}

void sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *r, struct bytes *out)
{
    struct bytes text = {0}, scratch = {0};
    char hex[SIGV4_HASH_MAX];
    uint8_t hash[HASH_BYTES] = {0};

    put_canonical(&text, r);
    sigv4_hash(bytes_all(&text), hex);
    out->failed |= text.failed;
    bytes_clear(&text);
    bytes_printf(&text, "AWS4-HMAC-SHA256\n%s\n%.*s/%s/%s/aws4_request\n%s", r->time, DAY_CHARS, r->time,
                 key->region, key->service, hex);
    derive_key(key, r->time, &scratch, hash);
    out->failed |= text.failed || scratch.failed;
    hmac(hash, HASH_BYTES, text.ptr ? text.ptr : "", text.len, hash);
    to_hex(hash, hex);
    bytes_printf(out, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%.*s/%s/%s/aws4_request, SignedHeaders=",
                 key->access_key, DAY_CHARS, r->time, key->region, key->service);
    put_names(out, r->headers);
    bytes_printf(out, ", Signature=%s", hex);
    bytes_fini(&text);
    bytes_fini(&scratch);
}
