/* config_reference.c: `weir config`: the reference page of all keys, from the one table of them. */
#include "base/bytes.h"
#include "cli/command.h"
#include "config/config.h"
#include <stdio.h>

int command_config(int argc, char **argv)
{
    struct bytes page = {0};

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        printf("usage: weir config\n\nPrints every configuration key as a Markdown table: what it means, its "
               "default, and whether\n"
               "weir honours it. docs/configuration.md is made by it.\n");
        return 0;
    }
    if (argc > 1)
        return command_usage("config", "there is no argument \"%s\"", argv[1]);
    config_write_doc(&page);
    fwrite(page.ptr, 1, page.len, stdout);
    bytes_fini(&page);
    return 0;
}
