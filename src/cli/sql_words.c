/* sql_words.c: see sql_words.h. The statement's tokens up to the cursor say what is wanted there:
 *
 *   SET 'k| = 'v|        keys of the configuration, their values          sql_words_options.c
 *   WITH ('k| = 'v|      options of the connector and format, their values
 *   FROM n|, c.d.n|      tables, databases, catalogs
 *   SHOW w|, ORDER w|    the few words that may follow
 *   anything else        columns of the statement's tables, functions, keywords
 */
#include "cli/sql_words_internal.h"
#include "expr/function.h"
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

/* What may follow a word; NULL: it begins the statement. */
static const struct {
    const char *last, *words;
} followers[] = {
    {NULL,
     "ADD ALTER ANALYZE BEGIN CALL CLEAR CREATE DESC DESCRIBE DROP END EXECUTE EXIT EXPLAIN HELP INSERT "
     "QUIT REMOVE RESET SELECT SET SHOW STOP USE VALUES WITH"},
    {"ADD", "COLUMN CONSTRAINT JAR PARTITION PRIMARY WATERMARK"},
    {"ALTER", "CATALOG DATABASE FUNCTION TABLE VIEW"},
    {"ANALYZE", "TABLE"},
    {"BEGIN", "STATEMENT"},
    {"CREATE", "CATALOG DATABASE FUNCTION TABLE TEMPORARY VIEW"},
    {"CROSS", "JOIN"},
    {"CURRENT", "CATALOG DATABASE ROW"},
    {"DISTRIBUTED", "BY"},
    {"DROP", "CATALOG COLUMN CONSTRAINT DATABASE FUNCTION PARTITION PRIMARY TABLE TEMPORARY VIEW WATERMARK"},
    {"EXECUTE", "INSERT STATEMENT"},
    {"EXPLAIN",
     "CHANGELOG_MODE ESTIMATED_COST INSERT JSON_EXECUTION_PLAN PLAN PLAN_ADVICE SELECT STATEMENT WITH"},
    {"GROUP", "BY"},
    {"IF", "EXISTS NOT"},
    {"INNER", "JOIN"},
    {"INSERT", "INTO OVERWRITE"},
    {"IS", "DISTINCT FALSE NOT NULL TRUE UNKNOWN"},
    {"NATURAL", "JOIN"},
    {"ORDER", "BY"},
    {"OUTER", "JOIN"},
    {"PARTITIONED", "BY"},
    {"PRIMARY", "KEY"},
    {"REMOVE", "JAR"},
    {"SHOW",
     "CATALOGS COLUMNS CREATE CURRENT DATABASES FULL FUNCTIONS JARS JOBS MODULES PARTITIONS TABLES VIEWS"},
    {"STATEMENT", "SET"},
    {"STOP", "JOB"},
    {"TEMPORARY", "FUNCTION SYSTEM TABLE VIEW"},
    {"UNION", "ALL SELECT"},
};

/* What may stand anywhere else: before an operand, or behind one. Types besides where a column may be
 * declared or a value cast. */
static const char before_operand[] =
    "ALL AND ARRAY BETWEEN CASE CAST DATE DESCRIPTOR DISTINCT EXISTS FALSE FROM IN INTERVAL LATERAL "
    "LIKE MAP "
    "NOT NULL OR ROW ROWS SELECT TABLE TIME TIMESTAMP TRUE TRY_CAST UNBOUNDED UNNEST VALUES";
static const char behind_operand[] =
    "AND AS ASC BETWEEN CROSS CURRENT DESC ESCAPE EXCEPT FETCH FILTER FOLLOWING FOR FROM FULL GROUP "
    "HAVING "
    "IN INNER INTERSECT IS JOIN LEFT LIKE LIMIT MATCH_RECOGNIZE NATURAL NOT NULLS OFFSET ON OR ORDER OUTER "
    "OVER "
    "PARTITION PRECEDING RANGE RIGHT ROWS SELECT SET SIMILAR UNION USING VALUES WHERE WINDOW WITH";
