/* sql_settings.h: the settings that the SQL client itself obeys, read anew for each statement. */
#ifndef WEIR_CLI_SQL_SETTINGS_H
#define WEIR_CLI_SQL_SETTINGS_H
#include "config/config.h"

enum result_mode { MODE_TABLEAU, MODE_TABLE, MODE_CHANGELOG };

struct sql_settings {
    enum result_mode mode; /* sql-client.execution.result-mode */
    int64_t most_rows;     /* sql-client.execution.max-table-result.rows */
    int32_t most_width;    /* sql-client.display.max-column-width, table.display.max-column-width */
    bool time_cost;        /* sql-client.display.print-time-cost */
    bool batch;            /* execution.runtime-mode */
    bool dml_sync;         /* table.dml-sync */
};

/* The nth key that the client obeys, NULL behind the last; *values: "a|b|c", NULL: any. */
const char *sql_settings_key(size_t n, const char **values);
/* One setting: whether SET may give it that value; keys that are not the client's are fine. */
MUST_USE enum err sql_settings_check(const char *key, const char *value, struct error *e);
/* ERR_CONFIG: a value is wrong; the message says which and what is wanted. */
MUST_USE enum err sql_settings_read(const struct config *c, struct sql_settings *out, struct error *e);
#endif
