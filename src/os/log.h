/* log.h: log lines, as text or JSON, to standard error or a file.
 * A line has a time, a level, the component that speaks ("kafka_source"), and a sentence. Thread: any; lines
 * never mix. text: 2025-11-01 08:30:00,123 INFO  kafka_source                - assigned health-data-raw-0 at
 * offset 42 json:
 * {"timestamp":"2025-11-01T08:30:00.123Z","level":"INFO","logger":"kafka_source","thread":"worker-1","message":"..."}
 * Messages are one line: control characters are escaped. Secrets are the caller's care (config_is_secret).
 */
#ifndef WEIR_OS_LOG_H
#define WEIR_OS_LOG_H
#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Until called: INFO, text, standard error. fd is borrowed. May be called again. */
void log_init(enum log_level level, enum log_format format, int fd);
bool log_enabled(enum log_level level);
void log_line(enum log_level level, const char *component, const char *fmt, ...) PRINTF(3, 4);

/* DEBUG, INFO, WARN or WARNING, ERROR in any case; false when it is none. */
bool log_level_parse(const char *text, enum log_level *out);

#define log_debug(component, ...)                                                                            \
    do {                                                                                                     \
        if (log_enabled(LOG_DEBUG))                                                                          \
            log_line(LOG_DEBUG, component, __VA_ARGS__);                                                     \
    } while (0)
#define log_info(component, ...)  log_line(LOG_INFO, component, __VA_ARGS__)
#define log_warn(component, ...)  log_line(LOG_WARN, component, __VA_ARGS__)
#define log_error(component, ...) log_line(LOG_ERROR, component, __VA_ARGS__)
#endif
