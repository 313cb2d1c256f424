/* avro_plan.c: a writer's schema against the wanted columns, compiled to steps (avro_plan.h).
 * The columns are what Avro calls the reader. Where a reader's schema is given too, it adds what columns
 * cannot say: aliases, defaults, the symbols of enums. The rules, where they go beyond Avro's:
 *   1. A field is found by its Iceberg id if both sides have one, else by its name, else by an alias (the
 * reader's; the writer's own when there is no reader's schema, so that a renamed field still fills its old
 * column).
 *   2. A column whose field the writer lacks gets the reader's default, else NULL; if it is NOT NULL, that is
 * refused.
 *   3. A union of several types is read by the column that all or some of its branches fit; a value of
 * another branch is an error of that value.
 *   4. Logical types of writer and column need not agree where the numbers can be converted; a number without
 * one is taken to be in the unit of the column's precision (or of the reader's schema).
 */
#include "formats/avro_compiler.h"
#include "base/mem.h"

/* Where we are in the columns, from the inside out. */
struct place {
    const struct place *parent;
    const char *name;
};

static enum err resolve(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                        const struct avro_type *r, const struct type *t, struct avro_step *out);

/* Put the path to at before the text that is there. */
static enum err add_place(struct avro_compiler *k, const struct place *at, enum err rc)
{
    for (; at; at = at->parent)
        rc = at->parent ? error_add(k->e, rc, "%.100s", at->name)
                        : error_add(k->e, rc, "field %.100s", at->name);
    return rc;
}

static enum err fail(struct avro_compiler *k, const struct place *at, const char *what)
{
    return add_place(k, at, error_set(k->e, ERR_INPUT, "%s", what));
}

static enum err refuse(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                       const struct type *t)
{
    struct bytes type = {0};
    const char *text;

    type_print(t, &type);
    text = arena_printf(k->arena, "the payload's %s cannot be read as " SLICE_FMT, avro_kind_name(w->kind),
                        SLICE_ARG(bytes_all(&type)));
    bytes_fini(&type);
    return text ? fail(k, at, text) : avro_compiler_memory(k);
}

/* --- scalars --- */

