/* kafka_table.c: see kafka_table.h. */
#include "connectors/kafka_table.h"

int32_t kafka_table_find(const struct connector_request *r, int32_t column)
{
    const char *name = r->table->schema->fields[column].name;

    for (int32_t i = 0; i < r->schema->field_count; i++)
        if (connector_metadata_key(r, i) == NULL && strcmp(r->schema->fields[i].name, name) == 0)
            return i;
    return -1;
}

int32_t kafka_table_column(const struct connector_request *r, int32_t field)
{
    return connector_metadata_key(r, field)
               ? -1
               : schema_find(r->table->schema, slice_text(r->schema->fields[field].name));
}

static enum err no_column(const struct connector_request *r, const char *name, struct error *e)
{
    struct bytes list = {0};
    const char *text;

    for (int32_t i = 0; i < r->table->schema->field_count; i++)
        bytes_printf(&list, "%s%s", i ? ", " : "", r->table->schema->fields[i].name);
    text = bytes_cstr(&list);
    error_set(e, ERR_CONFIG, "'key.fields' has '%s', which is no physical column of the table; it has %s",
              name, text ? text : "?");
    bytes_fini(&list);
    return ERR_CONFIG;
}

/* The columns that 'key.fields' names. */
static enum err read_fields(struct kafka_table *t, const struct connector_request *r,
                            const struct settings *s, struct error *e)
{
    int32_t count, *keys;
    const char *const *names = settings_list(s, r->arena, "key.fields", &count);

    if (r->arena->failed || (keys = ARENA_ARRAY(r->arena, int32_t, MAX(count, 1))) == NULL)
        return error_memory(e, 0, "a table's key");
    if (t->key.format == NULL && names)
        return error_set(e, ERR_CONFIG, "'key.fields' needs 'key.format'");
    if (t->key.format && count == 0)
        return error_set(e, ERR_CONFIG,
                         "'key.format' needs 'key.fields': the columns that the key is made of");
    for (int32_t i = 0; i < count; i++) {
        keys[i] = schema_find(r->table->schema, slice_text(names[i]));
        if (keys[i] < 0)
            return no_column(r, names[i], e);
    }
    t->keys = keys;
    t->key_count = count;
    return OK;
}

static enum err check_prefix(struct kafka_table *t, const struct connector_request *r, const char *prefix,
                             bool except_key, struct error *e)
{
    if (prefix == NULL || *prefix == '\0')
        return OK;
    if (!except_key)
        return error_set(
            e, ERR_CONFIG,
            "'key.fields-prefix' needs 'value.fields-include' = 'EXCEPT_KEY', as the value would "
            "have the key's columns by their long names");
    t->prefix_len = strlen(prefix);
    for (int32_t i = 0; i < t->key_count; i++) {
        const char *name = r->table->schema->fields[t->keys[i]].name;

        if (strncmp(name, prefix, t->prefix_len) != 0 || name[t->prefix_len] == '\0')
            return error_set(e, ERR_CONFIG,
                             "column %s of the key does not begin with 'key.fields-prefix' = '%s'", name,
                             prefix);
    }
    return OK;
}

static enum err mark_columns(struct kafka_table *t, const struct connector_request *r, bool except_key,
                             struct error *e)
{
    int32_t count = r->table->schema->field_count;

    t->in_key = ARENA_ARRAY(r->arena, bool, MAX(count, 1));
    t->in_value = ARENA_ARRAY(r->arena, bool, MAX(count, 1));
    if (r->arena->failed)
        return error_memory(e, (size_t)count, "a table's columns");
    for (int32_t i = 0; i < t->key_count; i++)
        t->in_key[t->keys[i]] = true;
    for (int32_t i = 0; i < count; i++)
        t->in_value[i] = !except_key || !t->in_key[i];
    return OK;
}

enum err kafka_table_init(struct kafka_table *t, const struct connector_request *r, bool primary_key,
                          struct error *e)
{
    extern const struct connector kafka_connector, upsert_kafka_connector;
    struct settings s = connector_settings(primary_key ? &upsert_kafka_connector : &kafka_connector, r);
    bool except_key = settings_enum(&s, "value.fields-include") == 1;
    enum err rc;

    *t = (struct kafka_table){0};
    if ((rc = table_format_init(&t->value, r->arena, r->options, false, e)) != OK ||
        (rc = table_format_init(&t->key, r->arena, r->options, true, e)) != OK)
        goto out;
    if (primary_key) {
        t->keys = r->table->key;
        t->key_count = r->table->key_count;
    } else if ((rc = read_fields(t, r, &s, e)) != OK) {
        goto out;
    }
    if ((rc = check_prefix(t, r, settings_text(&s, "key.fields-prefix"), except_key, e)) == OK)
        rc = mark_columns(t, r, except_key, e);
out:
    if (rc != OK)
        kafka_table_fini(t);
    return rc;
}

void kafka_table_fini(struct kafka_table *t)
{
    table_format_fini(&t->key);
    table_format_fini(&t->value);
}
