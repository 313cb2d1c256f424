/* registry_mock.h: what registry.c asks of registry_mock.c. Thread: any. */
#ifndef WEIR_FORMATS_REGISTRY_MOCK_H
#define WEIR_FORMATS_REGISTRY_MOCK_H
#include "formats/registry.h"

MUST_USE enum err registry_mock_schema(const char *name, int32_t id, struct bytes *out, int32_t *version,
                                       struct error *e);
MUST_USE enum err registry_mock_register(const char *name, const char *subject, struct slice schema,
                                         int32_t *id, struct error *e);
#endif