/* The plain pairs: what a writer's kind is read by for a column's kind. AVRO_OP_NULL: not at all. */
static enum avro_op plain_op(const struct avro_type *w, const struct type *t)
{
    static const struct {
        enum avro_kind from;
        enum type_kind to;
        enum avro_op op;
    } table[] = {
        {AVRO_KIND_BOOLEAN, TYPE_BOOLEAN, AVRO_OP_BOOLEAN},
        {AVRO_KIND_INT, TYPE_INT8, AVRO_OP_INT8},
        {AVRO_KIND_INT, TYPE_INT16, AVRO_OP_INT16},
        {AVRO_KIND_INT, TYPE_INT32, AVRO_OP_INT32},
        {AVRO_KIND_INT, TYPE_DATE, AVRO_OP_INT32},
        {AVRO_KIND_INT, TYPE_INT64, AVRO_OP_INT64},
        {AVRO_KIND_INT, TYPE_FLOAT, AVRO_OP_VARINT_FLOAT},
        {AVRO_KIND_INT, TYPE_DOUBLE, AVRO_OP_VARINT_DOUBLE},
        {AVRO_KIND_LONG, TYPE_INT64, AVRO_OP_INT64},
        {AVRO_KIND_LONG, TYPE_FLOAT, AVRO_OP_VARINT_FLOAT},
        {AVRO_KIND_LONG, TYPE_DOUBLE, AVRO_OP_VARINT_DOUBLE},
        {AVRO_KIND_FLOAT, TYPE_FLOAT, AVRO_OP_FLOAT},
        {AVRO_KIND_FLOAT, TYPE_DOUBLE, AVRO_OP_FLOAT_DOUBLE},
        {AVRO_KIND_DOUBLE, TYPE_DOUBLE, AVRO_OP_DOUBLE},
        {AVRO_KIND_BYTES, TYPE_BINARY, AVRO_OP_BYTES},
        {AVRO_KIND_BYTES, TYPE_STRING, AVRO_OP_STRING},
        {AVRO_KIND_STRING, TYPE_STRING, AVRO_OP_STRING},
        {AVRO_KIND_STRING, TYPE_BINARY, AVRO_OP_BYTES},
        {AVRO_KIND_STRING, TYPE_UUID, AVRO_OP_UUID},
        {AVRO_KIND_ENUM, TYPE_STRING, AVRO_OP_ENUM},
        {AVRO_KIND_FIXED, TYPE_BINARY, AVRO_OP_FIXED},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (table[i].from == w->kind && table[i].to == t->kind)
            return table[i].op;
    if (w->kind == AVRO_KIND_FIXED &&
        ((t->kind == TYPE_FIXED && t->length == w->size) || (t->kind == TYPE_UUID && w->size == 16)))
        return AVRO_OP_FIXED;
    if (w->kind == AVRO_KIND_FIXED && t->kind == TYPE_STRING && w->logical == AVRO_LOGICAL_UUID)
        return AVRO_OP_UUID_TEXT;
    return AVRO_OP_NULL;
}

__int128 avro_power_of_ten(int32_t n)
{
    __int128 power = 1;

    assert(n >= 0 && n < 39);
    while (n-- > 0)
        power *= 10;
    return power;
}

static bool is_time(enum avro_logical logical)
{
    return logical == AVRO_LOGICAL_TIME_MILLIS || logical == AVRO_LOGICAL_TIME_MICROS;
}

/* Units a second of the writer's number; 0 when it is no time or timestamp, as t wants. */
static int64_t units_of(const struct avro_type *w, const struct avro_type *r, const struct type *t)
{
    bool time = t->kind == TYPE_TIME;

    if (w->kind != AVRO_KIND_LONG && !(time && w->kind == AVRO_KIND_INT))
        return 0;
    if (w->logical == AVRO_LOGICAL_NONE && r && r->kind == w->kind)
        w = r;
    if (time ? is_time(w->logical) : avro_is_timestamp(w->logical))
        return avro_units_per_second(w->logical);
    if (w->logical != AVRO_LOGICAL_NONE)
        return 0;
    if (time)
        return w->kind == AVRO_KIND_INT ? 1000 : 1000000;
    return t->precision <= 3 ? 1000 : t->precision <= 6 ? 1000000 : 1000000000;
}

/* A TIME or TIMESTAMP: to the column's unit, and no finer than its precision. */
static bool to_time(const struct avro_type *w, const struct avro_type *r, const struct type *t,
                    struct avro_step *out)
{
    int64_t from = units_of(w, r, t);
    int64_t to = t->kind != TYPE_TIME && t->precision > 6 ? 1000000000 : 1000000;
    int64_t finest = (int64_t)avro_power_of_ten(MIN(t->precision, 9));

    if (from == 0)
        return false;
    out->op = t->kind == TYPE_TIME ? AVRO_OP_TIME : AVRO_OP_TIMESTAMP;
    out->multiply = from < to ? to / from : 1;
    out->divide = from > to ? from / to : 1;
    out->grain = finest < MIN(from, to) ? to / finest : 1;
    if (t->kind != TYPE_TIME && out->multiply == 1 && out->divide == 1 && out->grain == 1)
        out->op = AVRO_OP_INT64;
    return true;
}

static enum err to_decimal(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                           const struct type *t, struct avro_step *out)
{
    struct avro_decimal *decimal;

