/* encoders.c: see encoders.h and encode.h. */
#include "formats/encoders.h"
#include "base/budget.h"
#include "base/mem.h"

/* --- the run --- */

void payload_run_clear(struct payload_run *run)
{
    run->count = 0;
    bytes_clear(&run->bytes);
}

void payload_run_fini(struct payload_run *run)
{
    if (run->budget)
        budget_give(run->budget, run->charged);
    bytes_fini(&run->bytes);
    mem_free(run->ends);
    mem_free(run->absent);
    *run = (struct payload_run){0};
}

/* Charge what the arrays hold by now. What has been allocated cannot be refused: past the limit the caller
 * fails, with the bytes on its account until they are freed. */
static bool charge(struct payload_run *run)
{
    size_t held = run->bytes.capacity + (size_t)run->capacity * (sizeof *run->ends + sizeof *run->absent);
    size_t more = held - run->charged;

    if (held == run->charged || run->budget == NULL)
        return true;
    run->charged = held;
    if (budget_take(run->budget, more))
        return true;
    budget_force(run->budget, more);
    return false;
}

/* Room for that many payloads more. */
static bool room_for(struct payload_run *run, int32_t count)
{
    int32_t want = run->count + count;
    size_t *ends;
    bool *absent;

    if (want <= run->capacity)
        return true;
    want = MAX(want, run->capacity * 2);
    if ((ends = mem_realloc(run->ends, (size_t)want * sizeof *ends)) == NULL)
        return false;
    run->ends = ends;
    if ((absent = mem_realloc(run->absent, (size_t)want * sizeof *absent)) == NULL)
        return false;
    run->absent = absent;
    run->capacity = want;
    return charge(run);
}

/* --- the loop --- */

enum err row_encoder_init(struct row_encoder *r, const struct format *f, const struct encode_spec *spec,
                          struct error *e)
{
    enum err rc;

    if ((rc = format_check_options(f, spec->options, NULL, e)) != OK)
        return rc;
    r->spec = spec;
    if ((r->view = batch_new(spec->schema, spec->budget)) == NULL)
        return error_memory(e, sizeof *r->view, "an encoder");
    return OK;
}

void row_encoder_fini(struct row_encoder *r)
{
    batch_unref(r->view);
}

/* Let the view look at the columns that are written. */
static void look_at(struct row_encoder *r, const struct batch *rows)
{
    const struct encode_spec *spec = r->spec;

    for (int32_t i = 0; i < spec->schema->field_count; i++) {
        int32_t number = spec->columns ? spec->columns[i] : i;

        assert(number < rows->schema->field_count &&
               rows->schema->fields[number].type->kind == spec->schema->fields[i].type->kind);
        column_adopt(&r->view->columns[i], &rows->columns[number], spec->schema->fields[i].type);
    }
}

static enum encoded append_row(struct row_encoder *r, int32_t row, enum row_kind kind,
                               struct payload_run *out)
{
    size_t start = out->bytes.len;
    enum encoded how;

    if (r->spec->tombstones && (kind == ROW_DELETE || kind == ROW_UPDATE_BEFORE))
        how = ENCODED_NONE;
    else
        how = r->append(r, row, kind, &out->bytes);
    if (how != ENCODED)
        out->bytes.len = MIN(start, out->bytes.len);
    out->absent[out->count] = how == ENCODED_NONE;
    out->ends[out->count++] = out->bytes.len;
    return how;
}

static enum err no_memory(struct payload_run *out, struct error *e)
{
    return error_memory(e, out->bytes.len, "payloads of a batch");
}

static enum err append_rows(struct row_encoder *r, const struct batch *rows, struct payload_run *out,
                            struct error *e)
{
    int32_t count = batch_live(rows);

    if (!room_for(out, count))
        return no_memory(out, e);
    for (int32_t n = 0; n < count; n++) {
        int32_t row = batch_row(rows, n);
        enum row_kind kind = rows->row_kinds ? rows->row_kinds[row] : ROW_INSERT;

        failure_init(&r->failure, r->why);
        if (UNLIKELY(append_row(r, row, kind, out) == ENCODED_BAD))
            return error_set(e, ERR_INPUT, "a row cannot be written: %s", failure_explain(&r->failure));
        if (UNLIKELY(out->bytes.failed || !charge(out)))
            return no_memory(out, e);
    }
    return OK;
}

enum err row_encoder_encode(struct encoder *encoder, const struct batch *rows, struct payload_run *out,
                            struct error *e)
{
    struct row_encoder *r = CONTAINER_OF(encoder, struct row_encoder, encoder);
    int32_t count = out->count;
    size_t len = out->bytes.len;
    enum err rc;

    if (out->budget == NULL)
        out->budget = r->spec->budget;
    look_at(r, rows);
    if ((rc = append_rows(r, rows, out, e)) != OK) {
        out->count = count;
        out->bytes.len = len;
        out->bytes.failed = false;
    }
    return rc;
}
