/* ddl_like.c: CREATE TABLE ... LIKE: what of the base table the new one has.
 *
 *   INCLUDING     the base's parts and the new ones; it is an error when both have the same
 *   EXCLUDING     the new ones only
 *   OVERWRITING   both, and the new ones count; for OPTIONS, GENERATED, METADATA and WATERMARKS
 *
 * Physical columns are always the base's. What is not said is INCLUDING, for OPTIONS it is OVERWRITING.
 */
#include "sql/ddl_draft.h"

#define PARTS (AST_LIKE_WATERMARKS + 1)

static const char *const part_names[PARTS] = {"ALL",      "CONSTRAINTS", "DISTRIBUTION", "GENERATED",
                                              "METADATA", "OPTIONS",     "PARTITIONS",   "WATERMARKS"};

struct merge {
    struct draft *dr;
    const struct ast_create_table *new;
    const struct table_def *base;
    struct ast_place place; /* of the LIKE */
    enum ast_like_rule rules[PARTS];
};

static bool may_overwrite(enum ast_like_part part)
{
    return part == AST_LIKE_OPTIONS || part == AST_LIKE_GENERATED || part == AST_LIKE_METADATA ||
           part == AST_LIKE_WATERMARKS;
}

static enum err read_rules(struct merge *m)
{
    const struct ast_like *like = m->new->like;
    bool said[PARTS] = {false};

    for (int part = 0; part < PARTS; part++)
        m->rules[part] = part == AST_LIKE_OPTIONS ? AST_OVERWRITING : AST_INCLUDING;
    for (int32_t i = 0; i < like->option_count; i++) {
        const struct ast_like_option *o = &like->options[i];

        if (o->rule == AST_OVERWRITING && !may_overwrite(o->part))
            return sql_fail(m->dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, o->place,
                            "OVERWRITING %s is not possible; it is for OPTIONS, GENERATED, METADATA and "
                            "WATERMARKS",
                            part_names[o->part]);
        if (said[o->part])
            return sql_fail(m->dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, o->place,
                            "%s is said twice in LIKE", part_names[o->part]);
        said[o->part] = true;
        for (int part = 0; o->part == AST_LIKE_ALL && part < PARTS; part++)
            m->rules[part] = o->rule;
    }
    for (int32_t i = 0; i < like->option_count; i++)
        m->rules[like->options[i].part] = like->options[i].rule;
    return OK;
}

/* Both have one. */
static enum err clash(struct merge *m, struct ast_place place, const char *what, enum ast_like_part part)
{
    sql_fail(m->dr->d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, place, "table `%s`.`%s`.`%s` has %s already",
             m->base->catalog, m->base->database, m->base->name, what);
    sql_hint(m->dr->d->error, "leave it out here, or write EXCLUDING %s%s%s", part_names[part],
             may_overwrite(part) ? " or OVERWRITING " : "", may_overwrite(part) ? part_names[part] : "");
    return ERR_EXISTS;
}

static bool keeps(const struct merge *m, const struct table_column *c)
{
    if (c->kind == AST_COMPUTED)
        return m->rules[AST_LIKE_GENERATED] != AST_EXCLUDING;
    return c->kind == AST_PHYSICAL || m->rules[AST_LIKE_METADATA] != AST_EXCLUDING;
}

static void base_columns(struct merge *m)
{
    for (int32_t i = 0; i < m->base->column_count; i++) {
        struct draft_column c = {.column = m->base->columns[i], .place = m->place, .base = true};

        if (c.column.kind == AST_COMPUTED)
            c.column.type = NULL;
        if (keeps(m, &c.column))
            draft_insert(m->dr, m->dr->column_count, &c);
    }
}

static struct ast_words words(struct merge *m, const int32_t *numbers, int32_t count)
{
    struct ast_word *items = ARENA_ARRAY(m->dr->d->arena, struct ast_word, count);

    for (int32_t i = 0; items && i < count; i++)
        items[i] = (struct ast_word){m->base->columns[numbers[i]].name, m->place};
    return (struct ast_words){items ? count : 0, items};
}

static const struct ast_constraint *new_key(const struct ast_create_table *t)
{
    for (int32_t i = 0; i < t->schema.column_count; i++)
        if (t->schema.columns[i].constraint)
            return t->schema.columns[i].constraint;
    return t->schema.constraint_count ? &t->schema.constraints[0] : NULL;
}