    if (w->logical != AVRO_LOGICAL_DECIMAL)
        return refuse(k, at, w, t);
    if (w->scale > t->scale) {
        const char *why = arena_printf(k->arena,
                                       "the payload's decimal has %" PRId32 " digits behind the point, the "
                                       "column %" PRId32 "; declare it as DECIMAL(%" PRId32 ", %" PRId32 ")",
                                       w->scale, t->scale, MIN(w->precision, 38), MIN(w->scale, 38));
        return why ? fail(k, at, why) : avro_compiler_memory(k);
    }
    if ((decimal = ARENA_NEW(k->arena, struct avro_decimal)) == NULL)
        return avro_compiler_memory(k);
    *decimal = (struct avro_decimal){.power = avro_power_of_ten(t->scale - w->scale),
                                     .limit = avro_power_of_ten(t->precision)};
    out->op = w->kind == AVRO_KIND_BYTES ? AVRO_OP_DECIMAL_BYTES : AVRO_OP_DECIMAL_FIXED;
    out->decimal = decimal;
    out->decimal_size = w->size;
    return OK;
}

/* The symbols as text. Of those that the reader does not know, it gets its default, or nothing. */
static enum err to_symbols(struct avro_compiler *k, const struct avro_type *w, const struct avro_type *r,
                           struct avro_step *out)
{
    struct slice *symbols = ARENA_ARRAY(k->arena, struct slice, w->symbol_count);

