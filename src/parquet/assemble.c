/* assemble.c: see assemble.h; parquet_columns.h says how levels are read. The shape of a list or struct is
 * that of its first leaf; the others must agree with it.
 */
#include "parquet/assemble.h"

struct assembly {
    struct leaf_data *leaves; /* of the top-level column */
    int32_t first_leaf;       /* its number in the file */
    struct batch *owner;
    struct error *e;
};

static struct leaf_data *leaf_of(const struct assembly *a, const struct parquet_column *column)
{
    return &a->leaves[column->first_leaf - a->first_leaf];
}

static const uint8_t *levels(const struct pbuf *b)
{
    return b->len ? (const uint8_t *)b->ptr : NULL;
}

static enum err no_memory(const struct assembly *a, size_t byte_count)
{
    return error_memory(a->e, byte_count, "a column of a Parquet file");
}

static enum err wrong_rows(const struct assembly *a, const struct parquet_column *column, int64_t got,
                           int32_t wanted)
{
    return error_set(a->e, ERR_CORRUPT, "column %s has %" PRId64 " rows, but %" PRId32 " are wanted",
                     column->name, got, wanted);
}

/* Whether slot i begins a row of the column. */
static bool begins_row(const struct parquet_column *column, const uint8_t *def, const uint8_t *rep, int32_t i)
{
    return (rep == NULL || rep[i] <= column->rep) && (def == NULL || def[i] >= column->element_def);
}

/* The validity of a column's rows and their number; the bitmap is made when the first absent value is found.
 */
static enum err read_validity(const struct assembly *a, const struct parquet_column *column,
                              const struct leaf_data *leaf, int32_t row_count, uint64_t **out)
{
    const uint8_t *def = levels(&leaf->def), *rep = levels(&leaf->rep);
    size_t byte_count = MAX(VALIDITY_WORDS(row_count), 1) * sizeof(uint64_t);
    int32_t row = 0;

    *out = NULL;
    for (int32_t i = 0; i < leaf->slot_count; i++) {
        bool valid = def == NULL || def[i] >= column->def;

        if (!begins_row(column, def, rep, i))
            continue;
        if (row == row_count)
            return wrong_rows(a, column, (int64_t)row + 1, row_count);
        if (!valid && *out == NULL) {
            if ((*out = batch_alloc(a->owner, byte_count)) == NULL)
                return no_memory(a, byte_count);
            memset(*out, 0xff, byte_count);
        }
        if (!valid)
            (*out)[row >> 6] &= ~(UINT64_C(1) << (row & 63));
        row++;
    }
    if (row != row_count)
        return wrong_rows(a, column, row, row_count);
    if (*out && (row_count & 63))
        (*out)[row_count >> 6] &= (UINT64_C(1) << (row_count & 63)) - 1;
    return OK;
}

/* Move dense values to the rows that have one, in place, from the back. */
#define SPREAD(ctype)                                                                                        \
    do {                                                                                                     \
        ctype *v = values;                                                                                   \
        for (int32_t i = row_count; i-- > 0;)                                                                \
            v[i] = validity[i >> 6] >> (i & 63) & 1 ? v[--value_count] : (ctype){0};                         \
    } while (0)

static void spread(void *values, size_t width, int32_t value_count, const uint64_t *validity,
                   int32_t row_count)
{
    switch (width) {
    case 1:
        SPREAD(uint8_t);
        break;
    case 2:
        SPREAD(uint16_t);
        break;
    case 4:
        SPREAD(uint32_t);
        break;
    case 8:
        SPREAD(uint64_t);
        break;
    default:
        SPREAD(struct view);
        break;
    }
}

static enum err assemble_leaf(const struct assembly *a, const struct parquet_column *column,
                              int32_t row_count, struct column *to)
{
    struct leaf_data *leaf = leaf_of(a, column);
    int32_t valid = 0;

    to->values = leaf->values;
    if (to->validity == NULL)
        valid = row_count;
    for (size_t i = 0; to->validity && i < VALIDITY_WORDS(row_count); i++)
        valid += __builtin_popcountll(to->validity[i]);
    if (valid != leaf->value_count)
        return error_set(a->e, ERR_CORRUPT, "column %s has levels for %" PRId32 " values, but holds %" PRId32,
                         column->name, valid, leaf->value_count);
    if (to->validity)
        spread(to->values, type_width(to->type), leaf->value_count, to->validity, row_count);
    return OK;
}

/* Where each row's elements begin: an element is where a slot of the list's own level reaches into it. */
static enum err read_offsets(const struct assembly *a, const struct parquet_column *column, int32_t row_count,
                             struct column *to)
{
    const struct leaf_data *leaf = leaf_of(a, column);
    const uint8_t *def = levels(&leaf->def), *rep = levels(&leaf->rep);
    size_t byte_count = ((size_t)row_count + 1) * sizeof(int32_t);
    int32_t row = 0, elements = 0;

