/* demo_health.c: the health job under another name, for the demo, whose weir_main comes first. */
#define weir_main health_main
#include "health.c" /* NOLINT: the same source, so that the demo's job is the job */
