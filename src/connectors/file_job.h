/* file_job.h: the blocking half of a file source, a step at a time on an I/O thread: list the folder, or
 * read the next piece of a file. Owned by two, the source and the thread; a source that closes leaves a step
 * behind that nobody waits for.
 */
#ifndef WEIR_CONNECTORS_FILE_JOB_H
#define WEIR_CONNECTORS_FILE_JOB_H
#include "connectors/file_list.h"
#include "connectors/file_reader.h"
#include "connectors/file_source.h"
#include <pthread.h>

struct file_job {
    const struct file_source_spec *spec; /* borrowed */
    struct fs *fs;
    char *path; /* owned: the file to be read; NULL: list */
    struct file_reader *reader;

    /* Results, good when it is not running. */
    struct file_list list;
    struct bytes text;
    struct batch *batch;
    bool end; /* of the file */
    enum err rc;
    struct error error;

    atomic_int refs;
    atomic_bool running;
    pthread_mutex_t lock; /* guards wake */
    void (*wake)(void *arg);
    void *wake_arg;
};

/* NULL without memory. path is copied. */
struct file_job *file_job_new(const struct file_source_spec *spec, const struct op_env *env,
                              const char *path);
/* Let it run (again); false without memory. */
MUST_USE bool file_job_start(struct file_job *j, struct executor *x);
static inline bool file_job_is_running(const struct file_job *j)
{
    return atomic_load_explicit(&j->running, memory_order_acquire);
}
void file_job_free(struct file_job *j); /* NULL is fine; if it runs it ends by itself, silently */
#endif
