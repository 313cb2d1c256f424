/* config_doc.c: the table of keys as a page for people, docs/configuration.md. */
#include "config/config.h"
#include "base/bytes.h"

/* The parts of the page: a key stands in the first whose prefix it has. */
static const struct section {
    const char *title;
    const char *prefixes; /* blank-separated; "" takes all */
} sections[] = {
    {"Checkpoints and savepoints", "execution.checkpointing. execution.state-recovery."},
    {"State", "state."},
    {"Restarts and scheduling", "restart-strategy. jobmanager.scheduler jobmanager.adaptive "
                                "jobmanager.execution. scheduler-mode slot cluster."},
    {"The pipeline", "parallelism. pipeline. execution. client."},
    {"Object store", "s3. s3a. s3p. fs.s3 presto. hive."},
    {"REST and dashboard", "rest. web. historyserver. sql-gateway."},
    {"Metrics", "metrics. traces."},
    {"Availability and security", "high-availability security. zookeeper."},
    {"SQL", "table. sql-client."},
    {"Kubernetes and other managers", "kubernetes. yarn. python. external- $internal. internal. replicas "
                                      "upgradeMode extraArgs sink. properties."},
    {"Processes and memory", ""},
};

static bool has_prefix(const char *name, const char *prefixes)
{
    if (*prefixes == '\0')
        return true;
    while (*prefixes) {
        size_t len = strcspn(prefixes, " ");

        if (strncmp(name, prefixes, len) == 0)
            return true;
        prefixes += prefixes[len] ? len + 1 : len;
    }
    return false;
}

static const struct section *section_of(const char *name)
{
    const struct section *s = sections;

    while (!has_prefix(name, s->prefixes))
        s++;
    return s;
}

/* A cell of a table: '|' would end it, '<' and '*' would be taken for markup. */
static void write_cell(struct bytes *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("|<*_", *text))
            bytes_u8(out, '\\');
        bytes_u8(out, (uint8_t)*text);
    }
}

/* Names as code, several as a list. */
static void write_names(struct bytes *out, const char *names, char separator)
{
    const char stop[] = {separator, '\0'};

    while (*names) {
        size_t len = strcspn(names, stop);

        bytes_printf(out, "`%.*s`", (int)len, names);
        names += len;
        if (*names) {
            bytes_text(out, ", ");
            names++;
        }
    }
}

/* "10 ms..": at least 10 ms. */
static void write_bounds(struct bytes *out, const char *values)
{
    size_t least_len = (size_t)(strstr(values, "..") - values);
    const char *most = values + least_len + 2;

    if (least_len && *most)
        bytes_printf(out, ", %.*s to %s", (int)least_len, values, most);
    else if (least_len)
        bytes_printf(out, ", at least %.*s", (int)least_len, values);
    else
        bytes_printf(out, ", at most %s", most);
}

static void write_kind(struct bytes *out, const struct config_key *key)
{
    static const char *const kinds[] = {
        [KEY_STRING] = "text",          [KEY_INT] = "whole number",  [KEY_DOUBLE] = "number",
        [KEY_BOOL] = "`true`, `false`", [KEY_DURATION] = "duration", [KEY_SIZE] = "size",
    };

    if (key->kind == KEY_ENUM) {
        write_names(out, key->values, '|');
        return;
    }
    bytes_text(out, kinds[key->kind]);
    if (key->values)
        write_bounds(out, key->values);
}

static void write_honoured(struct bytes *out, const struct section *s)
{
    bool any = false;

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (key->use != KEY_HONOURED || section_of(key->name) != s)
            continue;
        if (!any)
            bytes_text(out, "| key | takes | default | what it does |\n|---|---|---|---|\n");
        any = true;
        bytes_printf(out, "| `%s` | ", key->name);
        write_kind(out, key);
        bytes_text(out, " | ");
        write_names(out, key->standard ? key->standard : "", '\0');
        bytes_text(out, " | ");
        write_cell(out, key->doc);
        if (key->older) {
            bytes_text(out, " (also ");
            write_names(out, key->older, ' ');
            bytes_u8(out, ')');
        }
        bytes_text(out, " |\n");
    }
    if (any)
        bytes_u8(out, '\n');
}

static void write_others(struct bytes *out, const struct section *s, enum key_use use, const char *head)
{
    bool any = false;

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];

        if (key->use != use || section_of(key->name) != s)
            continue;
        if (!any)
            bytes_printf(out, "| %s | why |\n|---|---|\n", head);
        any = true;
        bytes_printf(out, "| `%s`", key->name);
        if (key->older) {
            bytes_text(out, " (");
            write_names(out, key->older, ' ');
            bytes_u8(out, ')');
        }
        bytes_text(out, " | ");
        write_cell(out, key->doc);
        bytes_text(out, " |\n");
    }
    if (any)
        bytes_u8(out, '\n');
}

static const char intro[] =
    "# Configuration\n"
    "Written from the table in `src/config/keys.c`: edit that.\n\n"
    "weir reads Flink's keys from `flink-conf.yaml` (a `key: value` a line, `#` begins a comment, no "
    "nesting, no quotes) "
    "or else from `config.yaml` (YAML), then from the environment variable `FLINK_PROPERTIES` (lines as in "
    "`flink-conf.yaml`), then from `-D key=value`; the later wins. In patterns `*` stands for one part of a "
    "name, at the "
    "end for any rest.\n\n"
    "- duration: `60s`, `10 min`, `500 ms`, `PT1M`; a number alone is milliseconds\n"
    "- size: `512mb`, `16 kb`, `2g`, in steps of 1024; a number alone is bytes\n"
    "- words in any case, `-` as good as `_`\n\n"
    "A key without effect is said once in the log; one that cannot be honoured stops the start, unless its "
    "value is the "
    "default; an unknown one is a warning with the nearest name.\n\n";

void config_write_doc(struct bytes *out)
{
    bytes_text(out, intro);
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        bytes_printf(out, "## %s\n\n", sections[i].title);
        write_honoured(out, &sections[i]);
        write_others(out, &sections[i], KEY_REFUSED, "refused");
        write_others(out, &sections[i], KEY_NOT_NEEDED, "without effect");
    }
}
