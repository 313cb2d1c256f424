/* parquet_columns.c: see parquet_columns.h. */
#include "parquet/parquet_columns.h"

#define DEPTH_MAX       64
#define TYPE_LENGTH_MAX (1 << 28)
#define DECIMAL_DIGITS  38
#define PATH_MAX_LEN    256 /* of each half of a path, so that long names in deep schemas stay cheap */

struct walk {
    struct arena *arena;
    struct meta_file *meta;
    int32_t at; /* the next element */
    struct parquet_columns *out;
    struct error *e;
};

struct place {        /* where in the tree a column stands */
    const char *path; /* of the parent; NULL at the top */
    uint8_t def, rep, element_def;
    int depth;
};

/* --- types of leaves --- */

/* What older writers say by ConvertedType, in the words of LogicalType. */
static void normalise(struct meta_element *m)
{
    static const struct {
        enum parquet_logical logical;
        int32_t bit_width;
        bool is_signed;
        enum parquet_unit unit;
    } same[] = {
        [CONVERTED_UTF8] = {.logical = LOGICAL_STRING},
        [CONVERTED_MAP] = {.logical = LOGICAL_MAP},
        [CONVERTED_MAP_KEY_VALUE] = {.logical = LOGICAL_MAP},
        [CONVERTED_LIST] = {.logical = LOGICAL_LIST},
        [CONVERTED_ENUM] = {.logical = LOGICAL_ENUM},
        [CONVERTED_DECIMAL] = {.logical = LOGICAL_DECIMAL},
        [CONVERTED_DATE] = {.logical = LOGICAL_DATE},
        [CONVERTED_TIME_MILLIS] = {.logical = LOGICAL_TIME, .unit = UNIT_MILLIS},
        [CONVERTED_TIME_MICROS] = {.logical = LOGICAL_TIME, .unit = UNIT_MICROS},
        [CONVERTED_TIMESTAMP_MILLIS] = {.logical = LOGICAL_TIMESTAMP, .unit = UNIT_MILLIS},
        [CONVERTED_TIMESTAMP_MICROS] = {.logical = LOGICAL_TIMESTAMP, .unit = UNIT_MICROS},
        [CONVERTED_UINT_8] = {.logical = LOGICAL_INTEGER, .bit_width = 8},
        [CONVERTED_UINT_16] = {.logical = LOGICAL_INTEGER, .bit_width = 16},
        [CONVERTED_UINT_32] = {.logical = LOGICAL_INTEGER, .bit_width = 32},
        [CONVERTED_UINT_64] = {.logical = LOGICAL_INTEGER, .bit_width = 64},
        [CONVERTED_INT_8] = {.logical = LOGICAL_INTEGER, .bit_width = 8, .is_signed = true},
        [CONVERTED_INT_16] = {.logical = LOGICAL_INTEGER, .bit_width = 16, .is_signed = true},
        [CONVERTED_INT_32] = {.logical = LOGICAL_INTEGER, .bit_width = 32, .is_signed = true},
        [CONVERTED_INT_64] = {.logical = LOGICAL_INTEGER, .bit_width = 64, .is_signed = true},
        [CONVERTED_JSON] = {.logical = LOGICAL_JSON},
        [CONVERTED_BSON] = {.logical = LOGICAL_BSON},
        [CONVERTED_INTERVAL] = {.logical = LOGICAL_NONE},
    };

    if (m->logical != LOGICAL_NONE || (int)m->converted < 0 || (size_t)m->converted >= COUNT_OF(same))
        return;
    m->logical = same[m->converted].logical;
    m->bit_width = same[m->converted].bit_width;
    m->is_signed = same[m->converted].is_signed;
    m->unit = same[m->converted].unit;
    m->utc = m->unit != UNIT_NONE; /* that is what the old names meant */
}

static int32_t precision_of(enum parquet_unit unit)
{
    return unit == UNIT_MILLIS ? 3 : unit == UNIT_MICROS ? 6 : 9;
}

