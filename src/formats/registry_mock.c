/* registry_mock.c: registries that live in the process: a list of them, each a list of schemas and of
 * subjects' versions. One lock for all: they are for demos and tests.
 */
#include "formats/registry_mock.h"
#include "base/mem.h"
#include <pthread.h>

struct mock_version {
    char *subject; /* owned */
    int32_t id, version;
};

struct mock_wish {
    int32_t id;
    enum registry_mock_answer answer;
    int64_t asked;
};

struct mock {
    char *name;     /* owned */
    char **schemas; /* owned; the schema of id is at id - 1 */
    size_t schema_count, schema_capacity;
    struct mock_version *versions; /* owned */
    size_t version_count, version_capacity;
    struct mock_wish *wishes; /* owned: an entry for every id that was asked or wished for */
    size_t wish_count, wish_capacity;
    struct mock *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mock *mocks;

/* The mock of that name, made on first asking; NULL when there is no memory. Call with the lock. */
static struct mock *find_mock(const char *name)
{
    struct mock *m = mocks;

    while (m && strcmp(m->name, name) != 0)
        m = m->next;
    if (m || (m = mem_zalloc(sizeof *m)) == NULL)
        return m;
    if ((m->name = mem_strdup(name)) == NULL) {
        mem_free(m);
        return NULL;
    }
    m->next = mocks;
    return mocks = m;
}

static struct mock_wish *find_wish(struct mock *m, int32_t id)
{
    for (size_t i = 0; i < m->wish_count; i++)
        if (m->wishes[i].id == id)
            return &m->wishes[i];
    if (!MEM_GROW(m->wishes, m->wish_count, m->wish_capacity))
        return NULL;
    m->wishes[m->wish_count] = (struct mock_wish){.id = id};
    return &m->wishes[m->wish_count++];
}

static enum err answer_wrongly(const struct mock_wish *wish, struct bytes *out, struct error *e)
{
    switch (wish->answer) {
    case REGISTRY_MOCK_UNKNOWN:
        return error_set(e, ERR_NOT_FOUND, "the registry does not know schema %" PRId32, wish->id);
    case REGISTRY_MOCK_UNAVAILABLE:
        return error_set(e, ERR_UNAVAILABLE, "the registry does not answer");
    case REGISTRY_MOCK_NONSENSE:
        return error_set(e, ERR_INPUT, "the registry's answer is not JSON");
    case REGISTRY_MOCK_DENIED:
        return error_set(e, ERR_DENIED, "the registry refuses the credentials");
    default:
        bytes_text(out, "{\"type\":\"record\"}");
        return OK;
    }
}

static enum err find_schema(struct mock *m, int32_t id, struct bytes *out, int32_t *version, struct error *e)
{
    if (id < 1 || (size_t)id > m->schema_count)
        return error_set(e, ERR_NOT_FOUND, "the registry does not know schema %" PRId32, id);
    bytes_text(out, m->schemas[id - 1]);
    for (size_t i = 0; *version == 0 && i < m->version_count; i++)
        if (m->versions[i].id == id)
            *version = m->versions[i].version;
    return OK;
}

enum err registry_mock_schema(const char *name, int32_t id, struct bytes *out, int32_t *version,
                              struct error *e)
{
    struct mock *m;
    struct mock_wish *wish;
    enum err rc;

    *version = 0;
    pthread_mutex_lock(&lock);
    if ((m = find_mock(name)) == NULL || (wish = find_wish(m, id)) == NULL) {
        rc = error_memory(e, 0, "a registry");
    } else {
        wish->asked++;
        rc = wish->answer == REGISTRY_MOCK_TRUE ? find_schema(m, id, out, version, e)
                                                : answer_wrongly(wish, out, e);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

/* The id of schema, added when it is new; 0 when there is no memory. */
static int32_t add_schema(struct mock *m, struct slice schema)
{
    for (size_t i = 0; i < m->schema_count; i++)
        if (slice_is(schema, m->schemas[i]))
            return (int32_t)i + 1;
    if (!MEM_GROW(m->schemas, m->schema_count, m->schema_capacity) ||
        (m->schemas[m->schema_count] = mem_strndup(schema.ptr, schema.len)) == NULL)
        return 0;
    return (int32_t)++m->schema_count;
}

static bool add_version(struct mock *m, const char *subject, int32_t id)
{
    int32_t last = 0;

    for (size_t i = 0; i < m->version_count; i++) {
        if (strcmp(m->versions[i].subject, subject) != 0)
            continue;
        if (m->versions[i].id == id)
            return true;
        last = m->versions[i].version;
    }
    if (!MEM_GROW(m->versions, m->version_count, m->version_capacity) ||
        (m->versions[m->version_count].subject = mem_strdup(subject)) == NULL)
        return false;
    m->versions[m->version_count].id = id;
    m->versions[m->version_count++].version = last + 1;
    return true;
}

enum err registry_mock_register(const char *name, const char *subject, struct slice schema, int32_t *id,
                                struct error *e)
{
    struct mock *m;
    struct mock_wish *wish;
    struct bytes unused = {0};
    enum err rc = OK;
    bool done;

    pthread_mutex_lock(&lock);
    m = find_mock(name);
    wish = m ? find_wish(m, 0) : NULL;
    if (wish) {
        wish->asked++;
        rc = wish->answer == REGISTRY_MOCK_TRUE ? OK : answer_wrongly(wish, &unused, e);
    }
    bytes_fini(&unused);
    done = rc == OK && m && wish && (*id = add_schema(m, schema)) > 0 && add_version(m, subject, *id);
    pthread_mutex_unlock(&lock);
    return rc != OK ? rc : done ? OK : error_memory(e, schema.len, "a registry");
}

bool registry_mock_answer(const char *name, int32_t id, enum registry_mock_answer answer)
{
    struct mock *m;
    struct mock_wish *wish = NULL;

    pthread_mutex_lock(&lock);
    if ((m = find_mock(name)) != NULL && (wish = find_wish(m, id)) != NULL)
        wish->answer = answer;
    pthread_mutex_unlock(&lock);
    return wish != NULL;
}

int64_t registry_mock_asked(const char *name, int32_t id)
{
    struct mock *m;
    struct mock_wish *wish;
    int64_t asked = 0;

    pthread_mutex_lock(&lock);
    if ((m = find_mock(name)) != NULL && (wish = find_wish(m, id)) != NULL)
        asked = wish->asked;
    pthread_mutex_unlock(&lock);
    return asked;
}

void registry_mock_forget(const char *name)
{
    struct mock **at = &mocks, *m;

    pthread_mutex_lock(&lock);
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    m = *at;
    if (m)
        *at = m->next;
    pthread_mutex_unlock(&lock);
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->schema_count; i++)
        mem_free(m->schemas[i]);
    for (size_t i = 0; i < m->version_count; i++)
        mem_free(m->versions[i].subject);
    mem_free(m->schemas);
    mem_free(m->versions);
    mem_free(m->wishes);
    mem_free(m->name);
    mem_free(m);
}
