/* changelog_encode.c: a row and its kind as one object: see changelog.h. An update is two payloads, as Flink
 * writes it: the old row is deleted, the new one is inserted.
 */
#include "base/mem.h"
#include "formats/changelog.h"
#include "formats/json_encode.h"

struct changelog_encoder {
    struct row_encoder base;
    struct json_writer writer;
    struct bytes inserts, deletes; /* owned: what stands before the row */
    struct bytes insert_end, delete_end;
};

static enum encoded append_change(struct row_encoder *r, int32_t row, enum row_kind kind, struct bytes *out)
{
    struct changelog_encoder *c = CONTAINER_OF(r, struct changelog_encoder, base);
    bool gone = kind == ROW_DELETE || kind == ROW_UPDATE_BEFORE;

    bytes_slice(out, bytes_all(gone ? &c->deletes : &c->inserts));
    if (UNLIKELY(!json_writer_row(&c->writer, r->view->columns, row, out)))
        return ENCODED_BAD;
    bytes_slice(out, bytes_all(gone ? &c->delete_end : &c->insert_end));
    return ENCODED;
}

static void free_encoder(struct encoder *enc)
{
    struct changelog_encoder *c = CONTAINER_OF(enc, struct changelog_encoder, base.encoder);

    json_writer_fini(&c->writer);
    row_encoder_fini(&c->base);
    bytes_fini(&c->inserts);
    bytes_fini(&c->deletes);
    bytes_fini(&c->insert_end);
    bytes_fini(&c->delete_end);
    mem_free(c);
}

/* What stands around rows: `{"data":[` and `],"type":"INSERT"}`, or with the place of the other row, which is
 * null or, where nulls are left out, not there. */
static bool make_frame(struct changelog_encoder *c, const struct changelog_dialect *d)
{
    bool nulls = !c->writer.skip_nulls;

    if (d->partial) {
        bytes_printf(&c->inserts, "{\"%s\":%s", d->new_key, d->arrays ? "[" : "");
        bytes_slice(&c->deletes, bytes_all(&c->inserts));
        bytes_printf(&c->insert_end, "%s,\"%s\":\"%s\"}", d->arrays ? "]" : "", d->op_key, d->insert);
        bytes_printf(&c->delete_end, "%s,\"%s\":\"%s\"}", d->arrays ? "]" : "", d->op_key, d->delete);
    } else {
        bytes_text(&c->inserts, "{");
        if (nulls)
            bytes_printf(&c->inserts, "\"%s\":null,", d->old_key);
        bytes_printf(&c->inserts, "\"%s\":", d->new_key);
        bytes_printf(&c->deletes, "{\"%s\":", d->old_key);
        if (nulls)
            bytes_printf(&c->delete_end, ",\"%s\":null", d->new_key);
        bytes_printf(&c->insert_end, ",\"%s\":\"%s\"}", d->op_key, d->insert);
        bytes_printf(&c->delete_end, ",\"%s\":\"%s\"}", d->op_key, d->delete);
    }
    return !c->inserts.failed && !c->deletes.failed && !c->insert_end.failed && !c->delete_end.failed;
}

enum err changelog_encoder_new(const struct changelog_dialect *d, const struct encode_spec *spec,
                               struct encoder **out, struct error *e)
{
    static const struct encoder_ops ops = {row_encoder_encode, free_encoder};
    struct changelog_encoder *c = mem_zalloc(sizeof *c);
    enum err rc;

    if (c == NULL)
        return error_memory(e, sizeof *c, "an encoder");
    c->base.encoder.ops = &ops;
    c->base.append = append_change;
    if ((rc = row_encoder_init(&c->base, d->format, spec, e)) != OK)
        goto out;
    if (d->in_payload && format_flag(d->format, spec->options, "schema-include")) {
        rc = error_set(e, ERR_UNSUPPORTED, "option '%s.schema-include' cannot be true for writing",
                       d->format->name);
        goto out;
    }
    rc = json_writer_init(&c->writer, d->format, spec, &c->base.failure, e);
    if (rc == OK && !make_frame(c, d))
        rc = error_memory(e, 0, "an encoder");
out:
    if (rc == OK)
        *out = &c->base.encoder;
    else
        free_encoder(&c->base.encoder);
    return rc;
}