static bool is_decimal(const struct meta_element *m)
{
    return m->logical == LOGICAL_DECIMAL && m->precision >= 1 && m->precision <= DECIMAL_DIGITS &&
           m->scale >= 0 && m->scale <= m->precision;
}

static void set_decimal(struct type *t, int32_t precision, int32_t scale)
{
    t->kind = TYPE_DECIMAL;
    t->precision = precision;
    t->scale = scale;
}

static void set_timed(struct type *t, enum type_kind kind, enum parquet_unit unit)
{
    t->kind = kind;
    t->precision = kind == TYPE_TIME ? MIN(precision_of(unit), 6) : precision_of(unit);
}

static void int32_type(const struct meta_element *m, struct type *t)
{
    t->kind = TYPE_INT32;
    if (m->logical == LOGICAL_DATE)
        t->kind = TYPE_DATE;
    else if (m->logical == LOGICAL_TIME && m->unit == UNIT_MILLIS)
        set_timed(t, TYPE_TIME, m->unit);
    else if (is_decimal(m))
        set_decimal(t, m->precision, m->scale);
    else if (m->logical == LOGICAL_INTEGER && m->is_signed && m->bit_width < 32)
        t->kind = m->bit_width == 8 ? TYPE_INT8 : m->bit_width == 16 ? TYPE_INT16 : TYPE_INT32;
    else if (m->logical == LOGICAL_INTEGER && !m->is_signed && m->bit_width == 32)
        t->kind = TYPE_INT64;
}

static void int64_type(const struct meta_element *m, struct type *t)
{
    t->kind = TYPE_INT64;
    if (m->logical == LOGICAL_TIME && (m->unit == UNIT_MICROS || m->unit == UNIT_NANOS))
        set_timed(t, TYPE_TIME, m->unit);
    else if (m->logical == LOGICAL_TIMESTAMP && m->unit != UNIT_NONE)
        set_timed(t, m->utc ? TYPE_TIMESTAMP_LTZ : TYPE_TIMESTAMP, m->unit);
    else if (is_decimal(m))
        set_decimal(t, m->precision, m->scale);
    else if (m->logical == LOGICAL_INTEGER && !m->is_signed && m->bit_width == 64)
        set_decimal(t, 20, 0);
}

static void fixed_type(const struct meta_element *m, struct type *t)
{
    if (is_decimal(m)) {
        set_decimal(t, m->precision, m->scale);
    } else if (m->logical == LOGICAL_UUID && m->type_length == 16) {
        t->kind = TYPE_UUID;
    } else if (m->logical == LOGICAL_FLOAT16 && m->type_length == 2) {
        t->kind = TYPE_FLOAT;
    } else {
        t->kind = TYPE_FIXED;
        t->length = m->type_length;
    }
}

static void bytes_type(const struct meta_element *m, struct type *t)
{
    t->kind = TYPE_BINARY;
    if (m->logical == LOGICAL_STRING || m->logical == LOGICAL_ENUM || m->logical == LOGICAL_JSON)
        t->kind = TYPE_STRING;
    else if (is_decimal(m))
        set_decimal(t, m->precision, m->scale);
}

/* An annotation that does not fit the physical type is passed over: the values are then as they are stored.
 */
static enum err leaf_type(struct walk *w, const char *path, const struct meta_element *m, struct type *t)
{
    switch (m->physical) {
    case PHYSICAL_BOOLEAN:
        t->kind = TYPE_BOOLEAN;
        break;
    case PHYSICAL_INT32:
        int32_type(m, t);
        break;
    case PHYSICAL_INT64:
        int64_type(m, t);
        break;
    case PHYSICAL_INT96:
        set_timed(t, TYPE_TIMESTAMP, UNIT_MICROS);
        break;
    case PHYSICAL_FLOAT:
        t->kind = TYPE_FLOAT;
        break;
    case PHYSICAL_DOUBLE:
        t->kind = TYPE_DOUBLE;
        break;
    case PHYSICAL_BYTES:
        bytes_type(m, t);
        break;
    case PHYSICAL_FIXED:
        if (m->type_length < 1 || m->type_length > TYPE_LENGTH_MAX)
            return error_set(w->e, ERR_CORRUPT, "column %s has values of %" PRId32 " bytes", path,
                             m->type_length);
        fixed_type(m, t);
        break;
    default:
        return error_set(w->e, ERR_CORRUPT, "column %s has the unknown physical type %" PRId32, path,
                         m->physical);
    }
    return OK;
}

