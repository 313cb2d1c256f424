/* program_lazy.c: the forms that evaluate an argument only for the rows that need it: AND, OR, CASE, IF,
 * COALESCE; and FIELD, which only points into its argument.
 *
 * CASE and COALESCE first choose for each row which argument gives its value and where it stands there, then
 * assemble the result once. An argument that cannot fail and is cheap is evaluated over the whole frame.
 */
#include "expr/program_internal.h"

static bool is_guarded(const struct run *r, int32_t step)
{
    return r->p->steps[step].guarded;
}

/* --- AND, OR */

/* The three values as numbers, so that AND is the lesser and OR the greater. */
enum truth { FALSE = 0, UNKNOWN = 1, TRUE = 2 };

static enum truth truth_at(const struct column *c, int32_t row)
{
    if (!column_valid(c, row))
        return UNKNOWN;
    return c->u8[row] ? TRUE : FALSE;
}

static bool start_validity(struct run *r, const struct step *s, struct column *c)
{
    size_t byte_count = VALIDITY_WORDS(c->row_count) * sizeof(uint64_t);

    if (c->validity)
        return true;
    if ((c->validity = program_alloc(r, s, byte_count)) == NULL)
        return false;
    memset(c->validity, 0xff, byte_count);
    return true;
}

static void put_truth(struct column *c, int32_t row, enum truth v)
{
    c->u8[row] = v == TRUE;
    if (v == UNKNOWN)
        c->validity[row >> 6] &= ~(UINT64_C(1) << (row & 63));
    else if (c->validity)
        c->validity[row >> 6] |= UINT64_C(1) << (row & 63);
}

static void combine_bytes(uint8_t *to, const struct arg *a, int32_t count, bool is_or)
{
    const uint8_t *v = a->column->u8;

    if (a->mask == 0) {
        if (v[0] == is_or)
            memset(to, is_or, (size_t)count);
        return;
    }
    if (is_or)
        for (int32_t i = 0; i < count; i++)
            to[i] |= v[i];
    else
        for (int32_t i = 0; i < count; i++)
            to[i] &= v[i];
}

/* Combine a, which stands for rows of c (NULL: all of them), into c. */
static bool combine(struct run *r, const struct step *s, struct column *c, const struct arg *a,
                    const int32_t *rows, int32_t count, bool is_or)
{
    if (rows == NULL && c->validity == NULL && a->column->validity == NULL) {
        combine_bytes(c->u8, a, count, is_or);
        return true;
    }
    if (a->column->validity && !start_validity(r, s, c))
        return false;
    for (int32_t i = 0; i < count; i++) {
        int32_t row = rows ? rows[i] : i;
        enum truth x = truth_at(c, row), y = truth_at(a->column, i & a->mask);

        put_truth(c, row, is_or ? MAX(x, y) : MIN(x, y));
    }
    return true;
}

/* The rows that the arguments so far do not decide. */
static int32_t undecided(const struct column *c, bool is_or, int32_t *rows)
{
    enum truth decided = is_or ? TRUE : FALSE;
    int32_t n = 0;

    for (int32_t i = 0; i < c->row_count; i++) {
        rows[n] = i;
        n += truth_at(c, i) != decided;
    }
    return n;
}

static enum err combine_guarded(struct run *r, struct frame *f, const struct step *s, int32_t arg,
                                struct column *c, bool is_or, struct error *e)
{
    int32_t *rows = scratch_alloc(&r->p->scratch, ((size_t)c->row_count + 1) * sizeof *rows), count;
    struct frame some;
    struct arg a;
    enum err rc;

    if (rows == NULL)
        return program_no_memory(e);
    if ((count = undecided(c, is_or, rows)) == 0)
        return OK;
    if ((rc = program_frame(r, f, rows, count, &some, e)) != OK ||
        (rc = program_eval(r, count == c->row_count ? f : &some, arg, &a, e)) != OK)
        return rc;
    return combine(r, s, c, &a, rows, count, is_or) ? OK : program_no_memory(e);
}

static enum err form_logic(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e,
                           bool is_or)
{
    const struct step *s = &r->p->steps[step];
    struct column *c = program_column(r, s, f->row_count);
    struct arg a;
    enum err rc;

    if (c == NULL)
        return program_no_memory(e);
    memset(c->u8, !is_or, (size_t)f->row_count);
    for (int32_t i = 0; i < s->expr->arg_count; i++) {
        if (i > 0 && is_guarded(r, s->args[i])) {
            if ((rc = combine_guarded(r, f, s, s->args[i], c, is_or, e)) != OK)
                return rc;
            continue;
        }
        if ((rc = program_eval(r, f, s->args[i], &a, e)) != OK)
            return rc;
        if (!combine(r, s, c, &a, NULL, f->row_count, is_or))
            return program_no_memory(e);
    }
    *out = (struct arg){c, -1};
    return OK;
}