static const char in_declaration[] =
    "ADD ARRAY BIGINT BINARY BOOLEAN BYTES CHAR COMMENT CONSTRAINT DATE DECIMAL DISTRIBUTED DOUBLE ENFORCED "
    "FLOAT INT KEY MAP METADATA MODIFY MULTISET NOT NULL PARTITIONED PRIMARY RENAME RESET ROW SMALLINT "
    "STRING TIME "
    "TIMESTAMP TIMESTAMP_LTZ TINYINT TO VARBINARY VARCHAR VIRTUAL WATERMARK";

/* --- words ---------------------------------------------------------------------------------------------- */

void sql_words_add(struct sql_place *p, enum sql_word_rank rank, const char *text, const char *after)
{
    struct sql_words *out = p->out;

    if (text == NULL || after == NULL || strlen(text) < p->prefix.len ||
        strncasecmp(text, p->prefix.ptr, p->prefix.len) != 0)
        return;
    if (out->count == out->capacity) {
        int32_t capacity = MAX(32, out->capacity * 2);
        struct sql_word *items = ARENA_ARRAY(out->arena, struct sql_word, capacity);

        if (items == NULL)
            return; /* fewer are offered */
        if (out->count)
            memcpy(items, out->items, sizeof *items * (size_t)out->count);
        out->items = items;
        out->capacity = capacity;
    }
    out->items[out->count++] = (struct sql_word){text, after, rank};
}

/* As the user writes: small letters after a small letter. */
static void add_like_typed(struct sql_place *p, enum sql_word_rank rank, struct slice word, const char *after)
{
    char *copy = (char *)arena_text(p->out->arena, word);

    if (copy && p->prefix.len && islower((unsigned char)p->prefix.ptr[0]))
        for (char *c = copy; *c; c++)
            *c = (char)tolower((unsigned char)*c);
    sql_words_add(p, rank, copy, after);
}

static void add_keywords(struct sql_place *p, const char *words)
{
    for (size_t len; *words; words += len + (words[len] == ' ')) {
        len = strcspn(words, " ");
        add_like_typed(p, WORD_KEYWORD, slice_of(words, len), " ");
    }
}

