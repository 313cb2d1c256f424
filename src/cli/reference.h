/* reference.h: pages for people that are printed from the tables the program works by: one command each. */
#ifndef WEIR_CLI_REFERENCE_H
#define WEIR_CLI_REFERENCE_H
#include "base/bytes.h"

#define REFERENCE_PAGES 3

struct reference_page {
    const char *command; /* `weir config` */
    const char *file;    /* what it prints is kept there */
    const char *about;
    void (*write)(struct bytes *out);
};
extern const struct reference_page reference_pages[REFERENCE_PAGES];
#endif
