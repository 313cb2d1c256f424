/* format_options.h: the values of a format's options, once format_check_options has passed them: decoders and
 * encoders ask here, so that a fallback stands in one place, the format's table.
 */
#ifndef WEIR_FORMATS_FORMAT_OPTIONS_H
#define WEIR_FORMATS_FORMAT_OPTIONS_H
#include "formats/format.h"

/* What is given, else the fallback, else NULL. The format must list the option. */
const char *format_option(const struct format *f, const struct map *options, const char *name);
bool format_flag(const struct format *f, const struct map *options, const char *name);

/* Whether an OPTION_WORD has that value, in any case. */
bool format_option_is(const struct format *f, const struct map *options, const char *name, const char *word);
#endif
