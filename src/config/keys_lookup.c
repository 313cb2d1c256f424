/* keys_lookup.c: from what a user wrote to a row of the table: exact and older names, patterns, near misses,
 * and values that Flink spelled otherwise once or weir takes otherwise than they say.
 */
#include "base/mem.h"
#include "config/config_values.h"
#include "config/keys.h"

/* '*' inside: one part without dots; at the end: anything but nothing. */
static bool pattern_matches(const char *pattern, struct slice name)
{
    const char *star = strchr(pattern, '*');
    size_t before, part = 0;

    if (star == NULL)
        return slice_is(name, pattern);
    before = (size_t)(star - pattern);
    if (name.len <= before || memcmp(name.ptr, pattern, before) != 0)
        return false;
    if (star[1] == '\0')
        return true;
    while (before + part < name.len && name.ptr[before + part] != '.')
        part++;
    return part > 0 && pattern_matches(star + 1, slice_from(name, before + part));
}

const struct config_key *keys_find(struct slice name, bool *older)
{
    const struct config_key *best = NULL;

    *older = false;
    for (size_t i = 0; i < config_key_count; i++)
        if (slice_is(name, config_keys[i].name) && !keys_is_pattern(&config_keys[i]))
            return &config_keys[i];
    for (size_t i = 0; i < config_key_count; i++)
        if (config_word_in(name, config_keys[i].older, ' ')) {
            *older = true;
            return &config_keys[i];
        }
    for (size_t i = 0; i < config_key_count; i++)
        if (keys_is_pattern(&config_keys[i]) && pattern_matches(config_keys[i].name, name) &&
            (best == NULL || strlen(best->name) < strlen(config_keys[i].name)))
            best = &config_keys[i];
    return best;
}

/* The only name that ends with .word: what is meant when the first parts were left out. */
static const char *find_by_end(const char *word)
{
    const char *found = NULL;
    size_t len = strlen(word);

    for (size_t i = 0; i < config_key_count; i++) {
        struct slice name = slice_text(config_keys[i].name);

        if (name.len <= len + 1 || !slice_ends(name, slice_of(word, len)) ||
            name.ptr[name.len - len - 1] != '.')
            continue;
        if (found)
            return NULL;
        found = config_keys[i].name;
    }
    return found;
}

const char *keys_nearest(const char *name, bool honoured_only)
{
    const char **names = mem_calloc(config_key_count, sizeof *names);
    const char *found;
    size_t count = 0;

    if (names == NULL)
        return NULL; /* only a suggestion */
    for (size_t i = 0; i < config_key_count; i++)
        if (!keys_is_pattern(&config_keys[i]) && (!honoured_only || config_keys[i].use == KEY_HONOURED))
            names[count++] = config_keys[i].name;
    found = config_nearest(name, names, count);
    mem_free(names);
    return found || honoured_only ? found : find_by_end(name);
}

/* --- values of former days --- */

static const struct old_value {
    const char *given;        /* the key as given or by its present name */
    const char *values, *now; /* values: blank-separated, any case */
    const char *why;          /* NULL: the same thing by another name */
} old_values[] = {
    {"state.backend.type", "filesystem jobmanager memory", "hashmap",
     "checkpoints lie where execution.checkpointing.dir says"},
    {"state.backend.type", "org.apache.flink.runtime.state.hashmap.HashMapStateBackendFactory", "hashmap",
     NULL},
    {"state.backend.type",
     "org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackendFactory "
     "org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackendFactory",
     "rocksdb", NULL},
    {"restart-strategy.type", "off disable", "none", NULL},
    {"restart-strategy.type", "fixeddelay", "fixed-delay", NULL},
    {"restart-strategy.type", "failurerate", "failure-rate", NULL},
    {"restart-strategy.type", "exponentialdelay", "exponential-delay", NULL},
    {"pipeline.max-parallelism", "-1", "128", "weir does not derive it from the parallelism"},
    {"execution.runtime-mode", "automatic", "STREAMING", "weir runs every job as a stream"},
    {"execution.state-recovery.claim-mode", "legacy", "NO_CLAIM",
     "what was restored from is neither taken over nor removed"},
    {"jobmanager.adaptive-scheduler.enabled", "true", "Adaptive", NULL},
    {"jobmanager.adaptive-scheduler.enabled", "false", "Default", NULL},
    {"state.backend.rocksdb.block.compress.type", "snappy", "SNAPPY_COMPRESSION", NULL},
    {"state.backend.rocksdb.block.compress.type", "lz4", "LZ4_COMPRESSION", NULL},
    {"state.backend.rocksdb.block.compress.type", "zstd", "ZSTD_COMPRESSION", NULL},
    {"state.backend.rocksdb.block.compress.type", "none", "NO_COMPRESSION", NULL},
};

static bool one_of(struct slice value, const char *values)
{
    while (*values) {
        const char *end = strchr(values, ' ');
        size_t len = end ? (size_t)(end - values) : strlen(values);

        if (config_same_word(value, slice_of(values, len)))
            return true;
        values += end ? len + 1 : len;
    }
    return false;
}

bool keys_old_value(struct slice given, const struct config_key *key, struct slice *value, const char **why)
{
    for (size_t i = 0; i < COUNT_OF(old_values); i++) {
        const struct old_value *o = &old_values[i];

        if (!slice_is(given, o->given) && strcmp(key->name, o->given) != 0)
            continue;
        if (!one_of(*value, o->values) || slice_is(*value, o->now))
            continue;
        *value = slice_text(o->now);
        *why = o->why;
        return true;
    }
    return false;
}

/* --- honoured, but not to the letter --- */

static const struct remark {
    const char *key, *value; /* value: NULL for any but the default */
    const char *text;
} remarks[] = {
    {"execution.checkpointing.mode", "AT_LEAST_ONCE",
     "the job runs exactly once, which keeps that promise and more"},
    {"execution.checkpointing.max-concurrent-checkpoints", NULL,
     "one checkpoint runs at a time; when it takes longer than the interval, the next follows at once"},
    {"execution.checkpointing.incremental", "true",
     "with hashmap state every checkpoint is whole: keep execution.checkpointing.num-retained low"},
};

/* Some other reporter than the one there is. */
static bool is_other_reporter(const struct config_key *key, const char *value)
{
    return (strcmp(key->name, "metrics.reporter.*.factory.class") == 0 ||
            strcmp(key->name, "metrics.reporter.*.class") == 0) &&
           strstr(value, "prometheus.PrometheusReporter") == NULL;
}

const char *keys_remark(const struct config_key *key, const char *value, bool *lost)
{
    *lost = is_other_reporter(key, value);
    if (*lost)
        return "weir serves Prometheus only, and nothing to this reporter: let Prometheus ask "
               "metrics.reporter.<name>.port";
    for (size_t i = 0; i < COUNT_OF(remarks); i++)
        if (strcmp(remarks[i].key, key->name) == 0 &&
            (remarks[i].value ? one_of(slice_text(value), remarks[i].value)
                              : key->standard == NULL || strcmp(value, key->standard) != 0))
            return remarks[i].text;
    return NULL;
}

bool keys_is_standard(const struct config_key *key, struct slice value)
{
    return key->standard && config_same_word(value, slice_text(key->standard));
}