/* --- the tree --- */

static enum err no_memory(struct walk *w)
{
    return error_memory(w->e, 0, "the schema of a Parquet file");
}

static struct meta_element *peek(struct walk *w)
{
    return w->at < w->meta->element_count ? &w->meta->elements[w->at] : NULL;
}

static enum err too_short(struct walk *w)
{
    return error_set(w->e, ERR_CORRUPT,
                     "the schema ends after %" PRId32 " elements, in the middle of a group",
                     w->meta->element_count);
}

static enum err read_column(struct walk *w, struct place at, struct parquet_column *out);

/* A leaf or group that is there whenever its place is; `type` is out's, still to be filled. */
static enum err read_content(struct walk *w, struct place at, struct parquet_column *out, struct type *type);

static enum err children_of(struct walk *w, struct parquet_column *out, struct type *type, int32_t count)
{
    out->children = ARENA_ARRAY(w->arena, struct parquet_column, count);
    out->child_count = type->field_count = count;
    type->fields = ARENA_ARRAY(w->arena, struct field, count);
    return w->arena->failed ? no_memory(w) : OK;
}

static void name_child(const struct parquet_column *out, const struct type *type, int32_t child,
                       const char *name)
{
    ((struct field *)type->fields)[child] = (struct field){
        .name = name, .type = out->children[child].type, .id = out->children[child].field_id};
}

static enum err read_leaf(struct walk *w, const struct meta_element *m, struct parquet_column *out,
                          struct type *type)
{
    w->at++;
    out->element = m;
    out->first_leaf = w->out->leaf_count;
    out->leaf_count = 1;
    w->out->leaves[w->out->leaf_count++] = out;
    return leaf_type(w, out->name, m, type);
}

static enum err read_struct(struct walk *w, struct place at, struct parquet_column *out, struct type *type)
{
    const struct meta_element *m = peek(w);
    enum err rc;

    w->at++;
    type->kind = TYPE_STRUCT;
    if (m->child_count < 1)
        return error_set(w->e, ERR_UNSUPPORTED, "column %s is a group without fields", out->name);
    if (m->child_count > w->meta->element_count - w->at)
        return too_short(w);
    if ((rc = children_of(w, out, type, m->child_count)) != OK)
        return rc;
    for (int32_t i = 0; i < m->child_count; i++) {
        const char *name = w->at < w->meta->element_count ? peek(w)->name : "";

        if ((rc = read_column(w, at, &out->children[i])) != OK)
            return rc;
        name_child(out, type, i, name);
    }
    return OK;
}

/* The element of a list is the repeated field itself, in files of old (LogicalTypes.md, the five rules). */
static bool is_element(const struct walk *w, const struct meta_element *list,
                       const struct meta_element *repeated)
{
    size_t len = strlen(list->name);

    if (repeated->physical >= 0 || repeated->child_count != 1)
        return true;
    if (w->at + 1 < w->meta->element_count && w->meta->elements[w->at + 1].repetition == REPETITION_REPEATED)
        return true;
    return strcmp(repeated->name, "array") == 0 ||
           (strncmp(repeated->name, list->name, len) == 0 && strcmp(repeated->name + len, "_tuple") == 0);
}

/* What stands within a repeated field: a level deeper, and present. */
static struct place inside(struct place at)
{
    at.def++;
    at.rep++;
    at.element_def = at.def;
    return at;
}

static enum err read_plain_element(struct walk *w, struct place at, struct parquet_column *out)
{
    struct type *type = ARENA_NEW(w->arena, struct type);
    struct meta_element *m = peek(w);

    if (type == NULL)
        return no_memory(w);
    normalise(m);
    *out = (struct parquet_column){.name = at.path, .type = type, .field_id = m->field_id};
    out->def = out->element_def = at.def;
    out->rep = at.rep;
    at.depth++;
    return read_content(w, at, out, type);
}

