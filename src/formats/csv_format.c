/* csv_format.c: format "csv": its options; csv_decode.c and csv_encode.c do the work. */
#include "formats/csv.h"
#include "base/hex.h"
#include "formats/payloads.h"

static const struct format_option options[] = {
    {"field-delimiter", OPTION_TEXT, ",", "The character between columns; \\t and the like may be written."},
    {"disable-quote-character", OPTION_FLAG, "false", "No character quotes values."},
    {"quote-character", OPTION_CHAR, "\"", "The character around values that have delimiters in them."},
    {"allow-comments", OPTION_FLAG, "false", "Lines that begin with # are left out."},
    {"ignore-parse-errors", OPTION_FLAG, "false",
     "A value that cannot be read is NULL, and a payload that is no row is left out (and counted)."},
    {"array-element-delimiter", OPTION_CHAR, ";", "The character between elements of an ARRAY or ROW."},
    {"escape-character", OPTION_CHAR, NULL, "The character before one that is to be taken as it is."},
    {"null-literal", OPTION_TEXT, NULL, "The text that stands for NULL."},
    {"write-bigdecimal-in-scientific-notation", OPTION_FLAG, "false",
     "Write a DECIMAL of 100000 as 1E+5. Flink lists true as its default, but writes 100000 when not told."},
};

/* The delimiter as it is meant: a tab may be written \t or \u0009, as Java's texts have them; 0: it is no
 * ASCII character. */
static char delimiter_of(const char *text)
{
    static const char from[] = "tnrbf\\'\"", to[] = "\t\n\r\b\f\\'\"";
    const char *found;
    unsigned v = 0;

    if (text[0] != '\\' || text[1] == '\0')
        return text[0] && text[1] == '\0' && (uint8_t)text[0] < 0x80 ? text[0] : '\0';
    if (text[1] == 'u' && strlen(text) == 6 && strspn(text + 2, "0123456789abcdefABCDEF") == 4) {
        for (int i = 2; i < 6; i++)
            v = v * 16 + (unsigned)hex_value(text[i]);
        return v < 0x80 ? (char)v : '\0';
    }
    found = text[2] == '\0' ? strchr(from, text[1]) : NULL;
    return found ? to[found - from] : '\0';
}

void csv_syntax_read(struct csv_syntax *s, const struct map *given)
{
    const char *escape = format_option(&csv_format, given, "escape-character");
    const char *null = format_option(&csv_format, given, "null-literal");

    *s = (struct csv_syntax){
        .delimiter = delimiter_of(format_option(&csv_format, given, "field-delimiter")),
        .element = *format_option(&csv_format, given, "array-element-delimiter"),
        .quote = *format_option(&csv_format, given, "quote-character"),
        .quotes = !format_flag(&csv_format, given, "disable-quote-character"),
        .escape = escape ? *escape : '\0',
        .escapes = escape != NULL,
        .comments = format_flag(&csv_format, given, "allow-comments"),
        .has_null = null != NULL,
        .null = slice_text(null),
        .plain_decimals = !format_flag(&csv_format, given, "write-bigdecimal-in-scientific-notation"),
        .ignore_errors = format_flag(&csv_format, given, "ignore-parse-errors"),
    };
}

static enum err check(const struct map *given, const char *prefix, struct error *e)
{
    const char *delimiter = format_option(&csv_format, given, "field-delimiter");
    struct csv_syntax s;

    if (format_flag(&csv_format, given, "disable-quote-character") &&
        map_get(given, SLICE("quote-character")))
        return error_set(e, ERR_CONFIG,
                         "options '%squote-character' and '%sdisable-quote-character' contradict each other",
                         prefix, prefix);
    csv_syntax_read(&s, given);
    if (s.delimiter == '\0' || strchr("\r\n", s.delimiter))
        return error_set(
            e, ERR_CONFIG,
            "option '%sfield-delimiter' is '%s'; it must be one ASCII character that ends no line", prefix,
            delimiter);
    if ((s.quotes && s.quote == s.delimiter) || (s.escapes && s.escape == s.delimiter) ||
        (s.quotes && s.escapes && s.escape == s.quote))
        return error_set(e, ERR_CONFIG,
                         "options '%sfield-delimiter', '%squote-character' and '%sescape-character' must be "
                         "different characters",
                         prefix, prefix, prefix);
    return OK;
}

static enum err refuse(const struct field *field, const char *why, struct error *e)
{
    struct bytes text = {0};

    type_print(field->type, &text);
    error_set(e, ERR_UNSUPPORTED, "format 'csv' has no column %.100s of type " SLICE_FMT ": %s", field->name,
              (int)MIN(text.len, 200), text.ptr ? text.ptr : "", why);
    bytes_fini(&text);
    return ERR_UNSUPPORTED;
}

enum err csv_check_column(const struct field *field, struct error *e)
{
    const struct type *t = field->type;

    if (t->kind == TYPE_MAP)
        return refuse(field, "it can say no MAP and no MULTISET", e);
    for (int32_t i = 0; i < t->field_count; i++)
        if (type_is_nested(t->fields[i].type))
            return refuse(field, "elements of an ARRAY or ROW may not be nested further", e);
    return OK;
}

const struct format csv_format = {
    .name = "csv",
    .doc = "One line of values a payload; columns are told by their place.",
    .options = options,
    .option_count = COUNT_OF(options),
    .reads = FORMAT_INSERTS,
    .writes = FORMAT_INSERTS,
    .check = check,
    .decoder_new = csv_decoder_new,
    .encoder_new = csv_encoder_new,
};
