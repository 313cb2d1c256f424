/* places.c: two functions for SQL: a scalar one, which gives the geohash of a place, and a table function,
 * which takes a text apart into its words.
 *
 *   CREATE FUNCTION geohash AS 'geohash' LANGUAGE C USING JAR 'build/examples/places.so';
 *   CREATE FUNCTION words AS 'words' LANGUAGE C USING JAR 'build/examples/places.so';
 *
 *   SELECT geohash(48.8584, 2.2945, 7);                                     -- u09tunq
 *   SELECT id, word FROM notes, LATERAL TABLE(words(text));
 */
#include <weir/function.h>

/* --- geohash: halve longitude and latitude in turn, five bits a letter --- */

#define LETTERS_MOST 12

static void halve(double *low, double *high, double v, unsigned *letter)
{
    double middle = (*low + *high) / 2;
    int above = v >= middle;

    *letter = *letter * 2 + (unsigned)above;
    *(above ? low : high) = middle;
}

static void put_geohash(struct weir_rows *out, double latitude, double longitude, int32_t length)
{
    static const char letters[] = "0123456789bcdefghjkmnpqrstuvwxyz";
    double south = -90, north = 90, west = -180, east = 180;
    char text[LETTERS_MOST];

    for (int32_t i = 0; i < length; i++) {
        unsigned letter = 0;

        for (int bit = 0; bit < 5; bit++)
            if ((i * 5 + bit) % 2 == 0)
                halve(&west, &east, longitude, &letter);
            else
                halve(&south, &north, latitude, &letter);
        text[i] = letters[letter];
    }
    weir_put_str(out, 0, text, (size_t)length);
}

static bool geohash_rows(void *self, struct weir_task *t, const struct weir_batch *args,
                         struct weir_rows *out)
{
    const double *latitude = weir_f64s(args, 0), *longitude = weir_f64s(args, 1);
    const int32_t *length = weir_i32s(args, 2);

    (void)self;
    for (int32_t row = 0; row < weir_rows_count(args); row++) {
        if (length[row] < 1 || length[row] > LETTERS_MOST)
            return weir_task_fail(t, "a geohash has 1 to %d letters, not %d", LETTERS_MOST, (int)length[row]);
        put_geohash(out, latitude[row], longitude[row], length[row]);
    }
    return true;
}

const struct weir_function geohash = {
    .abi = WEIR_FUNCTION_ABI,
    .kind = WEIR_SCALAR,
    .flags = WEIR_STRICT, /* no place, no hash: rows with a NULL never come here */
    .arguments = "latitude DOUBLE, longitude DOUBLE, length INT",
    .result = "STRING",
    .doc = "The geohash of a place, so many letters long.",
    .call = geohash_rows,
};

/* --- words --- */

static void put_word(struct weir_rows *out, int32_t nth, const char *ptr, size_t len)
{
    weir_put_i32(out, 0, nth);
    weir_put_str(out, 1, ptr, len);
}

static bool words_rows(void *self, struct weir_task *t, const struct weir_batch *args, struct weir_rows *out)
{
    (void)self;
    (void)t;
    for (int32_t row = 0; row < weir_rows_count(args); row++) {
        struct weir_str text = weir_str(args, 0, row);
        size_t begin = 0;
        int32_t nth = 0;

        weir_rows_of(out, row);
        for (size_t at = 0; at <= text.len; at++) {
            if (at < text.len && text.ptr[at] != ' ')
                continue;
            if (at > begin)
                put_word(out, ++nth, text.ptr + begin, at - begin);
            begin = at + 1;
        }
    }
    return true;
}

const struct weir_function words = {
    .abi = WEIR_FUNCTION_ABI,
    .kind = WEIR_TABLE,
    .flags = WEIR_STRICT,
    .arguments = "text STRING",
    .result = "nth INT NOT NULL, word STRING NOT NULL",
    .doc = "The words of a text, a row each.",
    .call = words_rows,
};
