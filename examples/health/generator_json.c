/* generator_json.c: payloads as JSON, one object each. No text of the generator needs an escape. */
#include "generator.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(struct generator_bytes *b, const char *text)
{
    generator_append(b, text, strlen(text));
}

/* "name":"text", before it a comma unless it is the first; nothing when text is NULL. */
static void put_field(struct generator_bytes *b, const char *name, const char *text)
{
    if (text == NULL)
        return;
    put(b, b->ptr[b->len - 1] == '{' ? "\"" : ",\"");
    put(b, name);
    put(b, "\":\"");
    put(b, text);
    put(b, "\"");
}

/* The shortest digits that mean v. */
static void put_number(struct generator_bytes *b, const char *name, double v)
{
    char text[40];

    put(b, ",\"");
    put(b, name);
    put(b, "\":");
    if (!isfinite(v)) { /* no JSON, but what Python reads; for people only */
        put(b, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    put(b, text);
}

static void put_sample(struct generator_bytes *b, const struct generator_sample *s)
{
    put(b, "{");
    put_field(b, "id", s->id);
    put_field(b, "type", s->type);
    if (s->has_value)
        put_number(b, "value", s->value);
    if (s->has_confidence)
        put_number(b, "confidence", s->confidence);
    put_field(b, "unit", s->unit);
    put_field(b, "startDate", s->start);
    put_field(b, "endDate", s->end);
    put_field(b, "sourceBundle", s->source_bundle);
    put(b, ",\"metadata\":{");
    for (int i = 0; i < 4 && s->metadata[i]; i += 2)
        put_field(b, s->metadata[i], s->metadata[i + 1]);
    put(b, s->synced ? "},\"isSynced\":true" : "},\"isSynced\":false");
    put_field(b, "createdAt", s->created);
    put(b, "}");
}

bool generator_json(const struct generator_payload *p, struct generator_bytes *out)
{
    out->len = 0;
    if (p->wrong == WRONG_TOMBSTONE)
        return false;
    put(out, p->wrong == WRONG_MAGIC ? "\x01{" : "{");
    put_field(out, "deviceId", p->device);
    put_field(out, "userId", p->has_user ? p->user : NULL);
    put_field(out, "timestamp", p->timestamp);
    put_field(out, "timezone", p->timezone);
    put_field(out, "appVersion", p->app_version);
    if (p->schema_version == 2)
        put_field(out, "firmware", p->firmware);
    put(out, ",\"samples\":[");
    for (int i = 0; i < p->sample_count; i++) {
        if (i)
            put(out, ",");
        put_sample(out, &p->samples[i]);
    }
    put(out, "]}");
    if (p->wrong == WRONG_TRUNCATED)
        out->len = out->len * 2 / 3;
    if (p->wrong == WRONG_TRAILING)
        put(out, "}{");
    return true;
}