    if (symbols == NULL)
        return avro_compiler_memory(k);
    for (int32_t i = 0; i < w->symbol_count; i++) {
        const char *symbol = w->symbols[i];
        bool known = r == NULL;

        for (int32_t j = 0; !known && j < r->symbol_count; j++)
            known = strcmp(symbol, r->symbols[j]) == 0;
        if (!known)
            symbol = r->symbol_default;
        if (symbol)
            symbols[i] = arena_slice(k->arena, slice_text(symbol));
    }
    out->symbols = symbols;
    out->symbol_count = w->symbol_count;
    return k->arena->failed ? avro_compiler_memory(k) : OK;
}

/* --- nested --- */

/* Of a reader's type the part that meets a writer's kind; NULL when there is none. */
static const struct avro_type *reader_part(const struct avro_type *r, enum avro_kind kind)
{
    if (r == NULL || r->kind == kind)
        return r;
    for (int32_t i = 0; r->kind == AVRO_KIND_UNION && i < r->type_count; i++)
        if (r->types[i]->kind == kind)
            return r->types[i];
    return NULL;
}

static bool has_ids(const struct avro_type *record)
{
    for (int32_t i = 0; i < record->field_count; i++)
        if (record->fields[i].id)
            return true;
    return false;
}

static bool has_alias(const struct avro_field *f, const char *name)
{
    for (int32_t i = 0; i < f->alias_count; i++)
        if (strcmp(f->aliases[i], name) == 0)
            return true;
    return false;
}

static const struct avro_field *field_named(const struct avro_type *record, const char *name)
{
    for (int32_t i = 0; i < record->field_count; i++)
        if (strcmp(record->fields[i].name, name) == 0)
            return &record->fields[i];
    return NULL;
}

/* The writer's field for a column, -1 when it has none. r is the reader's field, NULL when there is no schema
 * of it. */
static int32_t find_field(const struct avro_type *w, const struct avro_field *r, const struct field *column)
{
    const struct avro_field *found = NULL;

    for (int32_t i = 0; column->id && i < w->field_count; i++)
        if (w->fields[i].id == column->id)
            return i;
    if (column->id == 0 || !has_ids(w))
        found = field_named(w, column->name);
    for (int32_t i = 0; r && found == NULL && i < r->alias_count; i++)
        found = field_named(w, r->aliases[i]);
    for (int32_t i = 0; r == NULL && found == NULL && i < w->field_count; i++)
        if (has_alias(&w->fields[i], column->name) && (column->id == 0 || w->fields[i].id == 0))
            found = &w->fields[i];
    return found ? (int32_t)(found - w->fields) : -1;
}

/* A column that the writer has nothing for. */
static enum err missing(struct avro_compiler *k, const struct place *at, const struct avro_field *r,
                        const struct field *column, struct avro_step *out)
{
    struct avro_step *step;
    struct avro_body *body;
    struct bytes datum = {0};
    enum err rc;

    out->op = AVRO_OP_NULL;
    if (r == NULL || r->value == NULL)
        return column->type->nullable ? OK
                                      : fail(k, at,
                                             "the writer's schema has no such field, and the column is NOT "
                                             "NULL; make it nullable, "
                                             "or give a schema with a default for it");
    step = ARENA_NEW(k->arena, struct avro_step);
    body = ARENA_NEW(k->arena, struct avro_body);
    if (step == NULL || body == NULL)
        return avro_compiler_memory(k);
    if ((rc = resolve(k, at, r->type, r->type, column->type, step)) != OK)
        return rc;
    step->column = out->column;
    if ((rc = avro_default_encode(r->type, r->value, &datum, k->e)) != OK) {
        bytes_fini(&datum);
        return add_place(k, at, rc);
    }
    *body = (struct avro_body){step, 1};
    out->op = AVRO_OP_DEFAULT;
    out->body = body;
    out->datum = arena_slice(k->arena, bytes_all(&datum));
    bytes_fini(&datum);
    return k->arena->failed ? avro_compiler_memory(k) : OK;
}

struct match {
    int32_t *column_of;                /* per field of the writer: the column it goes to, -1 for none */
    bool *found;                       /* per column */
    const struct avro_field **readers; /* per column: the reader's field, NULL without a schema of it */
};

static enum err match_fields(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                             const struct avro_type *r, const struct field *columns, int32_t count,
                             const bool *wanted, struct match *m)
{
    m->column_of = ARENA_ARRAY(k->arena, int32_t, w->field_count);
    m->found = ARENA_ARRAY(k->arena, bool, count);
    m->readers = ARENA_ARRAY(k->arena, const struct avro_field *, count);
    if (m->column_of == NULL || m->found == NULL || m->readers == NULL)
        return avro_compiler_memory(k);
    for (int32_t i = 0; i < w->field_count; i++)
        m->column_of[i] = -1;
    for (int32_t c = 0; c < count; c++) {
        struct place here = {at, columns[c].name};
        int32_t i;

        if (wanted && !wanted[c])
            continue;
        if (r && (m->readers[c] = field_named(r, columns[c].name)) == NULL)
            return fail(k, &here, "the given schema has no such field");
        i = find_field(w, m->readers[c], &columns[c]);
        if (i >= 0 && m->column_of[i] >= 0)
            return fail(k, &here, "two columns would be read from the same field of the writer's schema");
        if (i >= 0)
            m->column_of[i] = c;
        m->found[c] = i >= 0;
    }
    return OK;
}

/* The body that reads a record into columns. */
static enum err to_body(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                        const struct avro_type *r, const struct field *columns, int32_t count,
                        const bool *wanted, struct avro_body *out)
{
    size_t room = (size_t)w->field_count + (size_t)count;
    struct avro_step *steps = ARENA_ARRAY(k->arena, struct avro_step, room), step;
    struct match m;
    int32_t n = 0;
    enum err rc;

    if (steps == NULL)
        return avro_compiler_memory(k);
    if ((rc = match_fields(k, at, w, r, columns, count, wanted, &m)) != OK)
        return rc;
    for (int32_t i = 0; i < w->field_count; i++) {
        int32_t c = m.column_of[i];

        if (c >= 0) {
            struct place here = {at, columns[c].name};

            rc = resolve(k, &here, w->fields[i].type, m.readers[c] ? m.readers[c]->type : NULL,
                         columns[c].type, &steps[n]);
            steps[n].name = arena_strdup(k->arena, columns[c].name);
            steps[n++].column = c;
        } else if ((rc = avro_compile_skip(k, w->fields[i].type, 0, &step)) == OK) {
            avro_add_skip(steps, &n, &step);
        }
        if (rc != OK)
            return rc;
    }
    for (int32_t c = 0; c < count; c++) {
        struct place here = {at, columns[c].name};

        if ((wanted && !wanted[c]) || m.found[c])
            continue;
        steps[n] = (struct avro_step){
            .null_branch = -1, .column = c, .name = arena_strdup(k->arena, columns[c].name)};
        if ((rc = missing(k, &here, m.readers[c], &columns[c], &steps[n++])) != OK)
            return rc;
    }
    *out = (struct avro_body){steps, n};
    return k->arena->failed ? avro_compiler_memory(k) : OK;
}

static enum err to_struct(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                          const struct avro_type *r, const struct type *t, struct avro_step *out)
{
    struct avro_body *body = ARENA_NEW(k->arena, struct avro_body);

