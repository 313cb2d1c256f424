/* shred.c: see shred.h.
 * The walk goes down the types, column by column: each depth holds the slots of the field that is open there,
 * and a field's slots are made of its parent's in one tight loop. Sets of slots are kept for the next call.
 */
#include "parquet/shred.h"
#include "base/budget.h"
#include "base/mem.h"

struct slots {
    int32_t *rows; /* row number in the field's column, -1 when there is no value */
    uint8_t *def, *rep;
    int32_t count, capacity;
};

#define SLOT_BYTES (sizeof(int32_t) + 2) /* a slot in its three arrays */

struct shredder {
    struct budget *budget; /* borrowed */
    struct slots depths[PARQUET_LEVEL_MAX * 2 + 4];
    int32_t *present; /* row numbers of a leaf's values; owned */
    int32_t present_capacity;
};

struct shredding {
    struct shredder *s;
    leaf_visit *visit;
    void *arg;
    int32_t leaf; /* index of the next one */
    struct error *e;
};

/* The levels at a field: what is reached when its value is there. */
struct level {
    uint8_t def, rep;
};

struct shredder *shredder_new(struct budget *budget)
{
    struct shredder *s = mem_zalloc(sizeof *s);

    if (s)
        s->budget = budget;
    return s;
}

static void give(struct shredder *s, size_t byte_count)
{
    if (s->budget && byte_count)
        budget_give(s->budget, byte_count);
}

static void free_slots(struct shredder *s, struct slots *slots)
{
    give(s, (size_t)slots->capacity * SLOT_BYTES);
    mem_free(slots->rows);
    *slots = (struct slots){0};
}

void shredder_free(struct shredder *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(s->depths); i++)
        free_slots(s, &s->depths[i]);
    give(s, (size_t)s->present_capacity * sizeof *s->present);
    mem_free(s->present);
    mem_free(s);
}

/* Room for count slots; what was in them is gone. */
static enum err size_slots(struct shredder *s, struct slots *slots, int64_t count, struct error *e)
{
    size_t byte_count = (size_t)count * SLOT_BYTES;

    if (count <= slots->capacity)
        return OK;
    if (count > INT32_MAX)
        return error_set(e, ERR_UNSUPPORTED,
                         "more than 2,147,483,647 elements were added at once; use smaller batches");
    free_slots(s, slots);
    if (!budget_take(s->budget, byte_count))
        return error_memory(e, byte_count, "the levels of a Parquet column");
    if ((slots->rows = mem_alloc(byte_count)) == NULL) {
        give(s, byte_count);
        return error_memory(e, byte_count, "the levels of a Parquet column");
    }
    slots->def = (uint8_t *)(slots->rows + count);
    slots->rep = slots->def + count;
    slots->capacity = (int32_t)count;
    return OK;
}

static enum err size_present(struct shredder *s, int32_t count, struct error *e)
{
    size_t byte_count = (size_t)count * sizeof *s->present;

    if (count <= s->present_capacity)
        return OK;
    give(s, (size_t)s->present_capacity * sizeof *s->present);
    mem_free(s->present);
    s->present = NULL;
    s->present_capacity = 0;
    if (!budget_take(s->budget, byte_count))
        return error_memory(e, byte_count, "the rows of a Parquet column");
    if ((s->present = mem_alloc(byte_count)) == NULL) {
        give(s, byte_count);
        return error_memory(e, byte_count, "the rows of a Parquet column");
    }
    s->present_capacity = count;
    return OK;
}

static enum err absent(const struct field *f, struct error *e)
{
    return error_set(e, ERR_INPUT, "column %s is NOT NULL, but a row has no value for it", f->name);
}

/* The slots of a field at the same places as its parent's: those whose value is there reach a level further.
 */
static enum err enter(const struct slots *in, const struct field *f, const struct column *c, bool nullable,
                      struct slots *out, struct error *e)
{
    memcpy(out->rep, in->rep, (size_t)in->count);
    memcpy(out->def, in->def, (size_t)in->count);
    out->count = in->count;
    for (int32_t i = 0; i < in->count; i++) {
        int32_t row = in->rows[i];
        bool valid = row >= 0 && column_valid(c, row);

        if (row >= 0 && !valid && !nullable)
            return absent(f, e);
        out->rows[i] = valid ? row : -1;
        out->def[i] = (uint8_t)(out->def[i] + (valid && nullable));
    }
    return OK;
}

/* One slot for each element of the lists, and one for each list that has none. */
static enum err expand(struct shredding *sh, const struct slots *in, const struct column *c, uint8_t rep,
                       struct slots *out)
{
    int64_t total = 0;
    int32_t n = 0;
    enum err rc;