static enum err form_and(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    return form_logic(r, f, step, out, e, false);
}

static enum err form_or(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    return form_logic(r, f, step, out, e, true);
}

/* --- choosing */

/* Which argument gives each row's value. */
struct choice {
    struct run *run;
    struct frame *frame;
    const struct step *step;
    const struct column **sources; /* by number of argument */
    int32_t *source;               /* for each row; -1: none, the row has no value */
    int32_t *at;                   /* for each row, its row in the source */
    int32_t *open;                 /* rows not yet decided, ascending */
    int32_t *chosen;               /* room for rows */
    int32_t open_count;
};

static enum err choice_init(struct choice *c, struct run *r, struct frame *f, const struct step *s,
                            struct error *e)
{
    size_t rows = ((size_t)f->row_count + 1) * sizeof(int32_t);
    struct scratch *m = &r->p->scratch;

    *c = (struct choice){.run = r, .frame = f, .step = s, .open_count = f->row_count};
    c->sources = scratch_alloc(m, (size_t)s->expr->arg_count * sizeof *c->sources);
    c->source = scratch_alloc(m, rows);
    c->at = scratch_alloc(m, rows);
    c->open = scratch_alloc(m, rows);
    c->chosen = scratch_alloc(m, rows);
    if (!c->sources || !c->source || !c->at || !c->open || !c->chosen)
        return program_no_memory(e);
    for (int32_t i = 0; i < f->row_count; i++) {
        c->source[i] = -1;
        c->open[i] = i;
    }
    return OK;
}

/* Evaluate an argument over at least those rows; *position: its rows are those in order, else all of the
 * frame's. */
static enum err eval_for(struct choice *c, int32_t arg, const int32_t *rows, int32_t count, struct arg *out,
                         bool *position, struct error *e)
{
    int32_t step = c->step->args[arg], *kept;
    struct frame some;
    enum err rc;

    *position = is_guarded(c->run, step) && count < c->frame->row_count;
    if (!*position)
        return program_eval(c->run, c->frame, step, out, e);
    if ((kept = scratch_alloc(&c->run->p->scratch, (size_t)count * sizeof *kept)) == NULL)
        return program_no_memory(e);
    memcpy(kept, rows, (size_t)count * sizeof *kept); /* the frame keeps it, the caller's array changes */
    if ((rc = program_frame(c->run, c->frame, kept, count, &some, e)) != OK)
        return rc;
    return program_eval(c->run, &some, step, out, e);
}

/* Argument arg gives the values of those rows. */
static enum err choose(struct choice *c, int32_t arg, const int32_t *rows, int32_t count, struct error *e)
{
    bool position;
    struct arg a;
    enum err rc;

    if (count == 0)
        return OK;
    if ((rc = eval_for(c, arg, rows, count, &a, &position, e)) != OK)
        return rc;
    c->sources[arg] = a.column;
    for (int32_t i = 0; i < count; i++) {
        c->source[rows[i]] = arg;
        c->at[rows[i]] = (position ? i : rows[i]) & a.mask;
    }
    return OK;
}

/* Split the open rows by a condition: those where it is TRUE go to chosen. */
static enum err split(struct choice *c, int32_t arg, int32_t *chosen_count, struct error *e)
{
    int32_t open = 0, n = 0;
    bool position;
    struct arg a;
    enum err rc;

    *chosen_count = 0;
    if (c->open_count == 0)
        return OK;
    if ((rc = eval_for(c, arg, c->open, c->open_count, &a, &position, e)) != OK)
        return rc;
    for (int32_t i = 0; i < c->open_count; i++) {
        int32_t row = c->open[i], at = (position ? i : row) & a.mask;

        if (column_valid(a.column, at) && a.column->u8[at])
            c->chosen[n++] = row;
        else
            c->open[open++] = row;
    }
    c->open_count = open;
    *chosen_count = n;
    return OK;
}

#define ASSEMBLE(ctype)                                                                                      \
    do {                                                                                                     \
        ctype *to = out->values;                                                                             \
        for (int32_t i = 0; i < out->row_count; i++)                                                         \
            to[i] = c->source[i] < 0 ? (ctype){0}                                                            \
                                     : ((const ctype *)c->sources[c->source[i]]->values)[c->at[i]];          \
    } while (0)

static void assemble_values(const struct choice *c, struct column *out)
{
    switch (type_width(out->type)) {
    case 1:
        ASSEMBLE(uint8_t);
        break;
    case 2:
        ASSEMBLE(uint16_t);
        break;
    case 4:
        ASSEMBLE(uint32_t);
        break;
    case 8:
        ASSEMBLE(uint64_t);
        break;
    default:
        ASSEMBLE(struct view);
        break;
    }
}

