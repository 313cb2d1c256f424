/* function_doc.c: the table of functions as a page for people, docs/functions.md. */
#include "expr/function.h"

static const char intro[] =
    "# Functions and operators\n"
    "Written by `weir functions` from the tables in `src/expr`: edit those.\n\n"
    "Names are read in any case. Flink's functions of the same name give the same; where they do not, "
    "[differences.md](differences.md) says so.\n";

static const char needs_state[] = "They are read and typed, but a query that uses them is refused: they need "
                                  "state, which SQL does not have in this version.\n\n";

/* Inside of a table, where '|' would end the cell, code or not. */
static void write_cell(const char *text, struct bytes *out)
{
    for (; *text; text++) {
        if (*text == '|')
            bytes_u8(out, '\\');
        bytes_u8(out, (uint8_t)*text);
    }
}

static void write_function(const struct function *f, struct bytes *out)
{
    bytes_text(out, "| `");
    write_cell(f->usage, out);
    bytes_text(out, "` | ");
    write_cell(f->doc, out);
    bytes_text(out, " |\n");
}

static void write_group(enum function_group group, struct bytes *out)
{
    bool any = false;
    size_t at = 0;

    for (const struct function *f; (f = function_next(&at)) != NULL;) {
        if (f->group != group)
            continue;
        if (!any)
            bytes_printf(out, "\n## %s\n\n%s| written | what it gives |\n|---|---|\n",
                         function_group_title(group), f->flags & FN_AGGREGATE ? needs_state : "");
        any = true;
        write_function(f, out);
    }
}

void function_write_doc(struct bytes *out)
{
    bytes_text(out, intro);
    for (enum function_group g = GROUP_COMPARISON; g <= GROUP_WINDOW; g++)
        write_group(g, out);
}