    if (body == NULL)
        return avro_compiler_memory(k);
    out->op = AVRO_OP_RECORD;
    out->body = body;
    return to_body(k, at, w, r, t->fields, t->field_count, NULL, body);
}

/* A map, or an array of anything. */
static enum err to_list(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                        const struct avro_type *r, const struct type *t, struct avro_step *out)
{
    static const struct avro_type string = {.kind = AVRO_KIND_STRING, .min_size = 1};
    bool map = w->kind == AVRO_KIND_MAP;
    int32_t count = map ? 2 : 1;
    struct avro_body *body = ARENA_NEW(k->arena, struct avro_body);
    struct avro_step *steps = ARENA_ARRAY(k->arena, struct avro_step, count);
    struct place here = {at, map ? "value" : "element"};
    enum err rc;

    if (body == NULL || steps == NULL)
        return avro_compiler_memory(k);
    if (map && (rc = resolve(k, at, &string, NULL, t->fields[0].type, &steps[0])) != OK)
        return rc;
    if ((rc = resolve(k, &here, w->types[0], r ? r->types[0] : NULL, t->fields[count - 1].type,
                      &steps[count - 1])) != OK)
        return rc;
    steps[count - 1].column = count - 1;
    *body = (struct avro_body){steps, count};
    out->op = AVRO_OP_LIST;
    out->body = body;
    out->min_size = w->types[0]->min_size + map;
    return OK;
}

/* An array of records of a key and a value, in that order: Iceberg's map. */
static enum err to_entries(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                           const struct type *t, struct avro_step *out)
{
    struct avro_body *body = ARENA_NEW(k->arena, struct avro_body);
    struct avro_step *steps = ARENA_ARRAY(k->arena, struct avro_step, 2);
    const struct avro_type *record = w->types[0];
    enum err rc;

    if (body == NULL || steps == NULL)
        return avro_compiler_memory(k);
    for (int i = 0; i < 2; i++) {
        struct place here = {at, t->fields[i].name};

        if ((rc = resolve(k, &here, record->fields[i].type, NULL, t->fields[i].type, &steps[i])) != OK)
            return rc;
        steps[i].column = i;
    }
    *body = (struct avro_body){steps, 2};
    out->op = AVRO_OP_LIST;
    out->body = body;
    out->min_size = record->min_size;
    return OK;
}

/* A step for each branch; at least one that is not null must fit. */
static enum err to_union(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                         const struct avro_type *r, const struct type *t, struct avro_step *out)
{
    struct avro_body *body = ARENA_NEW(k->arena, struct avro_body);
    struct avro_step *steps = ARENA_ARRAY(k->arena, struct avro_step, w->type_count);
    int32_t fit = 0;
    enum err rc;