static bool row_chosen(const struct choice *c, int32_t row)
{
    return c->source[row] >= 0 && column_valid(c->sources[c->source[row]], c->at[row]);
}

static bool assemble_validity(struct choice *c, struct column *out)
{
    for (int32_t i = 0; i < out->row_count; i++) {
        if (row_chosen(c, i))
            continue;
        if (!start_validity(c->run, c->step, out))
            return false;
        out->validity[i >> 6] &= ~(UINT64_C(1) << (i & 63));
    }
    return true;
}

static enum err assemble_nested(struct choice *c, struct column *out, struct error *e)
{
    struct column_builder *to = &c->step->rows->columns[0];

    builder_truncate(c->step->rows, 0);
    c->step->rows->failed = false;
    for (int32_t i = 0; i < c->frame->row_count; i++)
        if (row_chosen(c, i))
            builder_value(to, c->sources[c->source[i]], c->at[i]);
        else
            builder_null(to);
    return program_take_built(c->run, c->step, c->frame->row_count, out, e);
}

static enum err assemble(struct choice *c, struct arg *out, struct error *e)
{
    bool nested = type_is_nested(c->step->expr->type);
    struct column *column = nested ? program_header(c->run, c->step, c->step->expr->type)
                                   : program_column(c->run, c->step, c->frame->row_count);
    enum err rc;

    if (column == NULL)
        return program_no_memory(e);
    *out = (struct arg){column, -1};
    if (nested) {
        rc = assemble_nested(c, column, e);
        return rc;
    }
    assemble_values(c, column);
    return assemble_validity(c, column) ? OK : program_no_memory(e);
}

/* CASE and IF: condition, value, condition, value, ..., and perhaps what else. */
static enum err form_case(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    const struct step *s = &r->p->steps[step];
    int32_t count = s->expr->arg_count, chosen;
    struct choice c;
    enum err rc;

    if ((rc = choice_init(&c, r, f, s, e)) != OK)
        return rc;
    for (int32_t i = 0; i + 1 < count; i += 2)
        if ((rc = split(&c, i, &chosen, e)) != OK || (rc = choose(&c, i + 1, c.chosen, chosen, e)) != OK)
            return rc;
    if (count % 2 == 1 && (rc = choose(&c, count - 1, c.open, c.open_count, e)) != OK)
        return rc;
    return assemble(&c, out, e);
}

/* The open rows for which the argument just chosen has no value. */
static void reopen(struct choice *c)
{
    int32_t n = 0;

    for (int32_t i = 0; i < c->open_count; i++)
        if (!row_chosen(c, c->open[i]))
            c->open[n++] = c->open[i];
    c->open_count = n;
}

static enum err form_coalesce(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    const struct step *s = &r->p->steps[step];
    struct choice c;
    enum err rc;

    if ((rc = choice_init(&c, r, f, s, e)) != OK)
        return rc;
    for (int32_t i = 0; i < s->expr->arg_count && c.open_count; i++) {
        if ((rc = choose(&c, i, c.open, c.open_count, e)) != OK)
            return rc;
        reopen(&c);
    }
    return assemble(&c, out, e);
}

/* --- FIELD */

/* The rows of a row value, -1 where there is none: its fields are then absent too. */
static int32_t *present_rows(struct run *r, const struct column *row)
{
    int32_t *rows = scratch_alloc(&r->p->scratch, ((size_t)row->row_count + 1) * sizeof *rows);

    for (int32_t i = 0; rows && i < row->row_count; i++)
        rows[i] = column_valid(row, i) ? i : -1;
    return rows;
}

static enum err form_field(struct run *r, struct frame *f, int32_t step, struct arg *out, struct error *e)
{
    const struct step *s = &r->p->steps[step];
    const struct column *field;
    const int32_t *rows;
    struct arg row;
    enum err rc;

    if ((rc = program_eval(r, f, s->args[0], &row, e)) != OK)
        return rc;
    field = &row.column->children[s->expr->args[1]->literal->i32[0]];
    if (row.column->validity == NULL) {
        *out = (struct arg){field, row.mask};
        return OK;
    }
    if ((rows = present_rows(r, row.column)) == NULL)
        return program_no_memory(e);
    return program_gather(r, s, field, rows, row.column->row_count, out, e);
}

program_form program_form_find(const struct function *f, bool *shares)
{
    static const struct {
        const char *name;
        program_form form;
        bool shares;
    } forms[] = {
        {"AND", form_and, false},           {"OR", form_or, false},
        {"CASE", form_case, false},         {"IF", form_case, false},
        {"COALESCE", form_coalesce, false}, {"IFNULL", form_coalesce, false},
        {"FIELD", form_field, true},
    };

    for (size_t i = 0; i < COUNT_OF(forms); i++)
        if (strcmp(forms[i].name, f->name) == 0) {
            *shares = forms[i].shares;
            return forms[i].form;
        }
    return NULL;
}
