/* lexer.c: one character decides what a token is; a table of the one- and two-character signs does the rest.
 * */
#include "sql/lexer.h"

void lexer_init(struct lexer *l, struct slice text, size_t offset)
{
    *l = (struct lexer){.text = text, .line = 1, .column = 1};
    if (slice_starts(text, SLICE("\xEF\xBB\xBF")))
        l->at = 3;
    if (offset > l->at) {
        struct ast_place place = sql_place(text, offset, offset);

        l->line = place.line;
        l->column = place.column;
        l->at = offset;
    }
}

static unsigned char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.len ? (unsigned char)l->text.ptr[l->at + ahead] : 0;
}

/* Step over one byte; a code point counts at its first byte. */
static void step(struct lexer *l)
{
    unsigned char c = (unsigned char)l->text.ptr[l->at++];

    if (c == '\n') {
        l->line++;
        l->column = 1;
    } else if ((c & 0xc0) != 0x80) {
        l->column++;
    }
}

static void steps(struct lexer *l, size_t byte_count)
{
    while (byte_count--)
        step(l);
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The code point at the cursor and its length in bytes; 0 when it is not UTF-8. */
static size_t code_point(const struct lexer *l, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = peek(l, 0);
    size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
    uint32_t v = len == 1 ? c : c & (0xffu >> (len + 1));

    if (len == 0 || c > 0xf4 || l->text.len - l->at < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        unsigned char more = peek(l, i);

        if ((more & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (more & 0x3f);
    }
    if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *out = v;
    return len;
}

/* What people paste by accident and what it should have been. */
static enum token_bad classify(uint32_t c)
{
    static const struct {
        uint32_t from, to;
        enum token_bad bad;
    } odd[] = {
        {0xa0, 0xa0, BAD_INVISIBLE},     {0xad, 0xad, BAD_INVISIBLE},       {0xb4, 0xb4, BAD_SMART_QUOTE},
        {0x2000, 0x200f, BAD_INVISIBLE}, {0x2010, 0x2015, BAD_DASH},        {0x2018, 0x201f, BAD_SMART_QUOTE},
        {0x2028, 0x202f, BAD_INVISIBLE}, {0x2032, 0x2033, BAD_SMART_QUOTE}, {0x205f, 0x2064, BAD_INVISIBLE},
        {0x2212, 0x2212, BAD_DASH},      {0x3000, 0x3000, BAD_INVISIBLE},   {0x3001, 0x303f, BAD_CHARACTER},
        {0xfeff, 0xfeff, BAD_INVISIBLE}, {0xff01, 0xff0f, BAD_CHARACTER},   {0xff1a, 0xff20, BAD_CHARACTER},
        {0x80, 0x9f, BAD_CHARACTER},
    };

    for (size_t i = 0; i < COUNT_OF(odd); i++)
        if (c >= odd[i].from && c <= odd[i].to)
            return odd[i].bad;
    return BAD_NONE;
}

static struct token begin(const struct lexer *l, enum token_kind kind)
{
    return (struct token){.kind = kind, .place = {l->line, l->column, (uint32_t)l->at, (uint32_t)l->at}};
}

static struct token finish(const struct lexer *l, struct token t)
{
    t.place.end = (uint32_t)l->at;
    return t;
}

static struct token bad(const struct lexer *l, struct token t, enum token_bad why)
{
    t.kind = TOKEN_BAD;
    t.bad = why;
    return finish(l, t);
}

/* To the line's end: both `--` and `//` begin such a comment. */
static void skip_line(struct lexer *l)
{
    while (l->at < l->text.len && peek(l, 0) != '\n')
        step(l);
}

/* Blanks and comments; false: a comment has no end, and *t tells. */
static bool skip(struct lexer *l, struct token *t)
{
    for (;;) {
        unsigned char c = peek(l, 0), next = peek(l, 1);

        if (l->at < l->text.len && (c == ' ' || (c >= '\t' && c <= '\r'))) {
            step(l);
        } else if ((c == '-' && next == '-') || (c == '/' && next == '/')) {
            skip_line(l);
        } else if (c == '/' && next == '*' && peek(l, 2) != '+') {
            *t = begin(l, TOKEN_BAD);
            steps(l, 2);
            while (l->at < l->text.len && !(peek(l, 0) == '*' && peek(l, 1) == '/'))
                step(l);
            if (l->at == l->text.len) {
                *t = bad(l, *t, BAD_OPEN_COMMENT);
                return false;
            }
            steps(l, 2);
        } else {
            return true;
        }
    }
}

/* A run up to the closing quote, which is doubled when it is meant; the cursor is on the opening one. */
static bool skip_quoted(struct lexer *l, unsigned char quote)
{
    step(l);
    while (l->at < l->text.len) {
        if (peek(l, 0) == quote) {
            step(l);
            if (peek(l, 0) != quote)
                return true;
        }
        if (l->at < l->text.len)
            step(l);
    }
    return false;
}

/* The bytes between must be UTF-8 without NUL: a token that is not is bad. */
static struct token check_utf8(struct lexer *l, struct token t)
{
    struct lexer at = *l;
    uint32_t c;

    at.at = t.place.begin;
    at.text.len = t.place.end;
    while (at.at < at.text.len) {
        size_t len = code_point(&at, &c);

        if (len == 0 || c == 0) {
            t.kind = TOKEN_BAD;
            t.bad = len == 0 ? BAD_UTF8 : BAD_NUL;
            return t;
        }
        at.at += len;
    }
    return t;
}

static struct token lex_quoted(struct lexer *l, struct token t, unsigned char quote, enum token_bad open)
{
    uint32_t from = (uint32_t)l->at;

    if (!skip_quoted(l, quote))
        return bad(l, t, open);
    t = finish(l, t);
    if (quote == '`' && t.place.end - from == 2)
        return bad(l, t, BAD_EMPTY_NAME);
    if (quote == '`' && t.place.end - from > LEXER_NAME_MAX + 2)
        return bad(l, t, BAD_LONG_NAME);
    return check_utf8(l, t);
}

static bool same(struct slice s, const char *upper)
{
    return s.len == strlen(upper) && strncasecmp(s.ptr, upper, s.len) == 0;
}

/* A word was read and a quote follows at once: X'0a', N'text', _UTF8'text', or another language's b'x'. */
static struct token lex_prefixed(struct lexer *l, struct token t, struct slice word)
{
    static const char *const charsets[] = {"N",      "_UTF8",   "_UTF16",  "_UTF32",    "_ISO-8859-1",
                                           "_UTF-8", "_UTF-16", "_LATIN1", "_US_ASCII", "_ASCII"};

    if (same(word, "X")) {
        t.kind = TOKEN_BYTES;
        t = lex_quoted(l, t, '\'', BAD_OPEN_TEXT);
        if (t.kind == TOKEN_BYTES && (t.place.end - t.place.begin) % 2 == 0)
            return bad(l, t, BAD_HEX); /* x, two quotes and an odd number of digits */
        for (uint32_t i = t.place.begin + 2; t.kind == TOKEN_BYTES && i + 1 < t.place.end; i++)
            if (!is_digit((unsigned char)l->text.ptr[i]) && !strchr("abcdefABCDEF", l->text.ptr[i]))
                return bad(l, t, BAD_HEX);
        return t;
    }
    t.kind = TOKEN_TEXT;
    for (size_t i = 0; i < COUNT_OF(charsets); i++)
        if (same(word, charsets[i]))
            return lex_quoted(l, t, '\'', BAD_OPEN_TEXT);
    t = lex_quoted(l, t, '\'', BAD_OPEN_TEXT);
    return t.kind == TOKEN_BAD ? t : bad(l, t, BAD_CHARSET);
}

/* Whether the letters before a quote make a prefix of a text, and not a word with a text behind it. */
static bool is_prefix(struct slice word)
{
    return same(word, "X") || same(word, "N") || (word.ptr[0] == '_' && word.len > 1);
}

static struct token lex_word(struct lexer *l, struct token t)
{
    struct slice word;
    uint32_t c = 0;

    if (same(slice_of(l->text.ptr + l->at, MIN((size_t)2, l->text.len - l->at)), "U&") &&
        peek(l, 2) == '\'') {
        steps(l, 2);
        t.kind = TOKEN_TEXT;
        return lex_quoted(l, t, '\'', BAD_OPEN_TEXT);
    }
    while (l->at < l->text.len) {
        unsigned char first = peek(l, 0);
        size_t len = 1;

        if (!is_letter(first) && !is_digit(first) && first != '$' &&
            (first < 0x80 || (len = code_point(l, &c)) == 0 || classify(c) != BAD_NONE))
            break;
        steps(l, len);
    }
    t = finish(l, t);
    word = lexer_text(l, &t);
    if (peek(l, 0) == '\'' && is_prefix(word))
        return lex_prefixed(l, t, word);
    if (word.len > LEXER_NAME_MAX)
        return bad(l, t, BAD_LONG_NAME);
    t.keyword = keyword_find(word);
    return t;
}

static struct token lex_number(struct lexer *l, struct token t)
{
    size_t sign;

    t.kind = TOKEN_INTEGER;
    while (is_digit(peek(l, 0)))
        step(l);
    if (peek(l, 0) == '.') {
        t.kind = TOKEN_DECIMAL;
        step(l);
        while (is_digit(peek(l, 0)))
            step(l);
    }
    if ((peek(l, 0) | 0x20) == 'e') {
        sign = peek(l, 1) == '+' || peek(l, 1) == '-';
        if (is_digit(peek(l, 1 + sign))) {
            t.kind = TOKEN_DOUBLE;
            steps(l, 1 + sign);
            while (is_digit(peek(l, 0)))
                step(l);
        }
    }
    return finish(l, t);
}

/* Signs, the longer first. */
static const struct sign {
    char text[4];
    enum token_kind kind;
    enum token_bad bad;
} signs[] = {
    {"/*+", TOKEN_HINT, BAD_NONE},    {"*/", TOKEN_HINT_END, BAD_NONE}, {"||", TOKEN_CONCAT, BAD_NONE},
    {"<>", TOKEN_NE, BAD_NONE},       {"<=", TOKEN_LE, BAD_NONE},       {">=", TOKEN_GE, BAD_NONE},
    {"=>", TOKEN_ARROW, BAD_NONE},    {"==", TOKEN_BAD, BAD_EQUALS},    {"!=", TOKEN_BAD, BAD_BANG},
    {"::", TOKEN_BAD, BAD_CAST},      {"{-", TOKEN_LEXCLUDE, BAD_NONE}, {"-}", TOKEN_REXCLUDE, BAD_NONE},
    {";", TOKEN_SEMICOLON, BAD_NONE}, {"(", TOKEN_LPAREN, BAD_NONE},    {")", TOKEN_RPAREN, BAD_NONE},
    {"[", TOKEN_LBRACKET, BAD_NONE},  {"]", TOKEN_RBRACKET, BAD_NONE},  {"{", TOKEN_LBRACE, BAD_NONE},
    {"}", TOKEN_RBRACE, BAD_NONE},    {",", TOKEN_COMMA, BAD_NONE},     {".", TOKEN_DOT, BAD_NONE},
    {":", TOKEN_COLON, BAD_NONE},     {"?", TOKEN_QUESTION, BAD_NONE},  {"^", TOKEN_CARET, BAD_NONE},
    {"$", TOKEN_DOLLAR, BAD_NONE},    {"|", TOKEN_BAR, BAD_NONE},       {"=", TOKEN_EQ, BAD_NONE},
    {"<", TOKEN_LT, BAD_NONE},        {">", TOKEN_GT, BAD_NONE},        {"+", TOKEN_PLUS, BAD_NONE},
    {"-", TOKEN_MINUS, BAD_NONE},     {"*", TOKEN_STAR, BAD_NONE},      {"/", TOKEN_SLASH, BAD_NONE},
    {"%", TOKEN_PERCENT, BAD_NONE},
};

static struct token lex_sign(struct lexer *l, struct token t)
{
    struct slice left = slice_from(l->text, l->at);
    uint32_t c = 0;
    size_t len;

    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (slice_starts(left, slice_text(signs[i].text))) {
            steps(l, strlen(signs[i].text));
            t.kind = signs[i].kind;
            t.bad = signs[i].bad;
            return finish(l, t);
        }
    len = code_point(l, &c);
    steps(l, MAX(len, 1));
    if (len == 0)
        return bad(l, t, BAD_UTF8);
    if (c == 0)
        return bad(l, t, BAD_NUL);
    return bad(l, t, c >= 0x80 && classify(c) != BAD_NONE ? classify(c) : BAD_CHARACTER);
}

struct token lexer_next(struct lexer *l)
{
    struct token t;
    unsigned char c;
    uint32_t point = 0;

    if (!skip(l, &t))
        return t;
    t = begin(l, TOKEN_END);
    if (l->at == l->text.len)
        return t;
    c = peek(l, 0);
    t.kind = TOKEN_WORD;
    if (is_letter(c) || (c >= 0x80 && code_point(l, &point) > 0 && classify(point) == BAD_NONE))
        return lex_word(l, t);
    if (is_digit(c) || (c == '.' && is_digit(peek(l, 1))))
        return lex_number(l, t);
    if (c == '\'') {
        t.kind = TOKEN_TEXT;
        return lex_quoted(l, t, c, BAD_OPEN_TEXT);
    }
    if (c == '`') {
        t.kind = TOKEN_QUOTED;
        return lex_quoted(l, t, c, BAD_OPEN_NAME);
    }
    if (c == '"') {
        struct lexer before = *l;

        if (skip_quoted(l, c))
            return bad(l, t, BAD_DOUBLE_QUOTED);
        *l = before;
        step(l);
        return bad(l, t, BAD_DOUBLE_QUOTED);
    }
    return lex_sign(l, t);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static const char *decode_hex(struct slice digits, struct arena *arena, struct slice *out)
{
    char *bytes = arena_alloc(arena, digits.len / 2 + 1);

    if (bytes == NULL)
        return NULL;
    for (size_t i = 0; i + 1 < digits.len; i += 2)
        bytes[i / 2] = (char)(hex_value(digits.ptr[i]) << 4 | hex_value(digits.ptr[i + 1]));
    *out = slice_of(bytes, digits.len / 2);
    return NULL;
}

static size_t put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Four hexadecimal digits: a UTF-16 unit; -1 when they are none. */
static int32_t unit_at(struct slice s, size_t at)
{
    int32_t v = 0;

    for (size_t i = at; i < at + 4; i++) {
        int digit = i < s.len ? hex_value(s.ptr[i]) : -1;

        if (digit < 0)
            return -1;
        v = v << 4 | digit;
    }
    return v;
}

/* One escape at s[*at], which is the escape character: doubled it is itself, else four digits follow, and
 * after the first half of a surrogate pair the second one. NULL: *c is the code point. */
static const char *unescape(struct slice s, char escape, size_t *at, uint32_t *c)
{
    int32_t unit, second;

    if (*at + 1 < s.len && s.ptr[*at + 1] == escape) {
        *c = (unsigned char)escape;
        *at += 2;
        return NULL;
    }
    unit = unit_at(s, *at + 1);
    if (unit < 0)
        return "an escape in U&'...' is four hexadecimal digits";
    *at += 5;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        second = *at < s.len && s.ptr[*at] == escape ? unit_at(s, *at + 1) : -1;
        if (second < 0xdc00 || second > 0xdfff)
            return "an escape in U&'...' is half of a character; the other half must follow";
        *at += 5;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00);
    } else if (unit >= 0xdc00 && unit <= 0xdfff) {
        return "an escape in U&'...' is the second half of a character without the first";
    }
    *c = (uint32_t)unit;
    return unit ? NULL : "a text may not hold the character of code 0";
}

static const char *decode_unicode(struct slice s, char escape, struct arena *arena, struct slice *out)
{
    char *text = arena_alloc(arena, s.len + 1);
    size_t at = 0, len = 0;

    if (text == NULL)
        return NULL;
    while (at < s.len) {
        uint32_t c = 0;
        const char *why;

        if (s.ptr[at] != escape) {
            if (s.ptr[at] == '\'')
                at++;
            text[len++] = s.ptr[at++];
            continue;
        }
        if ((why = unescape(s, escape, &at, &c)) != NULL)
            return why;
        len += put_utf8(text + len, c);
    }
    *out = slice_of(text, len);
    return NULL;
}

const char *lexer_value(struct lexer *l, const struct token *t, char escape, struct arena *arena,
                        struct slice *out)
{
    struct slice all = lexer_text(l, t), s;
    char quote = t->kind == TOKEN_QUOTED ? '`' : '\'';
    size_t from = (size_t)((const char *)memchr(all.ptr, quote, all.len) - all.ptr) + 1, len = 0;
    char *text;

    *out = (struct slice){"", 0};
    s = slice_of(all.ptr + from, all.len - from - 1);
    if (t->kind == TOKEN_BYTES)
        return decode_hex(s, arena, out);
    if (t->kind == TOKEN_TEXT && from == 3 && all.ptr[1] == '&')
        return decode_unicode(s, escape, arena, out);
    if ((text = arena_alloc(arena, s.len + 1)) == NULL)
        return NULL;
    for (size_t i = 0; i < s.len; i++) {
        text[len++] = s.ptr[i];
        i += s.ptr[i] == quote;
    }
    *out = slice_of(text, len);
    return NULL;
}
