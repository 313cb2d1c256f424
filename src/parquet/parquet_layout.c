/* parquet_layout.c: see parquet_layout.h. */
#include "parquet/parquet_layout.h"

/* --- leaves --- */

int32_t parquet_decimal_bytes(int32_t precision)
{
    unsigned __int128 max = 1;
    int32_t byte_count = 1;

    assert(precision >= 1 && precision <= 38);
    for (int32_t i = 0; i < precision; i++)
        max *= 10;
    while (byte_count < 16 && (unsigned __int128)1 << (8 * byte_count - 1) < max)
        byte_count++;
    return byte_count;
}

bool parquet_nullable(const struct type *parent, int32_t child)
{
    return parent->fields[child].type->nullable && !(parent->kind == TYPE_MAP && child == 0);
}

const char *parquet_child_name(const struct type *parent, int32_t child)
{
    if (parent->kind == TYPE_STRUCT)
        return parent->fields[child].name;
    if (parent->kind == TYPE_LIST)
        return "element";
    return child ? "value" : "key";
}

static void set_leaf(struct parquet_leaf *leaf, enum parquet_physical physical, enum leaf_order order,
                     uint8_t width)
{
    leaf->physical = physical;
    leaf->order = order;
    leaf->width = width;
}

static void map_decimal(struct parquet_leaf *leaf)
{
    if (leaf->type->precision <= 9) {
        set_leaf(leaf, PHYSICAL_INT32, ORDER_INT, 4);
    } else if (leaf->type->precision <= 18) {
        set_leaf(leaf, PHYSICAL_INT64, ORDER_INT, 8);
    } else {
        set_leaf(leaf, PHYSICAL_FIXED, ORDER_SIGNED_BYTES, 0);
        leaf->type_length = parquet_decimal_bytes(leaf->type->precision);
    }
}

/* The physical type of a leaf's values. */
static void map_leaf(struct parquet_leaf *leaf)
{
    switch (leaf->type->kind) {
    case TYPE_BOOLEAN:
        set_leaf(leaf, PHYSICAL_BOOLEAN, ORDER_INT, 0);
        break;
    case TYPE_INT8:
    case TYPE_INT16:
    case TYPE_INT32:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS:
        set_leaf(leaf, PHYSICAL_INT32, ORDER_INT, 4);
        break;
    case TYPE_INT64:
    case TYPE_TIME:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
    case TYPE_INTERVAL_MILLIS:
        set_leaf(leaf, PHYSICAL_INT64, ORDER_INT, 8);
        break;
    case TYPE_FLOAT:
        set_leaf(leaf, PHYSICAL_FLOAT, ORDER_FLOAT, 4);
        break;
    case TYPE_DOUBLE:
        set_leaf(leaf, PHYSICAL_DOUBLE, ORDER_FLOAT, 8);
        break;
    case TYPE_DECIMAL:
        map_decimal(leaf);
        break;
    case TYPE_FIXED:
    case TYPE_UUID:
        set_leaf(leaf, PHYSICAL_FIXED, ORDER_BYTES, 0);
        leaf->type_length = leaf->type->kind == TYPE_UUID ? 16 : leaf->type->length;
        break;
    default:
        assert(leaf->type->kind == TYPE_STRING || leaf->type->kind == TYPE_BINARY);
        set_leaf(leaf, PHYSICAL_BYTES, ORDER_BYTES, 0);
        break;
    }
}

/* Where the walk through the schema is: the way down to a field, and its levels. */
struct walk {
    struct parquet_layout *layout;
    struct arena *arena;
    const char *path[PARQUET_LEVEL_MAX * 2];
    int32_t path_count;
    uint8_t def, rep, element_def;
    struct error *e;
};

static const char *join_path(struct walk *w)
{
    const char *name = w->path[0];

    for (int32_t i = 1; i < w->path_count && name; i++)
        name = arena_printf(w->arena, "%s.%s", name, w->path[i]);
    return name;
}

static void add_leaf(struct walk *w, const struct field *f)
{
    struct parquet_leaf *leaf = &w->layout->leaves[w->layout->leaf_count++];

    *leaf = (struct parquet_leaf){
        .type = f->type,
        .name = join_path(w),
        .path = arena_copy(w->arena, w->path, (size_t)w->path_count * sizeof *w->path),
        .path_count = w->path_count,
        .field_id = f->id,
        .max_def = w->def,
        .max_rep = w->rep,
        .element_def = w->element_def,
    };
    map_leaf(leaf);
}

static enum err walk_field(struct walk *w, const struct field *f, const char *name, bool nullable);

