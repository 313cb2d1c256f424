/* unnest.h: a list column made rows: each element becomes a row, with columns of the row it came from
 * repeated beside it. A MAP is a list of its entries, a MULTISET
 * one of its elements, each as often as it is there. Port 0: those; port 1, when asked for: the rows whose
 * list is empty or absent, as they came.
 *
 *   (u1, [{a,1}, {b,2}])  -->  (u1, a, 1)
 *   (u2, [])                   (u1, b, 2)          port 1: (u2, [])
 */
#ifndef WEIR_OPERATORS_UNNEST_H
#define WEIR_OPERATORS_UNNEST_H
#include "operators/operator.h"

/* Read-only; must outlive operators and batches. */
struct unnest_spec {
    const struct schema *input;
    int32_t list_column;
    int32_t parent_count;
    const int32_t *parents;      /* columns of input to repeat, in the order of output */
    int32_t element_count;       /* LIST or MULTISET of STRUCT: how many of its fields; MAP: 2; else 1 */
    const int32_t *elements;     /* which; NULL: the first element_count */
    const struct schema *output; /* parents, then elements: of the same types; then the number of the element
                                  * from 1, INT32, when ordinality is set */
    bool ordinality;
    bool outer;         /* rows without elements give one row whose elements are absent */
    bool empty_to_port; /* rows without elements go to port 1; else they are gone */
};
extern const struct operator_factory unnest_factory;
#endif
