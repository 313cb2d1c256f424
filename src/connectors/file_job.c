/* file_job.c: see file_job.h. */
#include "connectors/file_job.h"
#include "base/mem.h"

struct file_job *file_job_new(const struct file_source_spec *spec, const struct op_env *env, const char *path)
{
    struct file_job *j = mem_zalloc(sizeof *j);

    if (j == NULL || (path && (j->path = mem_strdup(path)) == NULL)) {
        mem_free(j);
        return NULL;
    }
    j->spec = spec;
    j->fs = env->fs;
    j->wake = env->wake;
    j->wake_arg = env->wake_arg;
    atomic_init(&j->refs, 1);
    pthread_mutex_init(&j->lock, NULL);
    return j;
}

static void let_go(struct file_job *j)
{
    if (atomic_fetch_sub(&j->refs, 1) != 1)
        return;
    file_reader_free(j->reader);
    file_list_fini(&j->list);
    bytes_fini(&j->text);
    batch_unref(j->batch);
    pthread_mutex_destroy(&j->lock);
    mem_free(j->path);
    mem_free(j);
}

static enum err read_piece(struct file_job *j)
{
    enum err rc = OK;

    if (j->reader == NULL)
        rc = file_reader_open(j->fs, j->path, j->spec->kind, j->spec->content, &j->reader, &j->error);
    if (rc != OK)
        return rc;
    if (j->spec->format)
        return file_reader_text(j->reader, &j->text, &j->end, &j->error);
    rc = file_reader_batch(j->reader, &j->batch, &j->error);
    j->end = j->batch == NULL;
    return rc;
}

static void run(void *arg)
{
    struct file_job *j = arg;

    j->rc = j->path ? read_piece(j)
                    : file_list_read(&j->list, j->fs, j->spec->path, j->spec->pattern, &j->error);
    atomic_store_explicit(&j->running, false, memory_order_release);
    pthread_mutex_lock(&j->lock);
    if (j->wake)
        j->wake(j->wake_arg);
    pthread_mutex_unlock(&j->lock);
    let_go(j);
}

bool file_job_start(struct file_job *j, struct executor *x)
{
    atomic_store(&j->running, true);
    atomic_fetch_add(&j->refs, 1);
    if (executor_submit(x, run, j))
        return true;
    atomic_store(&j->running, false);
    atomic_fetch_sub(&j->refs, 1);
    return false;
}

void file_job_free(struct file_job *j)
{
    if (j == NULL)
        return;
    pthread_mutex_lock(&j->lock);
    j->wake = NULL;
    pthread_mutex_unlock(&j->lock);
    let_go(j);
}