static enum err walk_children(struct walk *w, const struct type *t)
{
    assert(t->kind == TYPE_STRUCT || t->field_count == (t->kind == TYPE_LIST ? 1 : 2));
    if (t->field_count == 0)
        return error_set(w->e, ERR_UNSUPPORTED,
                         "column %s is a struct without fields, which Parquet cannot store", w->path[0]);
    for (int32_t i = 0; i < t->field_count; i++) {
        enum err rc = walk_field(w, &t->fields[i], parquet_child_name(t, i), parquet_nullable(t, i));

        if (rc != OK)
            return rc;
    }
    return OK;
}

static enum err walk_field(struct walk *w, const struct field *f, const char *name, bool nullable)
{
    struct walk before = {
        .path_count = w->path_count, .def = w->def, .rep = w->rep, .element_def = w->element_def};
    enum err rc = OK;

    w->path[w->path_count++] = name;
    w->layout->element_count++;
    w->def = (uint8_t)(w->def + nullable);
    if (w->def + 2 > PARQUET_LEVEL_MAX || w->path_count + 3 > (int32_t)COUNT_OF(w->path))
        return error_set(w->e, ERR_UNSUPPORTED, "column %s is nested too deep", w->path[0]);
    if (f->type->kind == TYPE_LIST || f->type->kind == TYPE_MAP) {
        w->path[w->path_count++] = f->type->kind == TYPE_LIST ? "list" : "key_value";
        w->layout->element_count++;
        w->rep++;
        w->element_def = ++w->def;
    }
    if (type_is_nested(f->type))
        rc = walk_children(w, f->type);
    else
        add_leaf(w, f);
    w->path_count = before.path_count;
    w->def = before.def;
    w->rep = before.rep;
    w->element_def = before.element_def;
    return rc;
}

static int32_t count_leaves(const struct field *fields, int32_t count)
{
    int32_t n = 0;

    for (int32_t i = 0; i < count; i++)
        n += type_is_nested(fields[i].type)
                 ? count_leaves(fields[i].type->fields, fields[i].type->field_count)
                 : 1;
    return n;
}

enum err parquet_layout_init(struct parquet_layout *l, struct arena *arena, const struct schema *schema,
                             struct error *e)
{
    struct walk w = {.layout = l, .arena = arena, .e = e};
    int32_t leaves = count_leaves(schema->fields, schema->field_count);
    enum err rc;

    *l = (struct parquet_layout){
        .schema = schema,
        .leaves = ARENA_ARRAY(arena, struct parquet_leaf, leaves),
        .first = ARENA_ARRAY(arena, int32_t, schema->field_count + 1),
        .element_count = 1,
    };
    if (arena->failed)
        return error_memory(e, (size_t)leaves * sizeof *l->leaves, "the columns of a Parquet file");
    for (int32_t i = 0; i < schema->field_count; i++) {
        l->first[i] = l->leaf_count;
        if ((rc = walk_field(&w, &schema->fields[i], schema->fields[i].name,
                             schema->fields[i].type->nullable)) != OK)
            return rc;
    }
    l->first[schema->field_count] = l->leaf_count;
    return arena->failed ? error_memory(e, 0, "the columns of a Parquet file") : OK;
}

/* --- the footer's schema --- */

/* The ids of SchemaElement's fields. */
enum {
    E_TYPE = 1,
    E_LENGTH,
    E_REPETITION,
    E_NAME,
    E_CHILDREN,
    E_CONVERTED,
    E_SCALE,
    E_PRECISION,
    E_ID,
    E_LOGICAL
};

static enum parquet_converted converted_of(const struct type *t)
{
    switch (t->kind) {
    case TYPE_STRING:
        return CONVERTED_UTF8;
    case TYPE_DECIMAL:
        return CONVERTED_DECIMAL;
    case TYPE_DATE:
        return CONVERTED_DATE;
    case TYPE_TIME:
        return CONVERTED_TIME_MICROS;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return t->precision > 6 ? CONVERTED_NONE : CONVERTED_TIMESTAMP_MICROS;
    case TYPE_INT8:
        return CONVERTED_INT_8;
    case TYPE_INT16:
        return CONVERTED_INT_16;
    case TYPE_LIST:
        return CONVERTED_LIST;
    case TYPE_MAP:
        return CONVERTED_MAP;
    default:
        return CONVERTED_NONE;
    }
}

static enum parquet_logical logical_of(const struct type *t)
{
    switch (t->kind) {
    case TYPE_STRING:
        return LOGICAL_STRING;
    case TYPE_DECIMAL:
        return LOGICAL_DECIMAL;
    case TYPE_DATE:
        return LOGICAL_DATE;
    case TYPE_TIME:
        return LOGICAL_TIME;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_LTZ:
        return LOGICAL_TIMESTAMP;
    case TYPE_INT8:
    case TYPE_INT16:
        return LOGICAL_INTEGER;
    case TYPE_UUID:
        return LOGICAL_UUID;
    case TYPE_LIST:
        return LOGICAL_LIST;
    case TYPE_MAP:
        return LOGICAL_MAP;
    default:
        return LOGICAL_NONE;
    }
}

