/* metadata_apply_test.c: requirements and updates, each in the words of the REST specification. */
#include "iceberg/catalog.h"
#include "iceberg/json_field.h"
#include "iceberg/test_iceberg.h"

/* A table with schema 0, spec 0, snapshots 11 <- 12 and a tag at 11, in the test's arena. */
static struct metadata *base(void)
{
    static const char document[] =
        "{'format-version':2,'table-uuid':'u-1','location':'l','last-sequence-number':2,'last-updated-ms':"
        "100,'last-column-id':3,"
        "'current-schema-id':0,'schemas':[{'type':'struct','schema-id':0,'fields':[{'id':1,'name':'a','"
        "required':false,'type':'int'}]}],"
        "'default-spec-id':0,'partition-specs':[{'spec-id':0,'fields':[]}],'last-partition-id':999,'default-"
        "sort-order-id':0,"
        "'sort-orders':[{'order-id':0,'fields':[]}],'properties':{'p':'1','write.metadata.previous-versions-"
        "max':'2'},"
        "'current-snapshot-id':12,'refs':{'main':{'snapshot-id':12,'type':'branch','min-snapshots-to-keep':3}"
        ",'t':{'snapshot-id':11,'type':'tag'}},"
        "'snapshots':[{'snapshot-id':11,'timestamp-ms':50,'sequence-number':1,'manifest-list':'m1','summary':"
        "{}},"
        "{'snapshot-id':12,'parent-snapshot-id':11,'timestamp-ms':60,'sequence-number':2,'manifest-list':'m2'"
        ",'summary':{}}],"
        "'statistics':[{'snapshot-id':11}],"
        "'snapshot-log':[{'snapshot-id':11,'timestamp-ms':50},{'snapshot-id':12,'timestamp-ms':60}],"
        "'metadata-log':[{'metadata-file':'v1','timestamp-ms':10},{'metadata-file':'v2','timestamp-ms':20}]}";
    struct bytes text = {0};
    struct metadata *m;
    struct error e;

    bytes_text(&text, document);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\'')
            text.ptr[i] = '"';
    ASSERT_OK(metadata_parse(bytes_all(&text), "base", &m, &e), &e);
    bytes_fini(&text);
    return m;
}

static json_t *json_of(const char *quoted)
{
    struct bytes text = {0};
    struct error e;
    json_t *json;

    bytes_text(&text, quoted);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '\'')
            text.ptr[i] = '"';
    ASSERT_OK(json_field_parse(bytes_all(&text), &json, &e), &e);
    bytes_fini(&text);
    return json;
}

/* Apply to the base; the base must be as it was. */
static enum err apply(const char *requirements, const char *updates, json_t **out, struct error *e)
{
    struct metadata *m = base(), *same = base();
    json_t *r = json_of(requirements), *u = json_of(updates);
    enum err rc = metadata_apply(m, r, u, 200, "v3", out, e);

    assert_true(json_equal(m->json, same->json));
    json_decref(r);
    json_decref(u);
    metadata_free(m);
    metadata_free(same);
    return rc;
}