/* The next element is the repeated field of `list`. */
static enum err read_list(struct walk *w, struct place at, const struct meta_element *list,
                          struct parquet_column *out, struct type *type)
{
    bool direct = is_element(w, list, peek(w));
    enum err rc;

    type->kind = TYPE_LIST;
    if ((rc = children_of(w, out, type, 1)) != OK)
        return rc;
    at = inside(at);
    if (direct) {
        rc = read_plain_element(w, at, &out->children[0]);
    } else {
        w->at++;
        rc = read_column(w, at, &out->children[0]);
    }
    if (rc == OK)
        name_child(out, type, 0, "element");
    return rc;
}

static enum err read_map(struct walk *w, struct place at, struct parquet_column *out, struct type *type)
{
    enum err rc;

    type->kind = TYPE_MAP;
    w->at++;
    if ((rc = children_of(w, out, type, 2)) != OK)
        return rc;
    at = inside(at);
    for (int32_t i = 0; i < 2; i++) {
        if ((rc = read_column(w, at, &out->children[i])) != OK)
            return rc;
        name_child(out, type, i, i ? "value" : "key");
    }
    return OK;
}

static enum err read_content(struct walk *w, struct place at, struct parquet_column *out, struct type *type)
{
    struct meta_element *m = peek(w), *inner;
    bool list = m->logical == LOGICAL_LIST, map = m->logical == LOGICAL_MAP;
    enum err rc;

    if (at.depth > DEPTH_MAX || at.def + 2 > PARQUET_LEVEL_MAX)
        return error_set(w->e, ERR_UNSUPPORTED, "column %s is nested too deep", out->name);
    if (m->physical >= 0)
        return read_leaf(w, m, out, type);
    out->first_leaf = w->out->leaf_count;
    inner = w->at + 1 < w->meta->element_count ? m + 1 : NULL;
    if ((list || map) && m->child_count == 1 && inner && inner->repetition == REPETITION_REPEATED) {
        w->at++;
        rc = map && inner->physical < 0 && inner->child_count == 2 ? read_map(w, at, out, type)
                                                                   : read_list(w, at, m, out, type);
    } else {
        rc = read_struct(w, at, out, type);
    }
    out->leaf_count = w->out->leaf_count - out->first_leaf;
    return rc;
}

static enum err read_column(struct walk *w, struct place at, struct parquet_column *out)
{
    struct meta_element *m = peek(w);
    struct type *type = ARENA_NEW(w->arena, struct type);
    const char *path;
    enum err rc;

    if (m == NULL)
        return too_short(w);
    path = at.path ? arena_printf(w->arena, "%.*s.%.*s", PATH_MAX_LEN, at.path, PATH_MAX_LEN, m->name)
                   : m->name;
    if (type == NULL || path == NULL)
        return no_memory(w);
    if (m->repetition < REPETITION_REQUIRED || m->repetition > REPETITION_REPEATED)
        return error_set(w->e, ERR_CORRUPT, "column %s has the unknown repetition %" PRId32, path,
                         m->repetition);
    normalise(m);
    *out = (struct parquet_column){
        .name = path, .type = type, .field_id = m->field_id, .element_def = at.element_def};
    type->nullable = m->repetition == REPETITION_OPTIONAL;
    at.def = (uint8_t)(at.def + type->nullable);
    at.path = path;
    at.depth++;
    out->def = at.def;
    out->rep = at.rep;
    if (m->repetition != REPETITION_REPEATED)
        return read_content(w, at, out, type);
    /* repeated without an annotation around it: a list that is never absent */
    out->first_leaf = w->out->leaf_count;
    type->kind = TYPE_LIST;
    if ((rc = children_of(w, out, type, 1)) != OK ||
        (rc = read_plain_element(w, inside(at), &out->children[0])) != OK)
        return rc;
    out->leaf_count = w->out->leaf_count - out->first_leaf;
    name_child(out, type, 0, "element");
    return OK;
}