    if (body == NULL || steps == NULL)
        return avro_compiler_memory(k);
    for (int32_t i = 0; i < w->type_count; i++) {
        bool null = w->types[i]->kind == AVRO_KIND_NULL;

        rc = resolve(k, at, w->types[i], r, t, &steps[i]);
        fit += rc == OK && !null;
        if (rc == OK)
            continue;
        if (rc != ERR_INPUT || k->arena->failed)
            return avro_compiler_memory(k);
        steps[i] = (struct avro_step){.op = AVRO_OP_REFUSE, .null_branch = -1};
        steps[i].why = arena_printf(
            k->arena, null ? "is null, but the column is NOT NULL" : "is a %s, which does not fit the column",
            avro_kind_name(w->types[i]->kind));
    }
    if (fit == 0)
        return refuse(k, at, w, t);
    *body = (struct avro_body){steps, w->type_count};
    out->op = AVRO_OP_UNION;
    out->body = body;
    return OK;
}

static enum err to_scalar(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                          const struct avro_type *r, const struct type *t, struct avro_step *out)
{
    if (t->kind == TYPE_DECIMAL)
        return to_decimal(k, at, w, t, out);
    if ((t->kind == TYPE_TIME || t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_LTZ) &&
        to_time(w, r, t, out))
        return OK;
    if ((out->op = plain_op(w, t)) == AVRO_OP_NULL)
        return refuse(k, at, w, t);
    if (out->op == AVRO_OP_ENUM)
        return to_symbols(k, w, r, out);
    if (out->op == AVRO_OP_FIXED)
        out->size = w->size;
    return OK;
}

static enum err resolve(struct avro_compiler *k, const struct place *at, const struct avro_type *w,
                        const struct avro_type *r, const struct type *t, struct avro_step *out)
{
    const struct avro_type *inner;
    int null_branch = avro_optional(w, &inner);
    bool list;

    *out = (struct avro_step){
        .op = AVRO_OP_NULL, .null_branch = (int8_t)null_branch, .nullable = t->nullable};
    if (null_branch >= 0)
        w = inner;
    if (w->kind == AVRO_KIND_NULL)
        return t->nullable ? OK : refuse(k, at, w, t);
    if (w->kind == AVRO_KIND_UNION)
        return to_union(k, at, w, r, t, out);
    r = reader_part(r, w->kind);
    list = w->kind == AVRO_KIND_ARRAY || w->kind == AVRO_KIND_MAP;
    if (t->kind == TYPE_STRUCT && w->kind == AVRO_KIND_RECORD)
        return to_struct(k, at, w, r, t, out);
    if (t->kind == TYPE_MAP && w->kind == AVRO_KIND_ARRAY && w->types[0]->kind == AVRO_KIND_RECORD &&
        w->types[0]->field_count == 2)
        return to_entries(k, at, w, t, out);
    if ((t->kind == TYPE_LIST && w->kind == AVRO_KIND_ARRAY) ||
        (t->kind == TYPE_MAP && w->kind == AVRO_KIND_MAP))
        return to_list(k, at, w, r, t, out);
    if (type_is_nested(t) || list || w->kind == AVRO_KIND_RECORD)
        return refuse(k, at, w, t);
    return to_scalar(k, at, w, r, t, out);
}

/* --- the whole --- */

/* ["null", record] counts as the record. */
static const struct avro_type *top_record(struct avro_plan *p, const struct avro_type *root)
{
    if (root->kind != AVRO_KIND_UNION || root->type_count > 2)
        return root;
    for (int32_t i = 0; i < root->type_count; i++)
        if (root->types[i]->kind == AVRO_KIND_RECORD) {
            p->top_count = root->type_count;
            p->top_branch = i;
            return root->types[i];
        }
    return root;
}

static enum err compile(struct avro_plan *p, const struct avro_schema *writer,
                        const struct avro_schema *reader, const struct schema *schema, const bool *wanted,
                        struct error *e)
{
    struct avro_compiler k = {.arena = &p->arena, .e = e};
    const struct avro_type *top = top_record(p, writer->root);
    enum err rc;

    if (top->kind != AVRO_KIND_RECORD || (reader && reader->root->kind != AVRO_KIND_RECORD))
        return error_set(e, ERR_INPUT, "a record is wanted at the top of an Avro schema, not %s",
                         avro_kind_name(writer->root->kind));
    rc = to_body(&k, NULL, top, reader ? reader->root : NULL, schema->fields, schema->field_count, wanted,
                 &p->body);
    map_fini(&k.skips);
    return rc;
}

enum err avro_plan_resolve(const struct avro_schema *writer, const struct avro_schema *reader,
                           const struct schema *schema, const bool *wanted, struct avro_plan **out,
                           struct error *e)
{
    struct avro_plan *p = mem_zalloc(sizeof *p);
    enum err rc;

    if (p == NULL)
        return error_memory(e, sizeof *p, "an Avro plan");
    if ((rc = compile(p, writer, reader, schema, wanted, e)) != OK) {
        avro_plan_free(p);
        return rc;
    }
    *out = p;
    return OK;
}

enum err avro_plan_new(const struct avro_schema *writer, const struct schema *schema, const bool *wanted,
                       struct avro_plan **out, struct error *e)
{
    return avro_plan_resolve(writer, NULL, schema, wanted, out, e);
}

void avro_plan_free(struct avro_plan *p)
{
    if (p == NULL)
        return;
    arena_fini(&p->arena);
    mem_free(p);
}
