/* config_yaml.c: config.yaml, real YAML by libyaml's events: nested or dotted keys, lists, block scalars.
 * The events are walked with the path of keys at hand; nothing is built in memory, and anchors are refused,
 * so a small file cannot become a large one.
 */
#include "base/bytes.h"
#include "base/map.h"
#include "config/config_store.h"
#include "config/config_values.h"
#include <stdio.h>
#include <yaml.h>

#define DEPTH_MAX 32

struct walk {
    struct config *config;
    const char *origin;
    yaml_parser_t parser;
    yaml_event_t event;
    struct bytes path; /* "a.b.c" */
    struct map seen;   /* paths that have a value, to tell a second one; the values are not used */
};

static size_t line_of(const struct walk *w)
{
    return w->event.start_mark.line + 1;
}

static enum err bad(const struct walk *w, struct error *e, const char *what)
{
    return error_set(e, ERR_CONFIG, "%s:%zu: %s", w->origin, line_of(w), what);
}

static enum err next(struct walk *w, struct error *e)
{
    yaml_event_delete(&w->event);
    if (yaml_parser_parse(&w->parser, &w->event))
        return OK;
    if (w->parser.error == YAML_MEMORY_ERROR)
        return error_memory(e, 0, "reading YAML");
    return error_set(e, ERR_CONFIG, "%s:%zu: this is no YAML: %s", w->origin, w->parser.problem_mark.line + 1,
                     w->parser.problem ? w->parser.problem : "it ends too early");
}

static struct slice scalar_of(const yaml_event_t *event)
{
    return config_trim(slice_of(event->data.scalar.value, event->data.scalar.length));
}

/* Nothing, as `key:` or `key: ~` or `key: null` say it. */
static bool is_null(const yaml_event_t *event)
{
    struct slice s = scalar_of(event);

    return event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (s.len == 0 || slice_is(s, "~") || config_same_word(s, SLICE("null")));
}

static bool has_anchor(const yaml_event_t *event)
{
    return event->type == YAML_ALIAS_EVENT ||
           (event->type == YAML_SCALAR_EVENT && event->data.scalar.anchor) ||
           (event->type == YAML_MAPPING_START_EVENT && event->data.mapping_start.anchor) ||
           (event->type == YAML_SEQUENCE_START_EVENT && event->data.sequence_start.anchor);
}

static enum err put(struct walk *w, struct slice value, size_t line, struct error *e)
{
    char at[512];

    snprintf(at, sizeof at, "%s:%zu", w->origin, line);
    if (map_get(&w->seen, bytes_all(&w->path)))
        return error_set(e, ERR_CONFIG, "%s: " SLICE_FMT " is there a second time; remove one", at,
                         SLICE_ARG(bytes_all(&w->path)));
    if (!map_put(&w->seen, bytes_all(&w->path), w))
        return error_memory(e, w->path.len, "the configuration");
    return config_put(w->config, bytes_all(&w->path), value, at, e);
}

/* The items of a list, joined; the event is its start, and then its end. */
static enum err put_list(struct walk *w, struct error *e)
{
    struct bytes joined = {0};
    size_t line = line_of(w);
    enum err rc;

    for (bool first = true; (rc = next(w, e)) == OK && w->event.type != YAML_SEQUENCE_END_EVENT;
         first = false) {
        if (w->event.type != YAML_SCALAR_EVENT || has_anchor(&w->event)) {
            rc = bad(w, e, "a list may hold plain values only");
            break;
        }
        if (memchr(w->event.data.scalar.value, ';', w->event.data.scalar.length)) {
            rc = bad(w, e, "the items of a list may not hold a ';', which is what separates them");
            break;
        }
        if (!first)
            bytes_u8(&joined, ';');
        bytes_slice(&joined, scalar_of(&w->event));
    }
    if (rc == OK && joined.failed)
        rc = error_memory(e, joined.len, "a list of the configuration");
    if (rc == OK)
        rc = put(w, bytes_all(&joined), line, e);
    bytes_fini(&joined);
    return rc;
}

static enum err put_mapping(struct walk *w, int depth, struct error *e);

/* What stands behind a key; the event is its start. */
static enum err put_node(struct walk *w, int depth, struct error *e)
{
    if (has_anchor(&w->event))
        return bad(w, e, "anchors and aliases (&, *) are not read; write the value out");
    switch (w->event.type) {
    case YAML_SCALAR_EVENT:
        if (is_null(&w->event))
            return config_note(w->config, e, LOG_WARN,
                               "%s:%zu: " SLICE_FMT " has no value and is passed over", w->origin, line_of(w),
                               SLICE_ARG(bytes_all(&w->path)));
        return put(w, scalar_of(&w->event), line_of(w), e);
    case YAML_SEQUENCE_START_EVENT:
        return put_list(w, e);
    case YAML_MAPPING_START_EVENT:
        return put_mapping(w, depth + 1, e);
    default:
        return bad(w, e, "a value is missing");
    }
}

static enum err put_mapping(struct walk *w, int depth, struct error *e)
{
    enum err rc;

    if (depth > DEPTH_MAX)
        return bad(w, e, "keys are nested too deeply");
    while ((rc = next(w, e)) == OK && w->event.type != YAML_MAPPING_END_EVENT) {
        size_t outer = w->path.len;

        if (w->event.type != YAML_SCALAR_EVENT || has_anchor(&w->event) || scalar_of(&w->event).len == 0)
            return bad(w, e, "a key must be a plain word");
        if (outer)
            bytes_u8(&w->path, '.');
        bytes_slice(&w->path, scalar_of(&w->event));
        if (w->path.failed)
            return error_memory(e, w->path.len, "a key of the configuration");
        if ((rc = next(w, e)) != OK || (rc = put_node(w, depth, e)) != OK)
            return rc;
        w->path.len = outer;
    }
    return rc;
}

/* One document, which is a mapping or nothing. */
static enum err put_stream(struct walk *w, struct error *e)
{
    enum err rc;

    if ((rc = next(w, e)) != OK || (rc = next(w, e)) != OK) /* start of the stream, of the document */
        return rc;
    if (w->event.type == YAML_STREAM_END_EVENT)
        return OK;
    if ((rc = next(w, e)) != OK)
        return rc;
    if (has_anchor(&w->event))
        return bad(w, e, "anchors and aliases (&, *) are not read; write the value out");
    if (w->event.type == YAML_MAPPING_START_EVENT)
        rc = put_mapping(w, 1, e);
    else if (w->event.type != YAML_SCALAR_EVENT || !is_null(&w->event))
        rc = bad(w, e, "want keys and values (key: value)");
    if (rc != OK || (rc = next(w, e)) != OK || (rc = next(w, e)) != OK)
        return rc;
    return w->event.type == YAML_STREAM_END_EVENT ? OK
                                                  : bad(w, e, "there is a second document (---); remove it");
}

enum err config_put_yaml(struct config *c, struct slice text, const char *origin, struct error *e)
{
    struct walk w = {.config = c, .origin = origin};
    enum err rc;

    if (!yaml_parser_initialize(&w.parser))
        return error_memory(e, sizeof w.parser, "reading YAML");
    yaml_parser_set_input_string(&w.parser, (const unsigned char *)(text.len ? text.ptr : ""), text.len);
    rc = put_stream(&w, e);
    yaml_event_delete(&w.event);
    yaml_parser_delete(&w.parser);
    bytes_fini(&w.path);
    map_fini(&w.seen);
    return rc;
}