static void write_unit(struct thrift_writer *w, bool utc, enum parquet_unit unit)
{
    thrift_put_bool(w, 1, utc);
    thrift_put_struct(w, 2);
    thrift_put_struct(w, (int16_t)unit);
    thrift_end(w);
    thrift_end(w);
}

static void write_logical(struct thrift_writer *w, const struct type *t)
{
    enum parquet_logical logical = logical_of(t);

    if (logical == LOGICAL_NONE)
        return;
    thrift_put_struct(w, E_LOGICAL);
    thrift_put_struct(w, (int16_t)logical);
    switch (logical) {
    case LOGICAL_DECIMAL:
        thrift_put_i32(w, 1, t->scale);
        thrift_put_i32(w, 2, t->precision);
        break;
    case LOGICAL_TIME:
        write_unit(w, false, UNIT_MICROS);
        break;
    case LOGICAL_TIMESTAMP:
        write_unit(w, t->kind == TYPE_TIMESTAMP_LTZ, t->precision > 6 ? UNIT_NANOS : UNIT_MICROS);
        break;
    case LOGICAL_INTEGER:
        thrift_put_byte(w, 1, t->kind == TYPE_INT8 ? 8 : 16);
        thrift_put_bool(w, 2, true);
        break;
    default:
        break;
    }
    thrift_end(w);
    thrift_end(w);
}

struct schema_writer {
    struct thrift_writer *w;
    const struct parquet_leaf *leaf; /* the next one */
};

static void write_group(struct schema_writer *s, const char *name, int repetition, int32_t children)
{
    thrift_begin(s->w);
    if (repetition >= 0)
        thrift_put_i32(s->w, E_REPETITION, repetition);
    thrift_put_binary(s->w, E_NAME, slice_text(name));
    thrift_put_i32(s->w, E_CHILDREN, children);
}

static void write_field(struct schema_writer *s, const struct field *f, const char *name, bool nullable);

static void write_nested(struct schema_writer *s, const struct field *f, const char *name, int repetition)
{
    const struct type *t = f->type;
    bool row = t->kind == TYPE_STRUCT;

    write_group(s, name, repetition, row ? t->field_count : 1);
    if (converted_of(t) != CONVERTED_NONE)
        thrift_put_i32(s->w, E_CONVERTED, converted_of(t));
    if (f->id)
        thrift_put_i32(s->w, E_ID, f->id);
    write_logical(s->w, t);
    thrift_end(s->w);
    if (!row) {
        write_group(s, t->kind == TYPE_LIST ? "list" : "key_value", REPETITION_REPEATED, t->field_count);
        thrift_end(s->w);
    }
    for (int32_t i = 0; i < t->field_count; i++)
        write_field(s, &t->fields[i], parquet_child_name(t, i), parquet_nullable(t, i));
}

static void write_leaf(struct schema_writer *s, const struct field *f, const char *name, int repetition)
{
    const struct parquet_leaf *leaf = s->leaf++;
    const struct type *t = f->type;

    thrift_begin(s->w);
    thrift_put_i32(s->w, E_TYPE, leaf->physical);
    if (leaf->physical == PHYSICAL_FIXED)
        thrift_put_i32(s->w, E_LENGTH, leaf->type_length);
    thrift_put_i32(s->w, E_REPETITION, repetition);
    thrift_put_binary(s->w, E_NAME, slice_text(name));
    if (converted_of(t) != CONVERTED_NONE)
        thrift_put_i32(s->w, E_CONVERTED, converted_of(t));
    if (t->kind == TYPE_DECIMAL) {
        thrift_put_i32(s->w, E_SCALE, t->scale);
        thrift_put_i32(s->w, E_PRECISION, t->precision);
    }
    if (f->id)
        thrift_put_i32(s->w, E_ID, f->id);
    write_logical(s->w, t);
    thrift_end(s->w);
}

static void write_field(struct schema_writer *s, const struct field *f, const char *name, bool nullable)
{
    int repetition = nullable ? REPETITION_OPTIONAL : REPETITION_REQUIRED;

    if (type_is_nested(f->type))
        write_nested(s, f, name, repetition);
    else
        write_leaf(s, f, name, repetition);
}

void parquet_layout_write(const struct parquet_layout *l, struct thrift_writer *w, int16_t id)
{
    struct schema_writer s = {w, l->leaves};

    thrift_put_list(w, id, THRIFT_STRUCT, (size_t)l->element_count);
    write_group(&s, "table", -1, l->schema->field_count);
    thrift_end(w);
    for (int32_t i = 0; i < l->schema->field_count; i++)
        write_field(&s, &l->schema->fields[i], l->schema->fields[i].name,
                    l->schema->fields[i].type->nullable);
}
