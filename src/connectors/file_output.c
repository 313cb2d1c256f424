/* file_output.c: see file_output.h.
 *
 * An Avro container, as the specification (1.11, "Object Container Files") has it:
 *   | "Obj" 1 | map of metadata: avro.codec, avro.schema | sync 16 |
 *   | row count | byte count | rows | sync 16 |      a block for each batch
 */
#include "connectors/file_output.h"
#include "base/mem.h"
#include "connectors/file_codec.h"

#define SYNC_BYTES  16
#define GROUP_LEAST (INT64_C(1) << 20)

struct file_output {
    struct file_maker *maker; /* borrowed: outlives its files */
    struct fs_file *file;
    struct parquet_writer *parquet; /* owned; NULL: lines, Avro */
    char *path;                     /* owned */
    int64_t length;                 /* bytes written; lines and Avro */
    int64_t began_ms, written_ms;
    bool kept; /* a ticket was given out: the file is no longer ours to remove */
    char sync[SYNC_BYTES];
};

/* --- what files share --------------------------------------------------------------------------------- */

enum err file_maker_init(struct file_maker *m, const struct file_sink_spec *spec, const struct op_env *env,
                         struct error *e)
{
    int64_t share = (int64_t)(spec->memory_bytes / (size_t)env->parallelism);

    m->spec = spec;
    m->env = env;
    m->group_bytes = MIN(spec->parquet.row_group_bytes, MAX(share / 4, GROUP_LEAST));
    random_seed(&m->random, random_entropy());
    if (spec->kind == FILE_PARQUET)
        return OK;
    m->encode = (struct encode_spec){
        .schema = spec->content, .columns = spec->columns, .options = spec->options, .budget = env->budget};
    return spec->format->encoder_new(&m->encode, &m->encoder, e);
}

void file_maker_fini(struct file_maker *m)
{
    encoder_free(m->encoder);
    payload_run_fini(&m->run);
    bytes_fini(&m->framed);
    bytes_fini(&m->packed);
    *m = (struct file_maker){0};
}

/* --- beginning ---------------------------------------------------------------------------------------- */

static enum err write(struct file_output *o, struct slice data, struct error *e)
{
    o->length += (int64_t)data.len;
    return fs_write(o->file, data, e);
}

static void put_text(struct bytes *out, struct slice text)
{
    bytes_zigzag(out, (int64_t)text.len);
    bytes_slice(out, text);
}

static enum err begin_avro(struct file_output *o, struct error *e)
{
    struct bytes head = {0};
    enum err rc;

    for (size_t i = 0; i < SYNC_BYTES; i++)
        o->sync[i] = (char)random_u64(&o->maker->random);
    bytes_text(&head, "Obj\x01");
    bytes_zigzag(&head, 2);
    put_text(&head, SLICE("avro.codec"));
    put_text(&head, slice_text(o->maker->spec->avro_codec->name));
    put_text(&head, SLICE("avro.schema"));
    put_text(&head, o->maker->spec->avro_schema);
    bytes_zigzag(&head, 0);
    bytes_append(&head, o->sync, SYNC_BYTES);
    rc = head.failed ? error_memory(e, head.len, "an Avro file") : write(o, bytes_all(&head), e);
    bytes_fini(&head);
    return rc;
}

static enum err begin_parquet(struct file_output *o, struct error *e)
{
    struct file_maker *m = o->maker;
    struct parquet_options options = m->spec->parquet;

    options.row_group_bytes = m->group_bytes;
    options.hints = &m->hints;
    return parquet_writer_new(m->spec->content, &options, o->file, m->env->budget, &o->parquet, e);
}

/* Persisted while it is empty, so that a crash leaves nothing that cannot be found by its name. */
static enum err begin(struct file_output *o, struct error *e)
{
    struct bytes unused = {0};
    enum err rc;

    if ((rc = fs_create(o->maker->env->fs, o->path, &o->file, e)) == OK)
        rc = fs_persist(o->file, &unused, e);
    bytes_fini(&unused);
    if (rc == OK && o->maker->spec->kind == FILE_AVRO)
        rc = begin_avro(o, e);
    if (rc == OK && o->maker->spec->kind == FILE_PARQUET)
        rc = begin_parquet(o, e);
    return rc;
}

enum err file_output_new(struct file_maker *m, const char *path, int64_t now_ms, struct file_output **out,
                         struct error *e)
{
    struct file_output *o = mem_zalloc(sizeof *o);
    enum err rc;

