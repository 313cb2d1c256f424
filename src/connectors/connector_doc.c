/* connector_doc.c: the tables of connectors and formats as a page for people, docs/connectors.md. */
#include "connectors/connector.h"
#include "formats/format.h"

/* --- connectors --------------------------------------------------------------------------------------- */

static void write_metadata(const struct connector_metadata *m, struct bytes *out)
{
    if (m == NULL)
        return;
    bytes_text(out, "\n| metadata column | type | can be | what it is |\n|---|---|---|---|\n");
    for (; m->key; m++)
        bytes_printf(out, "| `%s` | `%s` | %s | %s |\n", m->key, m->type,
                     m->writable ? "read, written" : "read", m->doc);
}

/* Words between blanks, as code. */
static void write_words(const char *words, struct bytes *out)
{
    bytes_text(out, "Options: ");
    for (const char *gap = ""; *words; gap = ", ") {
        size_t len = strcspn(words, " ");

        bytes_printf(out, "%s`%.*s`", gap, (int)len, words);
        words += len + strspn(words + len, " ");
    }
    bytes_u8(out, '\n');
}

static void write_connector(const struct connector *c, struct bytes *out)
{
    bytes_printf(out, "\n## %s\n\n", c->name);
    if (c->doc)
        bytes_printf(out, "%s\n\n", c->doc);
    bytes_printf(out, "It can be %s.%s\n\n",
                 c->source && c->sink ? "read and written"
                 : c->source          ? "read"
                                      : "written",
                 c->formats == FORMATS_KEY_VALUE ? " It takes a format for values, and one for keys."
                 : c->formats                    ? " It takes a format."
                                                 : "");
    if (c->settings && c->settings->name)
        settings_write_doc(c->settings, out);
    else if (c->options && *c->options)
        write_words(c->options, out);
    else
        bytes_text(out, "It has no options.\n");
    write_metadata(c->metadata, out);
}

/* --- formats ------------------------------------------------------------------------------------------ */

static void write_values(const struct format_option *o, struct bytes *out)
{
    static const char *const types[] = {
        [OPTION_TEXT] = "text",
        [OPTION_FLAG] = "true, false",
        [OPTION_CHAR] = "a character",
        [OPTION_SECRET] = "text",
    };

    if (o->type == OPTION_WORD)
        settings_write_words(o->words, out);
    else
        bytes_text(out, types[o->type]);
}

static void write_option(const struct format *f, const struct format_option *o, struct bytes *out)
{
    bytes_printf(out, "| `%s.%s` | ", f->name, o->name);
    write_values(o, out);
    bytes_printf(out, " | %s | ", o->required ? "required" : o->fallback ? o->fallback : "");
    if (o->refused)
        bytes_printf(out, "*Refused:* %s |\n", o->refused);
    else
        bytes_printf(out, "%s |\n", o->doc);
}

static const char *row_kinds(unsigned kinds)
{
    return kinds == FORMAT_NEVER ? "not" : kinds == FORMAT_INSERTS ? "new rows" : "all changes";
}

static void write_format(const struct format *f, struct bytes *out)
{
    bytes_printf(out, "\n### %s\n\n%s Read: %s; written: %s.\n", f->name, f->doc, row_kinds(f->reads),
                 row_kinds(f->writes));
    if (f->option_count)
        bytes_text(out, "\n" SETTINGS_TABLE_HEAD);
    for (int32_t i = 0; i < f->option_count; i++)
        write_option(f, &f->options[i], out);
    if (f->metadata_count)
        bytes_text(out, "\n| metadata column | type |\n|---|---|\n");
    for (int32_t i = 0; i < f->metadata_count; i++) {
        bytes_printf(out, "| `value.%s` | `", f->metadata[i].name);
        type_print(f->metadata[i].type, out);
        bytes_text(out, "` |\n");
    }
}

/* --- the page ----------------------------------------------------------------------------------------- */

static const char intro[] =
    "# Connectors and formats\n"
    "Written by `weir connectors` from the tables in `src/connectors` and `src/formats`: edit those.\n\n"
    "What a table's `WITH ('connector' = ...)` takes. An option that is not listed is an error that names "
    "the "
    "nearest one; a refused one is an error unless it has its default. In names `#` is a column's path, `*` "
    "at the end any rest.\n\n"
    "## Every table\n\n"
    "With a watermark a table also takes `scan.watermark.idle-timeout`, after which a split without rows "
    "holds the watermark up no more.\n\n";

static const char formats_intro[] =
    "\n## Formats\n\n"
    "What `format` (or `value.format` and `key.format`) takes. The names of options begin with the format's, "
    "or with `value.` or `key.` and the format's where the format was chosen so.\n";

void connector_write_doc(struct bytes *out)
{
    const struct connector *c;
    const struct format *f;

    bytes_text(out, intro);
    settings_write_doc(connector_shared, out);
    for (size_t n = 0; (c = connector_at(n)) != NULL; n++)
        write_connector(c, out);
    bytes_text(out, formats_intro);
    for (size_t n = 0; (f = format_at(n)) != NULL; n++)
        write_format(f, out);
}
