/* show_create.c: SHOW CREATE TABLE, VIEW and CATALOG: the statements that would make them again, in the form
 * and with the types' long names that Flink prints.
 */
#include "sql/show.h"

#define LONGEST 2147483647 /* the length of STRING and BYTES by their long names */

static void print_type(const struct type *t, struct bytes *out);

static void print_fields(const struct type *t, struct bytes *out)
{
    bytes_text(out, "ROW<");
    for (int32_t i = 0; i < t->field_count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_word(t->fields[i].name, out);
        bytes_text(out, " ");
        print_type(t->fields[i].type, out);
        if (t->fields[i].doc) {
            bytes_text(out, " ");
            ast_print_text(slice_text(t->fields[i].doc), out);
        }
    }
    bytes_text(out, ">");
}

static void print_nullable_type(const struct type *t, struct bytes *out)
{
    struct type plain = *t;

    plain.nullable = true;
    if (t->kind == TYPE_STRING && t->length == 0)
        bytes_printf(out, "VARCHAR(%d)", LONGEST);
    else if (t->kind == TYPE_BINARY && t->length == 0)
        bytes_printf(out, "VARBINARY(%d)", LONGEST);
    else if (t->kind == TYPE_TIMESTAMP_LTZ)
        bytes_printf(out, "TIMESTAMP(%" PRId32 ") WITH LOCAL TIME ZONE", t->precision);
    else if (t->kind == TYPE_STRUCT)
        print_fields(t, out);
    else if (t->form == FORM_MULTISET || t->kind == TYPE_LIST || t->kind == TYPE_MAP) {
        bytes_text(out, t->form == FORM_MULTISET ? "MULTISET<" : t->kind == TYPE_LIST ? "ARRAY<" : "MAP<");
        print_type(t->fields[0].type, out);
        if (t->kind == TYPE_MAP && t->form != FORM_MULTISET) {
            bytes_text(out, ", ");
            print_type(t->fields[1].type, out);
        }
        bytes_text(out, ">");
    } else
        type_print(&plain, out);
}

static void print_type(const struct type *t, struct bytes *out)
{
    print_nullable_type(t, out);
    if (!t->nullable)
        bytes_text(out, " NOT NULL");
}

static void print_path(const struct table_def *t, struct bytes *out)
{
    ast_print_word(t->catalog, out);
    bytes_text(out, ".");
    ast_print_word(t->database, out);
    bytes_text(out, ".");
    ast_print_word(t->name, out);
}

static void print_column(const struct table_column *c, struct bytes *out)
{
    bytes_text(out, "  ");
    ast_print_word(c->name, out);
    bytes_text(out, " ");
    if (c->kind == AST_COMPUTED) {
        bytes_printf(out, "AS %s", c->expr);
    } else {
        print_type(c->type, out);
        if (c->kind == AST_METADATA)
            bytes_text(out, " METADATA");
        if (c->kind == AST_METADATA && strcmp(c->metadata_key, c->name) != 0) {
            bytes_text(out, " FROM ");
            ast_print_text(slice_text(c->metadata_key), out);
        }
        if (c->is_virtual)
            bytes_text(out, " VIRTUAL");
    }
    if (c->comment && *c->comment) {
        bytes_text(out, " COMMENT ");
        ast_print_text(slice_text(c->comment), out);
    }
}

/* `a`, `b` */
static void print_columns(const struct table_def *t, const int32_t *numbers, int32_t count, struct bytes *out)
{
    for (int32_t i = 0; i < count; i++) {
        bytes_text(out, i ? ", " : "");
        ast_print_word(t->columns[numbers ? numbers[i] : i].name, out);
    }
}

/* A key without a name is called after its columns. */
static void print_key_name(const struct table_def *t, struct bytes *out)
{
    struct bytes name = {0};

    bytes_text(&name, t->key_name ? t->key_name : "PK");
    for (int32_t i = 0; t->key_name == NULL && i < t->key_count; i++)
        bytes_printf(&name, "_%s", t->columns[t->key[i]].name);
    if (bytes_cstr(&name))
        ast_print_word(name.ptr, out);
    out->failed |= name.failed;
    bytes_fini(&name);
}

static void print_constraints(const struct table_def *t, struct bytes *out)
{
    if (t->time_column >= 0) {
        bytes_text(out, ",\n  WATERMARK FOR ");
        ast_print_word(t->columns[t->time_column].name, out);
        bytes_printf(out, " AS %s", t->watermark);
    }
    if (t->key_count) {
        bytes_text(out, ",\n  CONSTRAINT ");
        print_key_name(t, out);
        bytes_text(out, " PRIMARY KEY (");
        print_columns(t, t->key, t->key_count, out);
        bytes_text(out, ") NOT ENFORCED");
    }
}

static void print_options(const struct table_option *options, int32_t count, struct bytes *out)
{
    for (int32_t i = 0; i < count; i++) {
        bytes_text(out, i ? ",\n  " : "  ");
        ast_print_text(slice_text(options[i].key), out);
        bytes_text(out, " = ");
        ast_print_text(slice_text(options[i].value), out);
    }
}

void show_create_table(const struct table_def *t, struct bytes *out)
{
    bytes_printf(out, "CREATE %sTABLE ", t->temporary ? "TEMPORARY " : "");
    print_path(t, out);
    bytes_text(out, " (\n");
    for (int32_t i = 0; i < t->column_count; i++) {
        bytes_text(out, i ? ",\n" : "");
        print_column(&t->columns[i], out);
    }
    print_constraints(t, out);
    bytes_text(out, "\n) ");
    if (t->comment && *t->comment) {
        bytes_text(out, "COMMENT ");
        ast_print_text(slice_text(t->comment), out);
        bytes_text(out, "\n");
    }
    if (t->partition_count) {
        bytes_text(out, "PARTITIONED BY (");
        print_columns(t, t->partition, t->partition_count, out);
        bytes_text(out, ")\n");
    }
    if (t->option_count) {
        bytes_text(out, "WITH (\n");
        print_options(t->options, t->option_count, out);
        bytes_text(out, "\n)\n");
    }
}

void show_create_view(const struct table_def *t, struct bytes *out)
{
    bytes_printf(out, "CREATE %sVIEW ", t->temporary ? "TEMPORARY " : "");
    print_path(t, out);
    bytes_text(out, "(");
    print_columns(t, NULL, t->column_count, out);
    bytes_printf(out, ") as\n%s", t->query);
    if (t->comment && *t->comment) {
        bytes_text(out, " COMMENT ");
        ast_print_text(slice_text(t->comment), out);
        bytes_text(out, "\n");
    }
}

void show_create_catalog(const struct sql_catalog *c, struct bytes *out)
{
    bytes_text(out, "CREATE CATALOG ");
    ast_print_word(c->name, out);
    bytes_text(out, " ");
    if (c->comment && *c->comment) {
        bytes_text(out, "COMMENT ");
        ast_print_text(slice_text(c->comment), out);
        bytes_text(out, " ");
    }
    bytes_text(out, "WITH (\n");
    print_options(c->options, c->option_count, out);
    bytes_text(out, "\n)\n");
}
