/* table.c: `weir table`: what lies in an Iceberg table, without any other tool. */
#include "base/mem.h"
#include "cli/command.h"
#include "iceberg/table_reader.h"
#include "io/fs.h"
#include "base/calendar.h"
#include <stdio.h>
#include <stdlib.h>

static void print_help(void)
{
    printf("usage: weir table [--rows N] [--snapshots] FOLDER\n\n"
           "Shows the Iceberg table whose metadata/ and data/ lie in FOLDER (as a hadoop catalog has it):\n"
           "its columns, partitions, snapshots, files and live rows.\n\n"
           "  --rows N      print N of its rows\n"
           "  --snapshots   list its snapshots\n"
           "  --count       print the number of live rows, nothing else\n\n"
           "example: weir table --rows 5 warehouse/health_db/health_data_raw\n");
}

struct arguments {
    const char *folder;
    int64_t rows;
    bool snapshots, count, help;
};

static bool read_arguments(int argc, char **argv, struct arguments *out)
{
    *out = (struct arguments){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            out->help = true;
        else if (strcmp(argv[i], "--snapshots") == 0)
            out->snapshots = true;
        else if (strcmp(argv[i], "--count") == 0)
            out->count = true;
        else if (strcmp(argv[i], "--rows") == 0 && i + 1 < argc)
            out->rows = atoll(argv[++i]);
        else if (argv[i][0] == '-' || out->folder)
            return false;
        else
            out->folder = argv[i];
    }
    return out->help || out->folder;
}

static void print_snapshots(const struct metadata *m)
{
    for (int32_t i = 0; i < m->snapshot_count; i++) {
        const struct snapshot *s = &m->snapshots[i];
        const char *checkpoint = json_string_value(json_object_get(s->summary, "weir.checkpoint-id"));
        char at[CALENDAR_TEXT_MAX];

        calendar_format_iso(s->timestamp_ms * 1000, at);
        printf("  %s  %20" PRId64 "  %-9s  checkpoint %s  records %s%s\n", at, s->id,
               json_string_value(json_object_get(s->summary, "operation")), checkpoint ? checkpoint : "-",
               json_string_value(json_object_get(s->summary, "total-records")),
               s->id == m->current_snapshot_id ? "  (current)" : "");
    }
}

static void print_table(const struct table *t, const struct table_reader *r, const struct arguments *a)
{
    const struct metadata *m = t->metadata;
    struct bytes text = {0};
    int64_t size = 0;

    for (int32_t i = 0; i < table_reader_files(r); i++)
        size += table_reader_file(r, i)->size_bytes;
    printf("table      %s.%s (Iceberg v%" PRId32 ")\nmetadata   %s\n", t->name_space, t->name,
           m->format_version, t->metadata_location);
    printf("rows       %" PRId64 " live, in %" PRId32 " data files, %.1f MB\nsnapshots  %" PRId32 "\n",
           table_reader_rows(r), table_reader_files(r), (double)size / 1e6, m->snapshot_count);
    if (a->snapshots)
        print_snapshots(m);
    printf("partition  ");
    for (int32_t i = 0; i < m->spec->field_count; i++)
        printf("%s%s", i ? ", " : "", m->spec->fields[i].name);
    printf("%s\ncolumns\n", m->spec->field_count ? "" : "none");
    for (int32_t i = 0; i < m->schema->field_count; i++) {
        const struct field *f = &m->schema->fields[i];

        bytes_clear(&text);
        type_print(f->type, &text);
        printf("  %-20s %-28s %s\n", f->name, bytes_cstr(&text), f->doc ? f->doc : "");
    }
    bytes_fini(&text);
}

static enum err print_rows(void *arg, UNUSED const struct data_file *file, UNUSED int64_t first_row,
                           struct batch *rows, UNUSED struct error *e)
{
    int64_t *left = arg;
    struct batch some = *rows;
    struct bytes text = {0};
    int32_t count = (int32_t)MIN(*left, batch_live(rows));

    if (some.selection)
        some.selected_count = count;
    else
        some.row_count = count;
    batch_print(&some, &text);
    fwrite(text.ptr, 1, text.len, stdout);
    bytes_fini(&text);
    *left -= count;
    return OK;
}

/* FOLDER is warehouse/namespace/table for a hadoop catalog. */
static enum err open_table(const char *folder, struct fs *fs, struct map *options, struct catalog **catalog,
                           struct table **out, struct arena *arena, struct error *e)
{
    struct catalog_config config = {
        .name = "table", .options = options, .fs = fs, .clock = clock_system(), .seed = 1};
    size_t len = strlen(folder);
    const char *parts[3];
    enum err rc;

    for (int i = 2; i > 0; i--) {
        size_t end;

        while (len > 1 && folder[len - 1] == '/')
            len--;
        for (end = len; len > 0 && folder[len - 1] != '/'; len--)
            ;
        parts[i] = arena_text(arena, slice_of(folder + len, end - len));
    }
    while (len > 1 && folder[len - 1] == '/')
        len--;
    parts[0] = len ? arena_text(arena, slice_of(folder, len)) : ".";
    if (arena->failed || !map_put(options, SLICE("type"), (void *)"hadoop") ||
        !map_put(options, SLICE("warehouse"), (void *)parts[0]))
        return error_memory(e, 0, "a catalog");
    if (*parts[1] == '\0' || *parts[2] == '\0')
        return error_set(e, ERR_CONFIG, "%s is no folder of a table (want warehouse/namespace/table)",
                         folder);
    if ((rc = catalog_open(&config, catalog, e)) != OK)
        return rc;
    return catalog_load(*catalog, parts[1], parts[2], out, e);
}

static enum err show(const struct arguments *a, struct error *e)
{
    struct fs *fs = NULL;
    struct map options = {0};
    struct arena arena = {0};
    struct catalog *catalog = NULL;
    struct table *table = NULL;
    struct table_reader *reader = NULL;
    int64_t left = a->rows;
    enum err rc;

    if ((rc = fs_local_new(&fs, e)) != OK ||
        (rc = open_table(a->folder, fs, &options, &catalog, &table, &arena, e)) != OK ||
        (rc = table_reader_open(table, NULL, &reader, e)) != OK)
        goto out;
    if (a->count)
        printf("%" PRId64 "\n", table_reader_rows(reader));
    else
        print_table(table, reader, a);
    if (left > 0)
        printf("first rows\n");
    for (int32_t i = 0; rc == OK && left > 0 && i < table_reader_files(reader); i++)
        rc = table_reader_visit(reader, i, print_rows, &left, e);
out:
    table_reader_free(reader);
    table_free(table);
    catalog_free(catalog);
    map_fini(&options);
    arena_fini(&arena);
    fs_free(fs);
    return rc;
}

int command_table(int argc, char **argv)
{
    struct arguments a;
    struct error e;

    if (!read_arguments(argc, argv, &a))
        return command_usage("table", "one folder of a table is wanted");
    if (a.help) {
        print_help();
        return 0;
    }
    if (show(&a, &e) == OK)
        return 0;
    fprintf(stderr, "weir table: %s\n", e.text);
    return 1;
}