    for (int32_t i = 0; i < in->count; i++) {
        int32_t row = in->rows[i], elements = row < 0 ? 0 : c->offsets[row + 1] - c->offsets[row];

        total += MAX(elements, 1);
    }
    if ((rc = size_slots(sh->s, out, total, sh->e)) != OK)
        return rc;
    for (int32_t i = 0; i < in->count; i++) {
        int32_t row = in->rows[i], from = row < 0 ? 0 : c->offsets[row],
                to = row < 0 ? 0 : c->offsets[row + 1];

        out->rows[n] = from < to ? from : -1;
        out->def[n] = (uint8_t)(in->def[i] + (from < to));
        out->rep[n++] = in->rep[i];
        for (int32_t k = from + 1; k < to; k++, n++) {
            out->rows[n] = k;
            out->def[n] = (uint8_t)(in->def[i] + 1);
            out->rep[n] = rep;
        }
    }
    out->count = n;
    return OK;
}

static enum err emit(struct shredding *sh, const struct slots *slots, const struct column *c,
                     struct level max)
{
    struct leaf_rows rows = {.column = c, .slot_count = slots->count, .def = slots->def, .rep = slots->rep};
    enum err rc;

    if (sh->visit == NULL)
        return OK;
    if ((rc = size_present(sh->s, slots->count, sh->e)) != OK)
        return rc;
    for (int32_t i = 0; i < slots->count; i++) {
        sh->s->present[rows.value_count] = slots->rows[i];
        rows.value_count += slots->rows[i] >= 0;
    }
    rows.rows = sh->s->present;
    if (max.rep == 0)
        rows.rep = NULL;
    if (rows.value_count == rows.slot_count)
        rows.def = NULL;
    return sh->visit(sh->arg, sh->leaf++, &rows, sh->e);
}

/* Field f with column c, whose parent's slots lie at `depth`. */
static enum err shred_field(struct shredding *sh, const struct field *f, const struct column *c,
                            bool nullable, size_t depth, struct level at)
{
    struct slots *in = &sh->s->depths[depth], *out = &sh->s->depths[depth + 1];
    const struct type *t = f->type;
    enum err rc;

    assert(depth + 2 < COUNT_OF(sh->s->depths) && c->type->kind == t->kind);
    at.def = (uint8_t)(at.def + nullable);
    if ((rc = size_slots(sh->s, out, in->count, sh->e)) != OK ||
        (rc = enter(in, f, c, nullable, out, sh->e)) != OK)
        return rc;
    if (!type_is_nested(t))
        return emit(sh, out, c, at);
    depth++;
    if (t->kind != TYPE_STRUCT) {
        at.def++;
        at.rep++;
        if ((rc = expand(sh, out, c, at.rep, &sh->s->depths[depth + 1])) != OK)
            return rc;
        depth++;
    }
    for (int32_t i = 0; i < t->field_count; i++)
        if ((rc = shred_field(sh, &t->fields[i], &c->children[i], parquet_nullable(t, i), depth, at)) != OK)
            return error_add(sh->e, rc, "in %s", f->name);
    return OK;
}

/* A top-level column that is a leaf, the common case: no slots needed. */
static enum err shred_flat(struct shredding *sh, const struct field *f, const struct column *c,
                           const int32_t *rows, int32_t count)
{
    struct leaf_rows leaf = {.column = c, .rows = rows, .value_count = count, .slot_count = count};
    struct slots *slots = &sh->s->depths[0];
    int32_t n = 0;
    enum err rc;

    if (c->validity == NULL)
        return sh->visit ? sh->visit(sh->arg, 0, &leaf, sh->e) : OK;
    if ((rc = size_slots(sh->s, slots, count, sh->e)) != OK || (rc = size_present(sh->s, count, sh->e)) != OK)
        return rc;
    for (int32_t i = 0; i < count; i++) {
        bool valid = c->validity[rows[i] >> 6] >> (rows[i] & 63) & 1;

        slots->def[i] = valid;
        sh->s->present[n] = rows[i];
        n += valid;
    }
    if (n < count && !f->type->nullable)
        return absent(f, sh->e);
    leaf.rows = sh->s->present;
    leaf.value_count = n;
    leaf.def = n == count ? NULL : slots->def;
    return sh->visit ? sh->visit(sh->arg, 0, &leaf, sh->e) : OK;
}

enum err shred(struct shredder *s, const struct field *f, const struct column *c, const int32_t *rows,
               int32_t count, leaf_visit *visit, void *arg, struct error *e)
{
    struct shredding sh = {.s = s, .visit = visit, .arg = arg, .e = e};
    struct slots *top = &s->depths[0];
    enum err rc;

    assert(count > 0);
    if (!type_is_nested(f->type))
        return shred_flat(&sh, f, c, rows, count);
    if ((rc = size_slots(s, top, count, e)) != OK)
        return rc;
    memcpy(top->rows, rows, (size_t)count * sizeof *rows);
    memset(top->def, 0, (size_t)count);
    memset(top->rep, 0, (size_t)count);
    top->count = count;
    return shred_field(&sh, f, c, f->type->nullable, 0, (struct level){0, 0});
}

static bool may_lack(const struct field *f, const struct column *c, bool nullable)
{
    if (!nullable && c->validity)
        return true;
    for (int32_t i = 0; i < f->type->field_count; i++)
        if (may_lack(&f->type->fields[i], &c->children[i], parquet_nullable(f->type, i)))
            return true;
    return false;
}

bool shred_needs_check(const struct field *f, const struct column *c)
{
    return may_lack(f, c, f->type->nullable);
}
