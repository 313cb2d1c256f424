/* sim_table.c: the table that the simulated sink writes: `v<n>` files, each the whole list of commits, as
 * lines commit <lineage> <checkpoint id> <file> <file> ...
 */
#include "sim_job.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool note_version(void *arg, const struct fs_info *info)
{
    int64_t *newest = arg;
    const char *slash = strrchr(info->path, '/');

    if (slash != NULL && slash[1] == 'v')
        *newest = MAX(*newest, strtoll(slash + 2, NULL, 10));
    return true;
}

static void parse(struct sim_table *t, char *text)
{
    int32_t lines = 0;

    for (char *p = text; *p; p++)
        lines += *p == '\n';
    t->commits = ARENA_ARRAY(&t->arena, struct sim_commit, lines + 1);
    for (char *line, *rest = text; (line = strsep(&rest, "\n")) != NULL && *line != '\0';) {
        struct sim_commit *c = &t->commits[t->commit_count++];
        size_t most = strlen(line);
        char *word;

        strsep(&line, " ");
        c->lineage = strsep(&line, " ");
        c->checkpoint_id = strtoll(strsep(&line, " "), NULL, 10);
        c->files = ARENA_ARRAY(&t->arena, const char *, most);
        while ((word = strsep(&line, " ")) != NULL)
            c->files[c->file_count++] = word;
    }
}

enum err sim_table_read(struct fs *fs, const char *folder, struct sim_table *out, struct error *e)
{
    struct bytes text = {0};
    const char *path;
    enum err rc;

    *out = (struct sim_table){0};
    path = arena_printf(&out->arena, "%s/v", folder);
    if ((rc = fs_list(fs, path, note_version, &out->version, e)) != OK || out->version == 0)
        return rc;
    path = arena_printf(&out->arena, "%s/v%" PRId64, folder, out->version);
    if ((rc = fs_read_all(fs, path, &text, e)) == OK)
        parse(out, (char *)arena_text(&out->arena, bytes_all(&text)));
    bytes_fini(&text);
    return rc;
}

void sim_table_fini(struct sim_table *t)
{
    arena_fini(&t->arena);
}

enum err sim_table_write(struct fs *fs, const char *folder, const struct sim_table *t, struct error *e)
{
    struct arena arena = {0};
    struct bytes text = {0};
    enum err rc;

    for (int32_t i = 0; i < t->commit_count; i++) {
        bytes_printf(&text, "commit %s %" PRId64, t->commits[i].lineage, t->commits[i].checkpoint_id);
        for (int32_t j = 0; j < t->commits[i].file_count; j++)
            bytes_printf(&text, " %s", t->commits[i].files[j]);
        bytes_text(&text, "\n");
    }
    rc = fs_put(fs, arena_printf(&arena, "%s/v%" PRId64, folder, t->version + 1), bytes_all(&text),
                FS_IF_ABSENT, e);
    bytes_fini(&text);
    arena_fini(&arena);
    return rc;
}

void sim_row_put(struct bytes *out, const struct sim_row *row)
{
    bytes_append(out, row, sizeof *row);
}

/* --- the judge --- */

struct judge {
    const struct sim_job *job;
    struct sim_verdict *verdict;
    struct arena arena;
    uint8_t *seen;    /* by partition and offset */
    uint8_t *counted; /* by key and count */
    int64_t most;     /* records in all */
};

static void judge_row(struct judge *j, const struct sim_row *row)
{
    struct sim_verdict *v = j->verdict;
    int64_t at = row->partition * j->job->records_each + row->offset;

    v->row_count++;
    if (v->wrong[0] != '\0')
        return;
    if (row->partition < 0 || row->partition >= j->job->partition_count || row->offset < 0 ||
        row->offset >= j->job->records_each ||
        row->key != sim_key_of(j->job, (int32_t)row->partition, row->offset) || row->count < 1 ||
        row->count > j->most)
        snprintf(v->wrong, sizeof v->wrong,
                 "no record makes the row: key %" PRId64 ", partition %" PRId64 ", offset %" PRId64
                 ", count %" PRId64,
                 row->key, row->partition, row->offset, row->count);
    else if (j->seen[at]++)
        snprintf(v->wrong, sizeof v->wrong, "partition %" PRId64 " offset %" PRId64 " is there twice",
                 row->partition, row->offset);
    else if (j->counted[row->key * j->most + row->count - 1]++)
        snprintf(v->wrong, sizeof v->wrong, "key %" PRId64 " was counted to %" PRId64 " twice", row->key,
                 row->count);
}

static enum err judge_file(struct judge *j, struct fs *fs, const char *path, struct error *e)
{
    struct bytes content = {0};
    enum err rc = fs_read_all(fs, path, &content, e);

    for (size_t at = 0; rc == OK && at + sizeof(struct sim_row) <= content.len;
         at += sizeof(struct sim_row)) {
        struct sim_row row;

        memcpy(&row, content.ptr + at, sizeof row);
        judge_row(j, &row);
    }
    bytes_fini(&content);
    return rc;
}

static void judge_gaps(struct judge *j, bool complete)
{
    struct sim_verdict *v = j->verdict;
    int64_t missing = 0;

    for (int64_t i = 0; complete && i < j->most; i++)
        missing += j->seen[i] == 0;
    for (int64_t key = 0; v->wrong[0] == '\0' && key < j->job->key_count; key++)
        for (int64_t n = 1; n < j->most; n++)
            if (j->counted[key * j->most + n] > j->counted[key * j->most + n - 1]) {
                snprintf(v->wrong, sizeof v->wrong, "key %" PRId64 " was never counted to %" PRId64, key, n);
                break;
            }
    if (missing > 0 && v->wrong[0] == '\0')
        snprintf(v->wrong, sizeof v->wrong, "%" PRId64 " records are missing", missing);
}

enum err sim_job_judge(const struct sim_job *job, struct fs *fs, bool complete, struct sim_verdict *out,
                       struct error *e)
{
    struct judge j = {.job = job, .verdict = out, .most = (int64_t)job->partition_count * job->records_each};
    struct sim_table table;
    enum err rc = sim_table_read(fs, job->table, &table, e);

    *out = (struct sim_verdict){.commit_count = table.commit_count};
    j.seen = arena_alloc(&j.arena, (size_t)j.most);
    j.counted = arena_alloc(&j.arena, (size_t)(j.most * job->key_count));
    for (int32_t i = 0; rc == OK && i < table.commit_count; i++)
        for (int32_t k = 0; rc == OK && k < table.commits[i].file_count; k++)
            rc = judge_file(&j, fs, table.commits[i].files[k], e);
    judge_gaps(&j, complete);
    arena_fini(&j.arena);
    sim_table_fini(&table);
    return rc;
}