    if ((to->offsets = batch_alloc(a->owner, byte_count)) == NULL)
        return no_memory(a, byte_count);
    assert(leaf->slot_count == 0 || (def && rep)); /* a list raises both levels of what is in it */
    for (int32_t i = 0; i < leaf->slot_count; i++) {
        bool goes_on = rep[i] == column->rep + 1, has_element = def[i] > column->def;

        if (begins_row(column, def, rep, i))
            to->offsets[row++] = elements;
        if (goes_on && row == 0)
            return error_set(a->e, ERR_CORRUPT, "column %s begins in the middle of a row", column->name);
        if (goes_on && (!has_element || elements == to->offsets[row - 1]))
            return error_set(a->e, ERR_CORRUPT, "column %s has a list that goes on without an element",
                             column->name);
        if (rep[i] > column->rep + 1 || !has_element)
            continue;
        if (row == 0)
            return error_set(a->e, ERR_CORRUPT, "column %s has an element outside of any row", column->name);
        elements++;
    }
    to->offsets[row] = elements;
    assert(row == row_count); /* read_validity has counted them */
    return OK;
}

/* Whether rows are absent that are there in the struct around them (parent: its validity, NULL when all are
 * there). */
static bool lacks_values(const uint64_t *validity, const uint64_t *parent, int32_t row_count)
{
    if (validity == NULL)
        return false;
    return parent == NULL || memcmp(validity, parent, VALIDITY_WORDS(row_count) * sizeof *validity) != 0;
}

/* The next slot of a leaf, from i on, that is no deeper in lists than rep. */
static int32_t next_slot(const struct leaf_data *leaf, int32_t i, int max_rep)
{
    const uint8_t *rep = levels(&leaf->rep);

    while (rep && i < leaf->slot_count && rep[i] > max_rep)
        i++;
    return i;
}

static int level_at(const struct pbuf *b, int32_t i, int most)
{
    return b->len ? MIN((uint8_t)b->ptr[i], most) : 0;
}

/* Another child of a column must see it as the first one does: the same lists, the same absences. */
static enum err check_agreement(const struct assembly *a, const struct parquet_column *column, bool list,
                                const struct parquet_column *child)
{
    const struct leaf_data *one = leaf_of(a, column), *other = leaf_of(a, child);
    int max_def = column->def + list, max_rep = column->rep + list;
    int32_t i = next_slot(one, 0, max_rep), k = next_slot(other, 0, max_rep);

    while (i < one->slot_count && k < other->slot_count) {
        if (level_at(&one->def, i, max_def) != level_at(&other->def, k, max_def) ||
            level_at(&one->rep, i, max_rep) != level_at(&other->rep, k, max_rep))
            break;
        i = next_slot(one, i + 1, max_rep);
        k = next_slot(other, k + 1, max_rep);
    }
    if (i < one->slot_count || k < other->slot_count)
        return error_set(a->e, ERR_CORRUPT, "column %s does not have the shape of the others in %s",
                         child->name, column->name);
    return OK;
}

static enum err assemble_column(const struct assembly *a, const struct parquet_column *column,
                                const uint64_t *parent, int32_t row_count, struct column *to)
{
    enum type_kind kind = column->type->kind;
    bool list = kind == TYPE_LIST || kind == TYPE_MAP;
    int32_t child_rows = row_count;
    enum err rc;

    to->row_count = row_count;
    if ((rc = read_validity(a, column, leaf_of(a, column), row_count, &to->validity)) != OK)
        return rc;
    if (!to->type->nullable && lacks_values(to->validity, parent, row_count))
        return error_set(a->e, ERR_INPUT, "column %s has absent values, but NOT NULL is wanted",
                         column->name);
    if (column->element)
        return assemble_leaf(a, column, row_count, to);
    if (list) {
        if ((rc = read_offsets(a, column, row_count, to)) != OK)
            return rc;
        child_rows = to->offsets[row_count];
    }
    for (int32_t i = 0; i < column->child_count; i++)
        if ((i > 0 && (rc = check_agreement(a, column, list, &column->children[i])) != OK) ||
            (rc = assemble_column(a, &column->children[i], list ? NULL : to->validity, child_rows,
                                  &to->children[i])) != OK)
            return rc;
    return OK;
}

enum err assemble(const struct parquet_column *column, struct leaf_data *leaves, int32_t row_count,
                  struct batch *owner, struct column *to, struct error *e)
{
    struct assembly a = {leaves, column->first_leaf, owner, e};

    return assemble_column(&a, column, NULL, row_count, to);
}
