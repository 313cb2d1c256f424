/* command.c: see command.h. */
#include "cli/command.h"
#include <stdarg.h>
#include <stdio.h>

int command_usage(const char *command, const char *fmt, ...)
{
    va_list va;

    fprintf(stderr, "weir%s%s: ", *command ? " " : "", command);
    va_start(va, fmt);
    vfprintf(stderr, fmt, va);
    va_end(va);
    fprintf(stderr, "\nUse `weir%s%s --help` to get help.\n", *command ? " " : "", command);
    return 1;
}
