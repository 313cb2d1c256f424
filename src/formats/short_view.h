/* short_view.h: view_of for texts inside a payload. A short text is copied into its view, and most texts are
 * short: where the payload goes on for long enough behind it, that is two loads and a mask rather than a
 * memcpy of unknown length.
 */
#ifndef WEIR_FORMATS_SHORT_VIEW_H
#define WEIR_FORMATS_SHORT_VIEW_H
#include "batch/column.h"

/* end is the end of what may be read from ptr on. */
static inline struct view short_view_of(const char *ptr, size_t len, const char *end)
{
    static const uint8_t mask[2 * VIEW_INLINE] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
    struct view v;
    uint64_t a, m;
    uint32_t b, n;

    if (len > VIEW_INLINE || end - ptr < VIEW_INLINE)
        return view_of(ptr, len);
    memcpy(&a, ptr, 8);
    memcpy(&b, ptr + 8, 4);
    memcpy(&m, mask + VIEW_INLINE - len, 8);
    memcpy(&n, mask + VIEW_INLINE - len + 8, 4);
    a &= m;
    b &= n;
    v.len = (uint32_t)len;
    memcpy(v.inlined, &a, 8);
    memcpy(v.inlined + 8, &b, 4);
    return v;
}
#endif