static void add_functions(struct sql_place *p)
{
    const struct function *f;

    for (size_t at = 0; (f = function_next(&at)) != NULL;) {
        size_t len = strlen(f->name);
        bool is_word = strspn(f->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == len;

        if (is_word) /* not an operator */
            add_like_typed(p, WORD_FUNCTION, slice_of(f->name, len), strchr(f->usage, '(') ? "(" : " ");
    }
}

/* In back-ticks when it must be, or when the user has begun with one. */
static void add_name(struct sql_place *p, const char *name, const char *after)
{
    bool plain = name && (isalpha((unsigned char)*name) || *name == '_');

    if (name == NULL)
        return; /* no memory for it */
    for (const char *c = name; *c && plain; c++)
        plain = isalnum((unsigned char)*c) || *c == '_';
    plain = plain && !sql_reserved(slice_text(name));
    if (p->open == '`')
        sql_words_add(p, WORD_NAME, name, arena_printf(p->out->arena, "`%s", after));
    else if (plain)
        sql_words_add(p, WORD_NAME, name, after);
    else if (strchr(name, '`') == NULL &&
             strncasecmp(name, p->prefix.ptr, MIN(p->prefix.len, strlen(name))) == 0) {
        struct slice prefix = p->prefix;

        p->prefix.len = 0; /* the back-tick comes before what was typed */
        if (strlen(name) >= prefix.len)
            sql_words_add(p, WORD_NAME, arena_printf(p->out->arena, "`%s`", name), after);
        p->prefix = prefix;
    }
}

static int by_rank(const void *a, const void *b)
{
    const struct sql_word *x = a, *y = b;
    int order = (int)x->rank - (int)y->rank;

    return order ? order : strcmp(x->text, y->text);
}

static int by_text(const void *a, const void *b)
{
    const struct sql_word *x = a, *y = b;
    int order = strcmp(x->text, y->text);

    return order ? order : (int)x->rank - (int)y->rank;
}

/* Of equal texts the first rank's stays. */
static void sort_unique(struct sql_words *w)
{
    int32_t n = 0;

    if (w->count == 0)
        return;
    qsort(w->items, (size_t)w->count, sizeof *w->items, by_text);
    for (int32_t i = 0; i < w->count; i++)
        if (n == 0 || strcmp(w->items[n - 1].text, w->items[i].text) != 0)
            w->items[n++] = w->items[i];
    w->count = n;
    qsort(w->items, (size_t)n, sizeof *w->items, by_rank);
}

/* --- tokens --------------------------------------------------------------------------------------------- */

bool sql_words_is(const struct sql_place *p, int32_t at, const char *word)
{
    return at >= 0 && at < p->count && p->tokens[at].kind == TOKEN_WORD &&
           p->tokens[at].text.len == strlen(word) &&
           strncasecmp(p->tokens[at].text.ptr, word, p->tokens[at].text.len) == 0;
}

enum token_kind sql_words_kind(const struct sql_place *p, int32_t at)
{
    return at >= 0 && at < p->count ? p->tokens[at].kind : TOKEN_END;
}

/* A name, or a word that may be one. */
static bool is_name(const struct sql_place *p, int32_t at)
{
    enum token_kind kind = sql_words_kind(p, at);

    return kind == TOKEN_QUOTED || (kind == TOKEN_WORD && !sql_reserved(p->tokens[at].text));
}

/* Tokens of text behind those that are there; a semicolon forgets what is before it, or ends it all. */
static void take_tokens(struct sql_place *p, struct slice text, bool before)
{
    struct lexer l;
    struct token t;

    lexer_init(&l, text, 0);
    while ((t = lexer_next(&l)).kind != TOKEN_END && p->count < TOKENS_MAX) {
        struct slice s = lexer_text(&l, &t), inside;

        if (t.kind == TOKEN_SEMICOLON && !before)
            return;
        if (t.kind == TOKEN_SEMICOLON) {
            p->count = 0;
            continue;
        }
        if ((t.kind == TOKEN_TEXT || t.kind == TOKEN_QUOTED) &&
            lexer_value(&l, &t, '\\', p->out->arena, &inside) == NULL)
            s = inside;
        p->tokens[p->count++] = (struct sql_place_token){t.kind, t.bad, s};
    }
}

/* The last token, when the cursor is directly behind it, is what is to be completed. */
static void take_prefix(struct sql_place *p, struct slice before)
{
    const struct sql_place_token *last = p->count ? &p->tokens[p->count - 1] : NULL;
    const char *end = before.ptr + before.len;

    p->prefix = slice_of(end, 0);
    if (last == NULL || last->kind == TOKEN_QUOTED || last->text.ptr + last->text.len != end)
        return;
    if (last->kind == TOKEN_WORD) {
        p->prefix = last->text;
    } else if (last->kind == TOKEN_BAD && (last->bad == BAD_OPEN_TEXT || last->bad == BAD_OPEN_NAME)) {
        p->open = last->bad == BAD_OPEN_TEXT ? '\'' : '`';
        p->prefix = slice_from(last->text, 1);
    } else {
        return;
    }
    p->count--;
}

/* --- tables and columns --------------------------------------------------------------------------------- */

/* Whether FROM at that token is part of EXTRACT(x FROM y), IS DISTINCT FROM and the like. */
static bool is_inner_from(const struct sql_place *p, int32_t at)
{
    static const char *const functions[] = {"EXTRACT", "TRIM", "SUBSTRING", "OVERLAY"};
    int32_t depth = 0;

    if (sql_words_is(p, at - 1, "DISTINCT"))
        return true;
    for (int32_t i = at - 1; i > 0; i--) {
        depth += (p->tokens[i].kind == TOKEN_RPAREN) - (p->tokens[i].kind == TOKEN_LPAREN);
        if (depth < 0) {
            for (size_t f = 0; f < COUNT_OF(functions); f++)
                if (sql_words_is(p, i - 1, functions[f]))
                    return true;
            return false;
        }
    }
    return false;
}

/* A table's name is wanted behind the word at that token. */
static bool wants_table(const struct sql_place *p, int32_t at)
{
    static const char *const words[] = {"JOIN", "INTO", "OVERWRITE"};
    bool create = sql_words_is(p, 0, "CREATE");

    if (sql_words_is(p, at, "FROM"))
        return !is_inner_from(p, at);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (sql_words_is(p, at, words[i]))
            return true;
    if (at == 0)
        return sql_words_is(p, 0, "DESCRIBE") || sql_words_is(p, 0, "DESC") || sql_words_is(p, 0, "USE") ||
               sql_words_is(p, 0, "UPDATE");
    if (sql_words_is(p, at, "EXISTS"))
        return sql_words_is(p, 0, "DROP") || sql_words_is(p, 0, "ALTER");
    if (sql_words_is(p, at, "LIKE"))
        return create && p->tokens[at - 1].kind == TOKEN_RPAREN;
    if (sql_words_is(p, at, "CATALOG") || sql_words_is(p, at, "DATABASE"))
        return !create;
    return (sql_words_is(p, at, "TABLE") || sql_words_is(p, at, "VIEW")) && !(create && at <= 2);
}

/* The token before a list of names `a, b AS x, ` that ends before `at`. */
static int32_t before_list(const struct sql_place *p, int32_t at)
{
    if (sql_words_kind(p, at - 1) != TOKEN_COMMA)
        return at - 1;
    while (at > 0 && (is_name(p, at - 1) || p->tokens[at - 1].kind == TOKEN_COMMA ||
                      p->tokens[at - 1].kind == TOKEN_DOT || sql_words_is(p, at - 1, "AS")))
        at--;
    return sql_words_is(p, at - 1, "FROM") ? at - 1 : -1;
}

static void offer(void *arg, enum session_offered kind, const char *name)
{
    struct sql_place *p = arg;
    bool databases = sql_words_is(p, 0, "USE") || sql_words_is(p, p->count - 1, "DATABASE");

    if (sql_words_is(p, p->count - 1, "CATALOG") ? kind == OFFER_CATALOG : kind != OFFER_TABLE || !databases)
        add_name(p, name,
                 kind == OFFER_TABLE || databases || sql_words_is(p, p->count - 1, "CATALOG") ? " " : ".");
}

/* WITH a AS (...), b AS (...): a, b. */
static void add_common_tables(struct sql_place *p)
{
    if (!sql_words_is(p, 0, "WITH") && !sql_words_is(p, 0, "INSERT"))
        return;
    for (int32_t i = 1; i + 2 < p->count; i++)
        if (is_name(p, i) && sql_words_is(p, i + 1, "AS") && p->tokens[i + 2].kind == TOKEN_LPAREN)
            add_name(p, arena_text(p->out->arena, p->tokens[i].text), " ");
}

/* a.b.c from token at on; the number of its parts, *next is the token behind it. */
static int32_t read_name(const struct sql_place *p, int32_t at, struct ast_word parts[3], int32_t *next)
{
    int32_t count = 0;

    for (; count < 3 && is_name(p, at); at += 2) {
        parts[count].text = arena_text(p->out->arena, p->tokens[at].text);
        if (parts[count++].text == NULL)
            return 0;
        *next = at + 1;
        if (sql_words_kind(p, at + 1) != TOKEN_DOT)
            break;
    }
    return count;
}

/* Columns of the table that is named at that token, for `alias.` only if it is called so (NULL: any). Gives
 * the token behind the name and alias. */
static int32_t add_columns_of(struct sql_place *p, int32_t at, const char *alias)
{
    struct ast_word parts[3] = {0};
    struct ast_name name = {.parts = parts};
    const struct table_def *t;
    struct sql_error error = {0};
    const char *called;
    int32_t next = at;

    if ((name.count = read_name(p, at, parts, &next)) == 0)
        return at + 1;
    called = parts[name.count - 1].text;
    if (is_name(p, sql_words_is(p, next, "AS") ? next + 1 : next) && next != p->cursor) {
        next += sql_words_is(p, next, "AS");
        called = arena_text(p->out->arena, p->tokens[next++].text);
    }
    if (called == NULL || (alias && strcmp(alias, called) != 0) ||
        session_table(p->session, p->out->arena, &name, &t, &error) != OK)
        return next;
    for (int32_t i = 0; i < t->column_count; i++)
        add_name(p, t->columns[i].name, " ");
    return next;
}

static void add_columns(struct sql_place *p, const char *alias)
{
    for (int32_t i = 0; i < p->count; i++) {
        if (!wants_table(p, i) || !is_name(p, i + 1))
            continue;
        i = add_columns_of(p, i + 1, alias);
        while (sql_words_kind(p, i) == TOKEN_COMMA && is_name(p, i + 1))
            i = add_columns_of(p, i + 1, alias);
        i--;
    }
}

/* --- places --------------------------------------------------------------------------------------------- */

/* Behind `a.` or `a.b.`: of a table, or what is in a catalog or database. */
static void add_qualified(struct sql_place *p)
{
    const char *qualifier[2] = {NULL, NULL};
    int32_t first = p->cursor, count = 0, at;

    while (count < 2 && sql_words_kind(p, first - 1) == TOKEN_DOT && is_name(p, first - 2)) {
        qualifier[1] = qualifier[0];
        if ((qualifier[0] = arena_text(p->out->arena, p->tokens[first - 2].text)) == NULL)
            return;
        first -= 2;
        count++;
    }
    at = before_list(p, first);
    if (at >= 0 && wants_table(p, at))
        session_offer(p->session, p->out->arena, qualifier, count, offer, p);
    else if (count == 1)
        add_columns(p, qualifier[0]);
}

/* An operand ends before the cursor: an operator comes, or a clause. */
static bool is_behind_operand(const struct sql_place *p)
{
    switch (sql_words_kind(p, p->cursor - 1)) {
    case TOKEN_TEXT:
    case TOKEN_INTEGER:
    case TOKEN_DECIMAL:
    case TOKEN_DOUBLE:
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET:
        return true;
    case TOKEN_STAR:
        return sql_words_is(p, p->cursor - 2, "SELECT") || sql_words_kind(p, p->cursor - 2) == TOKEN_COMMA;
    default:
        return is_name(p, p->cursor - 1);
    }
}

static const char *find_followers(const struct sql_place *p)
{
    for (size_t i = 0; i < COUNT_OF(followers); i++)
        if (followers[i].last ? sql_words_is(p, p->cursor - 1, followers[i].last) : p->cursor == 0)
            return followers[i].words;
    return NULL;
}

/* CASE ... END is around the cursor, or was. */
static bool has_case(const struct sql_place *p)
{
    for (int32_t i = 0; i < p->cursor; i++)
        if (sql_words_is(p, i, "CASE"))
            return true;
    return false;
}

static void add_expression(struct sql_place *p)
{
    bool behind = is_behind_operand(p), as = sql_words_is(p, p->cursor - 1, "AS");
    bool declares = as || sql_words_is(p, 0, "CREATE") || sql_words_is(p, 0, "ALTER");

    if (!behind && !as)
        add_columns(p, NULL);
    if (p->prefix.len == 0 || p->open) /* all functions and keywords help nobody */
        return;
    if (!behind && !as)
        add_functions(p);
    add_keywords(p, as ? "SELECT" : behind ? behind_operand : before_operand);
    if (has_case(p))
        add_keywords(p, "ELSE END THEN WHEN");
    if (declares)
        add_keywords(p, in_declaration);
}

static void fill(struct sql_place *p)
{
    const char *words;
    int32_t at;

    if (sql_words_options(p))
        return;
    if (sql_words_kind(p, p->cursor - 1) == TOKEN_DOT) {
        add_qualified(p);
        return;
    }
    at = before_list(p, p->cursor);
    if (at >= 0 && wants_table(p, at)) {
        session_offer(p->session, p->out->arena, NULL, 0, offer, p);
        if (sql_words_is(p, at, "FROM") || sql_words_is(p, at, "JOIN"))
            add_common_tables(p);
        if (sql_words_is(p, at, "USE"))
            add_keywords(p, "CATALOG MODULES");
    } else if ((words = find_followers(p)) != NULL && !(sql_words_is(p, 0, "SHOW") && p->cursor == 2)) {
        add_keywords(p, words);
    } else if (sql_words_is(p, 0, "SHOW") && sql_words_is(p, 1, "CREATE") && p->cursor == 2) {
        add_keywords(p, "CATALOG TABLE VIEW");
    } else {
        add_expression(p);
    }
}

void sql_words_find(struct session *session, struct slice before, struct slice after, struct sql_words *out)
{
    struct sql_place p = {.session = session, .out = out};

    if ((p.tokens = ARENA_ARRAY(out->arena, struct sql_place_token, TOKENS_MAX)) == NULL)
        return;
    take_tokens(&p, before, true);
    take_prefix(&p, before);
    p.cursor = p.count;
    if (!p.open)
        take_tokens(&p, after, false);
    out->prefix_len = p.prefix.len;
    fill(&p);
    sort_unique(out);
}