static void test_requirements(UNUSED void **state)
{
    static const struct {
        const char *requirement;
        enum err rc;
    } cases[] = {
        {"{'type':'assert-create'}", ERR_CONFLICT},
        {"{'type':'assert-table-uuid','uuid':'u-1'}", OK},
        {"{'type':'assert-table-uuid','uuid':'U-1'}", OK},
        {"{'type':'assert-table-uuid','uuid':'u-2'}", ERR_CONFLICT},
        {"{'type':'assert-table-uuid'}", ERR_CORRUPT},
        {"{'type':'assert-ref-snapshot-id','ref':'main','snapshot-id':12}", OK},
        {"{'type':'assert-ref-snapshot-id','ref':'main','snapshot-id':11}", ERR_CONFLICT},
        {"{'type':'assert-ref-snapshot-id','ref':'main','snapshot-id':null}", ERR_CONFLICT},
        {"{'type':'assert-ref-snapshot-id','ref':'t','snapshot-id':11}", OK},
        {"{'type':'assert-ref-snapshot-id','ref':'new','snapshot-id':null}", OK},
        {"{'type':'assert-current-schema-id','current-schema-id':0}", OK},
        {"{'type':'assert-current-schema-id','current-schema-id':1}", ERR_CONFLICT},
        {"{'type':'assert-default-spec-id','default-spec-id':0}", OK},
        {"{'type':'assert-default-spec-id','default-spec-id':1}", ERR_CONFLICT},
        {"{'type':'assert-last-assigned-field-id','last-assigned-field-id':3}", OK},
        {"{'type':'assert-last-assigned-field-id','last-assigned-field-id':4}", ERR_CONFLICT},
        {"{'type':'assert-last-assigned-partition-id','last-assigned-partition-id':999}", OK},
        {"{'type':'assert-last-assigned-partition-id','last-assigned-partition-id':1}", ERR_CONFLICT},
        {"{'type':'assert-default-sort-order-id','default-sort-order-id':0}", OK},
        {"{'type':'assert-default-sort-order-id','default-sort-order-id':2}", ERR_CONFLICT},
        {"{'type':'assert-good-weather'}", ERR_UNSUPPORTED},
        {"{}", ERR_CORRUPT},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char list[200];
        json_t *out = NULL;
        struct error e;
        enum err rc;

        snprintf(list, sizeof list, "[%s]", cases[i].requirement);
        rc = apply(list, "[]", &out, &e);
        if (rc != cases[i].rc)
            fail_msg("%s: %s", cases[i].requirement, rc == OK ? "holds" : e.text);
        if (rc == OK)
            json_decref(out);
    }
}

