/* functions_string_kind.c: IS_ALPHA, IS_DIGIT, IS_DECIMAL: is a text made of letters, of digits, is it a number
 * as Java reads one? NULL is not. Letters and digits above ASCII are left to the regular expressions' tables.
 */
#include "base/number_text.h"
#include "expr/characters.h"
#include "expr/functions.h"
#include "expr/java_regex.h"
#include "expr/kit.h"
#include <strings.h>

static enum err open_class(const char *pattern, void **self, struct error *e)
{
    return java_regex_new(slice_text(pattern), JAVA_REGEX_WHOLE, (struct java_regex **)self, e);
}

static enum err open_letters(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                             struct error *e)
{
    return open_class("\\p{L}+", self, e);
}

static enum err open_digits(UNUSED const struct expr *call, UNUSED const struct expr_session *s, void **self,
                            struct error *e)
{
    return open_class("\\p{Nd}+", self, e);
}

static void close_class(void *self)
{
    java_regex_free(self);
}

static bool all_between(struct slice text, char first, char last, char bit)
{
    for (size_t i = 0; i < text.len; i++)
        if ((char)(text.ptr[i] | bit) < first || (char)(text.ptr[i] | bit) > last)
            return false;
    return text.len > 0;
}

static enum err is_made_of(struct call *c, char first, char last, char bit)
{
    for (int32_t i = 0; i < c->row_count; i++) {
        struct slice text = arg_valid(&c->args[0], i) ? arg_slice(&c->args[0], i) : (struct slice){0};

        c->out->u8[i] = all_between(text, first, last, bit) ||
                        (!characters_ascii(text) && java_regex_find(c->self, text, 0) == JAVA_REGEX_FOUND);
    }
    return OK;
}

static enum err is_alpha(struct call *c, UNUSED struct error *e)
{
    return is_made_of(c, 'a', 'z', 0x20);
}

static enum err is_digit(struct call *c, UNUSED struct error *e)
{
    return is_made_of(c, '0', '9', 0);
}

/* --- IS_DECIMAL: what Double.parseDouble takes */

static bool is_number(struct slice text)
{
    double ignored;

    return number_parse_double(text, &ignored) == NULL;
}

static enum err is_decimal(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->u8[i] = arg_valid(&c->args[0], i) && is_number(arg_slice(&c->args[0], i));
    return OK;
}

/* --- of other types than texts the type decides */

static enum err always(struct call *c, UNUSED struct error *e)
{
    for (int32_t i = 0; i < c->row_count; i++)
        c->out->u8[i] = arg_valid(&c->args[0], i);
    return OK;
}

static enum err never(struct call *c, UNUSED struct error *e)
{
    memset(c->out->u8, 0, (size_t)c->row_count);
    return OK;
}

static enum err kind_types(struct resolution *r, struct error *e)
{
    static const struct variant yes = {.kernel = always}, no = {.kernel = never};
    const struct type *t = kit_arg_type(r, 0);
    bool letters = strcasecmp(r->function->name, "IS_ALPHA") == 0;
    bool decimal = strcasecmp(r->function->name, "IS_DECIMAL") == 0;
    bool counts = kit_is_integer(t) || (decimal && t && (t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE));

    if (t == NULL || t->kind == TYPE_STRING)
        return kit_resolve(r, e);
    r->variant = counts && !letters ? &yes : &no;
    return kit_types(r, "a>o", e);
}

const struct function functions_string_kind[] = {
    {"IS_ALPHA", GROUP_STRING, "IS_ALPHA(string)", "Whether the text has letters only, and at least one.", 1,
     1, 0, kind_types, "s>o",
     &(const struct variant){.kernel = is_alpha, .open = open_letters, .close = close_class}},
    {"IS_DIGIT", GROUP_STRING, "IS_DIGIT(string)", "Whether the text has digits only, and at least one.", 1,
     1, 0, kind_types, "s>o",
     &(const struct variant){.kernel = is_digit, .open = open_digits, .close = close_class}},
    {"IS_DECIMAL", GROUP_STRING, "IS_DECIMAL(string)", "Whether the text can be read as a number.", 1, 1, 0,
     kind_types, "s>o", &(const struct variant){.kernel = is_decimal}},
    {NULL},
};
