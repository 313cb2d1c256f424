/* config_nearest.c: what did they mean? Edit distance with transpositions (optimal string alignment), in any
 * case. */
#include "config/config.h"

#define WORD_MAX 96

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Edits from a to b, or more than limit as soon as that is sure. Three rows of the table are at hand. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit)
{
    unsigned rows[3][WORD_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned least = row[0] = (unsigned)i, *spare = before;

        for (size_t j = 1; j <= b_len; j++) {
            char x = lower(a[i - 1]), y = lower(b[j - 1]);
            unsigned edits = MIN(MIN(last[j], row[j - 1]) + 1, last[j - 1] + (x != y));

            if (i > 1 && j > 1 && x == lower(b[j - 2]) && y == lower(a[i - 2]))
                edits = MIN(edits, before[j - 2] + 1);
            row[j] = edits;
            least = MIN(least, edits);
        }
        if (least > limit)
            return limit + 1;
        before = last;
        last = row;
        row = spare;
    }
    return last[b_len];
}

const char *config_nearest(const char *word, const char *const *names, size_t count)
{
    size_t len = strlen(word);
    unsigned limit = len <= 3 ? 1 : len <= 8 ? 2 : MIN((unsigned)len / 4, 6);
    const char *nearest = NULL;

    if (len == 0 || len > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t name_len = strlen(names[i]);
        unsigned edits;

        if (name_len > WORD_MAX || name_len > len + limit || len > name_len + limit)
            continue;
        edits = distance(word, len, names[i], name_len, limit);
        if (edits > limit || (nearest && edits == limit))
            continue;
        nearest = names[i];
        if (edits == 0)
            break;
        limit = edits; /* the first of equals stays */
    }
    return nearest;
}