static enum err base_key(struct merge *m)
{
    const struct ast_constraint *own = new_key(m->new);

    if (m->base->key_count == 0 || m->rules[AST_LIKE_CONSTRAINTS] == AST_EXCLUDING)
        return OK;
    if (own)
        return clash(m, own->place, "a PRIMARY KEY", AST_LIKE_CONSTRAINTS);
    m->dr->key = words(m, m->base->key, m->base->key_count);
    m->dr->key_name = m->base->key_name;
    return OK;
}

static enum err base_partition(struct merge *m)
{
    if (m->base->partition_count == 0 || m->rules[AST_LIKE_PARTITIONS] == AST_EXCLUDING)
        return OK;
    if (m->new->partitioned_by.count)
        return clash(m, m->new->partitioned_by.items[0].place, "partitions", AST_LIKE_PARTITIONS);
    m->dr->partition = words(m, m->base->partition, m->base->partition_count);
    return OK;
}

static enum err base_watermark(struct merge *m)
{
    const struct ast_watermark *own = m->new->schema.watermark;

    if (m->base->time_column < 0 || m->rules[AST_LIKE_WATERMARKS] == AST_EXCLUDING)
        return OK;
    if (own && m->rules[AST_LIKE_WATERMARKS] == AST_OVERWRITING)
        return OK;
    if (own)
        return clash(m, own->place, "a WATERMARK", AST_LIKE_WATERMARKS);
    m->dr->time = (struct ast_word){m->base->columns[m->base->time_column].name, m->place};
    m->dr->watermark_text = m->base->watermark;
    return OK;
}

static enum err base_options(struct merge *m)
{
    if (m->rules[AST_LIKE_OPTIONS] == AST_EXCLUDING)
        return OK;
    for (int32_t i = 0; m->rules[AST_LIKE_OPTIONS] == AST_INCLUDING && i < m->new->options.count; i++)
        if (table_option(m->base, m->new->options.items[i].key.text))
            return clash(m, m->new->options.items[i].key.place,
                         arena_printf(m->dr->d->arena, "option '%s'", m->new->options.items[i].key.text),
                         AST_LIKE_OPTIONS);
    m->dr->options = m->base->options;
    m->dr->option_count = m->base->option_count;
    return OK;
}

enum err draft_like(struct draft *dr, const struct ast_create_table *t)
{
    struct merge m = {.dr = dr, .new = t, .place = t->like->table.place};
    enum err rc;

    if ((rc = read_rules(&m)) != OK ||
        (rc = session_table(dr->d->s, dr->d->arena, &t->like->table, &m.base, dr->d->error)) != OK)
        return rc;
    if (m.base->is_view)
        return sql_fail(dr->d->error, ERR_INPUT, SQL_VALIDATION_FAILED, m.place,
                        "LIKE wants a table, but `%s` is a view", m.base->name);
    base_columns(&m);
    for (int32_t i = 0; i < t->schema.column_count; i++) {
        const struct ast_column *c = &t->schema.columns[i];
        enum ast_like_part part = c->kind == AST_COMPUTED ? AST_LIKE_GENERATED : AST_LIKE_METADATA;
        int32_t at = draft_find(dr, c->name.text);

        if (at < 0)
            continue;
        if (c->kind == AST_PHYSICAL || dr->columns[at].column.kind != c->kind) {
            sql_fail(dr->d->error, ERR_EXISTS, SQL_VALIDATION_FAILED, c->name.place,
                     "table `%s`.`%s`.`%s` has a column `%s` already", m.base->catalog, m.base->database,
                     m.base->name, c->name.text);
            sql_hint(dr->d->error, "its columns are there without being written again; leave this one out");
            return ERR_EXISTS;
        }
        if (m.rules[part] != AST_OVERWRITING)
            return clash(&m, c->name.place, arena_printf(dr->d->arena, "a column `%s`", c->name.text), part);
    }
    if ((rc = base_key(&m)) != OK || (rc = base_partition(&m)) != OK || (rc = base_watermark(&m)) != OK)
        return rc;
    return base_options(&m);
}
