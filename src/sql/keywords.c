/* keywords.c: finding a word: the table is sorted, so by halves. */
#include "sql/keywords.h"

#define WORD_MAX 32

struct word {
    const char *text;
    uint8_t len, class;
};

static const struct word words[] = {[KW_NO_KEYWORD] = {"", 0, KEYWORD_NAME},
#define NAME(word)     [KW_##word] = {#word, sizeof #word - 1, KEYWORD_NAME},
#define RESERVED(word) [KW_##word] = {#word, sizeof #word - 1, KEYWORD_RESERVED},
#define FUNCTION(word) [KW_##word] = {#word, sizeof #word - 1, KEYWORD_FUNCTION},
#define VARIABLE(word) [KW_##word] = {#word, sizeof #word - 1, KEYWORD_VARIABLE},
                                    SQL_KEYWORDS(NAME, RESERVED, FUNCTION, VARIABLE, NAME)};

enum keyword keyword_find(struct slice word)
{
    char upper[WORD_MAX];
    size_t low = 1, high = COUNT_OF(words);

    if (word.len == 0 || word.len > WORD_MAX)
        return KW_NO_KEYWORD;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];

        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = slice_compare(slice_of(upper, word.len), slice_of(words[middle].text, words[middle].len));

        if (order == 0)
            return (enum keyword)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return KW_NO_KEYWORD;
}

const char *keyword_text(enum keyword k)
{
    assert(k > KW_NO_KEYWORD && k < KW_COUNT_OF);
    return words[k].text;
}

enum keyword_class keyword_class(enum keyword k)
{
    return (enum keyword_class)words[k].class;
}