enum err parquet_columns_init(struct parquet_columns *out, struct arena *arena, struct meta_file *meta,
                              struct error *e)
{
    struct walk w = {.arena = arena, .meta = meta, .out = out, .e = e};
    struct field *fields;
    int32_t count = meta->elements[0].child_count;
    enum err rc;

    *out = (struct parquet_columns){.column_count = count};
    w.at = 1;
    if (count < 0 || count > meta->element_count - 1)
        return too_short(&w);
    out->columns = ARENA_ARRAY(arena, struct parquet_column, count);
    out->leaves = ARENA_ARRAY(arena, const struct parquet_column *, meta->element_count);
    out->schema = ARENA_NEW(arena, struct schema);
    fields = ARENA_ARRAY(arena, struct field, count);
    if (arena->failed)
        return no_memory(&w);
    for (int32_t i = 0; i < count; i++) {
        const struct meta_element *m = peek(&w);

        if ((rc = read_column(&w, (struct place){0}, &out->columns[i])) != OK)
            return rc;
        fields[i] = (struct field){
            .name = m->name, .type = out->columns[i].type, .id = out->columns[i].field_id};
    }
    if (w.at != meta->element_count)
        return error_set(e, ERR_CORRUPT, "the schema has %" PRId32 " elements more than its groups hold",
                         meta->element_count - w.at);
    *out->schema = (struct schema){count, fields};
    return OK;
}

/* --- what may be read as what --- */

static bool same_unit(const struct type *a, const struct type *b)
{
    return (a->precision > 6) == (b->precision > 6);
}

static bool same_kind_fits(const struct type *own, const struct type *wanted)
{
    switch (own->kind) {
    case TYPE_DECIMAL:
        return own->scale == wanted->scale && own->precision <= wanted->precision;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return same_unit(own, wanted);
    case TYPE_FIXED:
        return own->length == wanted->length;
    default:
        return true;
    }
}

static bool leaf_fits(const struct parquet_column *column, const struct type *wanted)
{
    const struct type *own = column->type;
    enum type_kind to = wanted->kind;

    if (own->kind == to)
        return same_kind_fits(own, wanted);
    switch (own->kind) {
    case TYPE_INT8:
    case TYPE_INT16:
        return to > own->kind && to <= TYPE_INT64;
    case TYPE_INT32:
        return to == TYPE_INT64 || to == TYPE_INTERVAL_MONTHS;
    case TYPE_INT64:
        return to == TYPE_INTERVAL_MILLIS;
    case TYPE_FLOAT:
        return to == TYPE_DOUBLE;
    case TYPE_STRING:
        return to == TYPE_BINARY;
    case TYPE_BINARY:
        return to == TYPE_STRING; /* writers that annotate nothing */
    case TYPE_FIXED:
        return to == TYPE_BINARY || (to == TYPE_UUID && own->length == 16);
    case TYPE_UUID:
        return to == TYPE_BINARY || (to == TYPE_FIXED && wanted->length == 16);
    case TYPE_TIMESTAMP: /* INT96 does not say which of the two it is */
        return to == TYPE_TIMESTAMP_LTZ && same_unit(own, wanted) &&
               column->element->physical == PHYSICAL_INT96;
    default:
        return false;
    }
}

enum err parquet_column_check(const struct parquet_column *column, const struct type *wanted, struct error *e)
{
    const struct type *own = column->type;
    bool fits = type_is_nested(own) ? own->kind == wanted->kind && own->field_count == wanted->field_count
                                    : !type_is_nested(wanted) && leaf_fits(column, wanted);
    enum err rc = OK;

    if (!fits) {
        struct bytes text = {0};

        type_print(own, &text);
        bytes_text(&text, " in the file, which cannot be read as ");
        type_print(wanted, &text);
        rc = error_set(e, ERR_INPUT, "column %s is " SLICE_FMT, column->name, SLICE_ARG(bytes_all(&text)));
        bytes_fini(&text);
        return rc;
    }
    for (int32_t i = 0; i < column->child_count && rc == OK; i++)
        rc = parquet_column_check(&column->children[i], wanted->fields[i].type, e);
    return rc;
}