    *out = NULL;
    if (o == NULL || (o->path = mem_strdup(path)) == NULL) {
        mem_free(o);
        return error_memory(e, sizeof *o, "a file to be written");
    }
    o->maker = m;
    o->began_ms = o->written_ms = now_ms;
    if ((rc = begin(o, e)) != OK) {
        file_output_free(o);
        return rc;
    }
    *out = o;
    return OK;
}

void file_output_free(struct file_output *o)
{
    if (o == NULL)
        return;
    parquet_writer_free(o->parquet);
    if (o->kept)
        fs_leave(&o->file);
    fs_abandon(&o->file);
    mem_free(o->path);
    mem_free(o);
}

/* --- rows --------------------------------------------------------------------------------------------- */

static enum err frame_lines(struct file_output *o, struct error *e)
{
    const struct payload_run *run = &o->maker->run;
    struct bytes *framed = &o->maker->framed;

    for (int32_t i = 0; i < run->count; i++) {
        struct slice payload = payload_run_get(run, i);

        if (payload.ptr == NULL)
            return error_set(
                e, ERR_INPUT,
                "a row is NULL as a whole, which a line cannot be; leave it out with WHERE ... IS "
                "NOT NULL");
        bytes_slice(framed, payload);
        bytes_u8(framed, '\n');
    }
    return OK;
}

static enum err frame_block(struct file_output *o, struct error *e)
{
    struct file_maker *m = o->maker;
    enum err rc;

    bytes_clear(&m->packed);
    if ((rc = m->spec->avro_codec->pack(bytes_all(&m->run.bytes), &m->packed, e)) != OK)
        return rc;
    bytes_zigzag(&m->framed, m->run.count);
    put_text(&m->framed, bytes_all(&m->packed));
    bytes_append(&m->framed, o->sync, SYNC_BYTES);
    return OK;
}

static enum err add_payloads(struct file_output *o, const struct batch *b, struct error *e)
{
    struct file_maker *m = o->maker;
    enum err rc;

    payload_run_clear(&m->run);
    bytes_clear(&m->framed);
    if ((rc = encoder_encode(m->encoder, b, &m->run, e)) != OK)
        return rc;
    if ((rc = m->spec->kind == FILE_AVRO ? frame_block(o, e) : frame_lines(o, e)) != OK)
        return rc;
    return m->framed.failed ? error_memory(e, m->framed.len, "lines of a file")
                            : write(o, bytes_all(&m->framed), e);
}

static enum err add_columns(struct file_output *o, struct batch *b, struct error *e)
{
    const struct file_sink_spec *spec = o->maker->spec;
    struct batch *content = batch_project(b, spec->content, spec->columns, o->maker->env->budget);
    enum err rc;

    if (content == NULL)
        return error_memory(e, batch_bytes(b), "rows of a file");
    rc = parquet_writer_add(o->parquet, content, NULL, 0, e);
    batch_unref(content);
    return rc;
}

enum err file_output_add(struct file_output *o, struct batch *b, int64_t now_ms, struct error *e)
{
    enum err rc = o->parquet ? add_columns(o, b, e) : add_payloads(o, b, e);

    o->written_ms = now_ms;
    return rc == OK ? OK : error_add(e, rc, "%s", o->path);
}

/* --- looking ------------------------------------------------------------------------------------------ */

const char *file_output_path(const struct file_output *o)
{
    return o->path;
}

int64_t file_output_bytes(const struct file_output *o)
{
    return o->parquet ? parquet_writer_bytes(o->parquet) : o->length;
}

size_t file_output_memory(const struct file_output *o)
{
    int64_t open_group = o->parquet ? MIN(parquet_writer_bytes(o->parquet), o->maker->group_bytes) : 0;

    return fs_held(o->file) + (size_t)open_group;
}

int64_t file_output_began_ms(const struct file_output *o)
{
    return o->began_ms;
}

int64_t file_output_written_ms(const struct file_output *o)
{
    return o->written_ms;
}

/* --- tickets ------------------------------------------------------------------------------------------ */

enum err file_output_keep(struct file_output *o, struct bytes *ticket, int64_t *length, struct error *e)
{
    enum err rc;

    if ((rc = fs_persist(o->file, ticket, e)) != OK)
        return rc;
    o->kept = true;
    *length = o->length;
    return OK;
}

enum err file_output_finish(struct file_output *o, struct bytes *ticket, int64_t *length, struct error *e)
{
    struct parquet_summary summary;
    enum err rc;

    if (o->parquet && (rc = parquet_writer_finish(o->parquet, &summary, e)) != OK)
        return error_add(e, rc, "%s", o->path);
    if (o->parquet)
        o->length = summary.file_bytes;
    return file_output_keep(o, ticket, length, e);
}
