/* function.c: the table of functions: lists joined, looked up by name, and the signatures of simple ones.
 *
 * A signature says the types of the arguments by a letter each, then `>` and that of the result:
 *
 *     s STRING   y BYTES   o BOOLEAN   b TINYINT   h SMALLINT   i INT   l BIGINT   f FLOAT   d DOUBLE
 *     D DATE     T TIME    t TIMESTAMP z TIMESTAMP_LTZ (a result of T, t, z has precision 0, 3, 3)
 *
 *     [   arguments from here on may be left out
 *     *   the letter before it may come any number of times more
 *     ?   behind the result: it may be NULL though no argument is
 *
 * "si[i>s" is SUBSTRING, "s*>s" is CONCAT. An argument fits that is cast to its letter without being asked.
 */
#include "config/config.h"
#include "expr/cast.h"
#include "expr/expr_internal.h"
#include "expr/expr_types.h"
#include "expr/functions.h"
#include "expr/functions_core.h"
#include <strings.h>

#define NAMES_MAX 512 /* of functions; there are some 250 */

static const struct function *const lists[] = {
    functions_comparison,    functions_logic,         functions_operator,     functions_math,
    functions_conditional,   functions_conversion,    functions_string,       functions_string_part,
    functions_string_code,   functions_string_kind,   functions_string_like,  functions_regexp,
    functions_temporal,      functions_temporal_text, functions_temporal_now, functions_collection,
    functions_hash,          functions_aggregate,     functions_json,         functions_json_make,
    functions_string_printf, functions_window,
};

const struct function *function_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct function *f = lists[i]; f->name; f++)
            if (strcasecmp(f->name, name) == 0)
                return f;
    return NULL;
}

const struct function *function_next(size_t *at)
{
    size_t n = (*at)++;

    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct function *f = lists[i]; f->name; f++)
            if (n-- == 0)
                return f;
    return NULL;
}

const char *function_nearest(const char *name)
{
    const char *names[NAMES_MAX];
    size_t at = 0, count = 0;

    for (const struct function *f; (f = function_next(&at)) != NULL;)
        if (!(f->flags & FN_HIDDEN)) {
            assert(count < NAMES_MAX);
            names[count++] = f->name;
        }
    return config_nearest(name, names, count);
}

const char *function_group_title(enum function_group g)
{
    static const char *const titles[] = {
        [GROUP_COMPARISON] = "Comparison",
        [GROUP_LOGIC] = "Logic",
        [GROUP_ARITHMETIC] = "Arithmetic",
        [GROUP_STRING] = "Strings",
        [GROUP_TEMPORAL] = "Date and time",
        [GROUP_CONDITIONAL] = "Conditions",
        [GROUP_CONVERSION] = "Types",
        [GROUP_COLLECTION] = "Collections",
        [GROUP_JSON] = "JSON",
        [GROUP_HASH] = "Hashes",
        [GROUP_AGGREGATE] = "Aggregates",
        [GROUP_WINDOW] = "Windows and ranks",
    };

    return titles[g];
}

/* --- signatures */

static const struct {
    char letter;
    enum type_kind kind;
    int8_t precision; /* of a result, -1: the type has none */
} letters[] = {
    {'s', TYPE_STRING, -1},       {'y', TYPE_BINARY, -1}, {'o', TYPE_BOOLEAN, -1}, {'b', TYPE_INT8, -1},
    {'h', TYPE_INT16, -1},        {'i', TYPE_INT32, -1},  {'l', TYPE_INT64, -1},   {'f', TYPE_FLOAT, -1},
    {'d', TYPE_DOUBLE, -1},       {'D', TYPE_DATE, -1},   {'T', TYPE_TIME, 0},     {'t', TYPE_TIMESTAMP, 3},
    {'z', TYPE_TIMESTAMP_LTZ, 3},
};

static size_t letter_at(char letter)
{
    for (size_t i = 0; i < COUNT_OF(letters); i++)
        if (letters[i].letter == letter)
            return i;
    assert(!"a letter of a signature");
    return 0;
}

/* The letter of argument n, stepping over marks; '\0' when there is no such argument. */
static char letter_of(const char *signature, int32_t n)
{
    char last = '\0';

    for (const char *p = signature; *p && *p != '>'; p++) {
        if (*p == '[')
            continue;
        if (*p == '*')
            return last;
        last = *p;
        if (n-- == 0)
            return last;
    }
    return '\0';
}

enum err function_resolve_signature(struct resolution *r, UNUSED struct error *e)
{
    const char *result = strchr(r->function->signature, '>');
    size_t letter;

    assert(result && result[1]);
    for (int32_t i = 0; i < r->arg_count; i++) {
        const struct type *from = r->args[i]->type, *to;
        char c = letter_of(r->function->signature, i);

        if (c == '\0')
            return ERR_INPUT;
        letter = letter_at(c);
        if (from->kind == letters[letter].kind && from->form != FORM_NULL)
            continue;
        to = type_simple(letters[letter].kind, true);
        if (!cast_is_implicit(from, to))
            return ERR_INPUT;
        r->want[i] = to;
    }
    letter = letter_at(result[1]);
    r->result = letters[letter].precision < 0 ? type_simple(letters[letter].kind, result[2] == '?')
                                              : expr_type_timed(r->arena, letters[letter].kind,
                                                                letters[letter].precision, result[2] == '?');
    r->variant = r->function->simple;
    return OK;
}
