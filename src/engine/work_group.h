/* work_group.h: an executor that counts what it was given and is not done yet, so that whoever takes things
 * down knows when nobody is at work on them any more. Operators get one instead of the executor itself.
 */
#ifndef WEIR_ENGINE_WORK_GROUP_H
#define WEIR_ENGINE_WORK_GROUP_H
#include "engine/inbox.h"
#include "os/executor.h"

struct work_group {
    struct executor executor; /* what to submit to */
    struct executor *inner;   /* borrowed */
    struct inbox *inbox;      /* borrowed; its lock guards count, and its bell rings when count comes to 0 */
    int64_t count;
};

void work_group_init(struct work_group *g, struct executor *inner, struct inbox *inbox);
bool work_group_is_idle(struct work_group *g);
#endif