/* What must be in the result: a path of the JSON and its text. */
static void test_updates(UNUSED void **state)
{
    static const struct {
        const char *updates, *path, *want;
    } cases[] = {
        {"[]", "last-updated-ms", "200"},
        {"[]", "metadata-log",
         "[{'metadata-file':'v2','timestamp-ms':20},{'metadata-file':'v3','timestamp-ms':100}]"},
        {"[{'action':'assign-uuid','uuid':'n'}]", "table-uuid", "'n'"},
        {"[{'action':'upgrade-format-version','format-version':2}]", "format-version", "2"},
        {"[{'action':'add-schema','schema':{'type':'struct','fields':[{'id':7,'name':'b','required':false,'"
         "type':'int'}]}},"
         "{'action':'set-current-schema','schema-id':-1}]",
         "current-schema-id", "1"},
        {"[{'action':'add-schema','schema':{'type':'struct','schema-id':9,'fields':[{'id':7,'name':'b','"
         "required':false,'type':'int'}]}}]",
         "last-column-id", "7"},
        {"[{'action':'add-spec','spec':{'spec-id':4,'fields':[{'source-id':1,'field-id':1005,'name':'a','"
         "transform':'identity'}]}},"
         "{'action':'set-default-spec','spec-id':-1}]",
         "default-spec-id", "4"},
        {"[{'action':'add-spec','spec':{'spec-id':4,'fields':[{'source-id':1,'field-id':1005,'name':'a','"
         "transform':'identity'}]}}]",
         "last-partition-id", "1005"},
        {"[{'action':'add-sort-order','sort-order':{'order-id':0,'fields':[1]}},{'action':'set-default-sort-"
         "order','sort-order-id':-1}]",
         "default-sort-order-id", "1"},
        {"[{'action':'set-default-sort-order','sort-order-id':0}]", "default-sort-order-id", "0"},
        {"[{'action':'add-snapshot','snapshot':{'snapshot-id':13,'sequence-number':3,'timestamp-ms':150}}]",
         "last-sequence-number", "3"},
        {"[{'action':'add-snapshot','snapshot':{'snapshot-id':13,'sequence-number':3,'timestamp-ms':150}}]",
         "current-snapshot-id", "12"},
        {"[{'action':'add-snapshot','snapshot':{'snapshot-id':13,'sequence-number':3,'timestamp-ms':150}},"
         "{'action':'set-snapshot-ref','ref-name':'main','type':'branch','snapshot-id':13}]",
         "snapshot-log",
         "[{'snapshot-id':11,'timestamp-ms':50},{'snapshot-id':12,'timestamp-ms':60},{'snapshot-id':13,'"
         "timestamp-ms':150}]"},
        {"[{'action':'set-snapshot-ref','ref-name':'main','type':'branch','snapshot-id':11,'min-snapshots-to-"
         "keep':3}]",
         "refs",
         "{'main':{'snapshot-id':11,'type':'branch','min-snapshots-to-keep':3},'t':{'snapshot-id':11,'type':'"
         "tag'}}"},
        {"[{'action':'set-snapshot-ref','ref-name':'main','type':'branch','snapshot-id':11}]", "snapshot-log",
         "[{'snapshot-id':11,'timestamp-ms':50},{'snapshot-id':12,'timestamp-ms':60},{'snapshot-id':11,'"
         "timestamp-ms':200}]"},
        {"[{'action':'set-snapshot-ref','ref-name':'b','type':'branch','snapshot-id':11}]",
         "current-snapshot-id", "12"},
        {"[{'action':'remove-snapshot-ref','ref-name':'main'}]", "current-snapshot-id", "-1"},
        {"[{'action':'remove-snapshot-ref','ref-name':'t'}]", "refs",
         "{'main':{'snapshot-id':12,'type':'branch','min-snapshots-to-keep':3}}"},
        {"[{'action':'remove-snapshots','snapshot-ids':[11]}]", "snapshot-log",
         "[{'snapshot-id':12,'timestamp-ms':60}]"},
        {"[{'action':'remove-snapshots','snapshot-ids':[11]}]", "refs",
         "{'main':{'snapshot-id':12,'type':'branch','min-snapshots-to-keep':3}}"},
        {"[{'action':'remove-snapshots','snapshot-ids':[11]}]", "statistics", "[]"},
        {"[{'action':'remove-snapshots','snapshot-ids':[12]}]", "current-snapshot-id", "-1"},
        {"[{'action':'set-location','location':'x'}]", "location", "'x'"},
        {"[{'action':'set-properties','updates':{'p':'2','q':'3'}},{'action':'remove-properties','removals':["
         "'write.metadata.previous-versions-max']}]",
         "properties", "{'p':'2','q':'3'}"},
        {"[{'action':'set-properties','updates':{'write.metadata.previous-versions-max':'9'}}]",
         "metadata-log",
         "[{'metadata-file':'v1','timestamp-ms':10},{'metadata-file':'v2','timestamp-ms':20},{'metadata-file'"
         ":'v3','timestamp-ms':100}]"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        json_t *out = NULL, *wrapped;
        char want[400];
        struct error e;

        ASSERT_OK(apply("[]", cases[i].updates, &out, &e), &e);
        snprintf(want, sizeof want, "[%s]", cases[i].want);
        wrapped = json_of(want);
        if (!json_equal(json_array_get(wrapped, 0), json_object_get(out, cases[i].path)))
            fail_msg("%s: %s is %s", cases[i].updates, cases[i].path,
                     json_dumps(json_object_get(out, cases[i].path), JSON_ENCODE_ANY));
        json_decref(wrapped);
        json_decref(out);
    }
}

static void test_bad_updates(UNUSED void **state)
{
    static const struct {
        const char *update;
        enum err rc;
        const char *why;
    } cases[] = {
        {"{'action':'fly'}", ERR_UNSUPPORTED, "update fly"},
        {"{}", ERR_CORRUPT, "action"},
        {"5", ERR_CORRUPT, "action"},
        {"{'action':'upgrade-format-version','format-version':3}", ERR_UNSUPPORTED, "version 3"},
        {"{'action':'upgrade-format-version','format-version':1}", ERR_INPUT, "cannot go back"},
        {"{'action':'set-current-schema','schema-id':-1}", ERR_INPUT, "there is no -1"},
        {"{'action':'set-default-spec','spec-id':8}", ERR_INPUT, "there is no 8"},
        {"{'action':'add-schema','schema':{'fields':[{'id':1}]}}", ERR_CORRUPT, "add-schema"},
        {"{'action':'add-spec','spec':{'fields':[{}]}}", ERR_CORRUPT, "field-id"},
        {"{'action':'add-snapshot','snapshot':{'snapshot-id':12,'sequence-number':3}}", ERR_INPUT,
         "there already"},
        {"{'action':'add-snapshot','snapshot':{'snapshot-id':13,'sequence-number':2}}", ERR_CONFLICT,
         "sequence number 2"},
        {"{'action':'add-snapshot'}", ERR_CORRUPT, "snapshot"},
        {"{'action':'set-snapshot-ref','ref-name':'main','type':'branch','snapshot-id':99}", ERR_INPUT,
         "snapshot 99"},
        {"{'action':'set-snapshot-ref','ref-name':'main','type':'tag','snapshot-id':11}", ERR_INPUT,
         "main is a branch"},
        {"{'action':'set-properties','updates':{'p':2}}", ERR_INPUT, "not a string"},
        {"{'action':'remove-snapshots'}", ERR_CORRUPT, "snapshot-ids"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char list[200];
        json_t *out = NULL;
        struct error e;
        enum err rc;

        snprintf(list, sizeof list, "[%s]", cases[i].update);
        rc = apply("[]", list, &out, &e);
        if (rc != cases[i].rc || strstr(e.text, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].update, rc == OK ? "was done" : e.text);
    }
}

static void test_clocks_behind(UNUSED void **state)
{
    struct metadata *m = base();
    json_t *none = json_array(), *out;
    struct error e;

    ASSERT_OK(metadata_apply(m, none, none, 5, NULL, &out, &e), &e); /* the last writer's clock was at 100 */
    assert_int_equal(json_integer_value(json_object_get(out, "last-updated-ms")), 100);
    assert_int_equal(json_array_size(json_object_get(out, "metadata-log")), 2);
    json_decref(out);
    json_decref(none);
    metadata_free(m);
}

static void test_no_memory(UNUSED void **state)
{
    static const char updates[] =
        "[{'action':'add-snapshot','snapshot':{'snapshot-id':13,'sequence-number':3,'timestamp-ms':150}},"
        "{'action':'set-snapshot-ref','ref-name':'main','type':'branch','snapshot-id':13},"
        "{'action':'add-schema','schema':{'type':'struct','fields':[{'id':7,'name':'b','required':false,'"
        "type':'int'}]}},"
        "{'action':'set-properties','updates':{'p':'2'}},{'action':'remove-snapshots','snapshot-ids':[11]}]";
    struct metadata *m;
    json_t *u, *none;
    struct error e;
    enum err rc = ERR_MEMORY;

    json_set_alloc_funcs(mem_alloc, mem_free);
    m = base();
    u = json_of(updates);
    none = json_array();
    for (uint64_t n = 1; rc != OK; n++) {
        json_t *out = NULL;

        mem_fail_at(n, false);
        rc = metadata_apply(m, none, u, 200, "v3", &out, &e);
        mem_fail_at(0, false);
        if (rc != OK && rc != ERR_MEMORY)
            fail_msg("allocation %" PRIu64 ": %s", n, e.text);
        if (rc == OK)
            json_decref(out);
    }
    json_decref(u);
    json_decref(none);
    metadata_free(m);
}

TEST_MAIN(cmocka_unit_test(test_requirements), cmocka_unit_test(test_updates),
          cmocka_unit_test(test_bad_updates), cmocka_unit_test(test_clocks_behind),
          cmocka_unit_test(test_no_memory))
