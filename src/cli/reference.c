/* reference.c: see reference.h. `weir config`, `weir connectors`, `weir functions`. */
#include "cli/reference.h"
#include "cli/command.h"
#include "config/config.h"
#include "connectors/connector.h"
#include "expr/function.h"
#include <stdio.h>

const struct reference_page reference_pages[REFERENCE_PAGES] = {
    {"config", "docs/configuration.md",
     "every configuration key: what it means, its default, and whether weir honours it", config_write_doc},
    {"connectors", "docs/connectors.md",
     "every connector and format of SQL tables, with the options that it takes", connector_write_doc},
    {"functions", "docs/functions.md", "every function and operator of SQL, and what it gives",
     function_write_doc},
};

static const struct reference_page *find(const char *command)
{
    const struct reference_page *page = reference_pages;

    while (strcmp(page->command, command) != 0) /* main.c has no others */
        page++;
    return page;
}

static int print(const struct reference_page *page)
{
    struct bytes text = {0};
    bool ok;

    page->write(&text);
    ok = !text.failed && fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    bytes_fini(&text);
    if (!ok)
        fprintf(stderr, "weir %s: the page could not be written in full\n", page->command);
    return ok ? 0 : 1;
}

int command_reference(int argc, char **argv)
{
    const struct reference_page *page = find(argv[0]);

    if (argc == 1)
        return print(page);
    if (strcmp(argv[1], "--help") != 0 && strcmp(argv[1], "-h") != 0)
        return command_usage(page->command, "there is no argument \"%s\"", argv[1]);
    printf("usage: weir %s\n\nPrints %s, as Markdown.\n%s is made by it.\n", page->command, page->about,
           page->file);
    return 0;
}
