/* run_sql.c: see run_sql.h. The whole file is parsed first: what is misspelt at its end should not stop jobs
 * that its beginning has started.
 *
 * -d: the process forks before it does anything else. The child does the work and tells when all statements
 * are executed, by a byte in a pipe; the parent then leaves it alone, or ends as it did.
 */
#include "cli/run_sql.h"
#include "base/mem.h"
#include "cli/sql_client.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- in the background ---------------------------------------------------------------------------------- */

static int parent_end(pid_t child, int fd)
{
    char byte;
    ssize_t n;
    int status = 0;

    do
        n = read(fd, &byte, 1);
    while (n < 0 && errno == EINTR);
    close(fd);
    if (n == 1) {
        printf("Runs in the background as process %ld\n", (long)child);
        return 0;
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}

/* True in the child: *fd is where to tell. False: *code is what to exit with. */
static bool detach(int *fd, int *code)
{
    int ends[2];
    pid_t child;

    *code = 1;
    if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0) {
        fprintf(stderr, "weir run: -d: no process for the background: %s\n", strerror(errno));
        return false;
    }
    if (child > 0) {
        close(ends[1]);
        *code = parent_end(child, ends[0]);
        return false;
    }
    close(ends[0]);
    setsid();
    *fd = ends[1];
    return true;
}

static void tell_parent(int *fd)
{
    if (*fd >= 0 && write(*fd, "", 1) != 1)
        fprintf(stderr, "weir run: -d: nobody waits for the start any more\n");
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* --- the file ------------------------------------------------------------------------------------------- */

/* How many jobs the script makes; SELECTs are none that a checkpoint could be of. */
static int32_t count_jobs(const struct sql_script *script)
{
    int32_t jobs = 0;
    bool in_set = false;

    for (int32_t i = 0; i < script->statement_count; i++)
        switch (script->statements[i]->kind) {
        case AST_BEGIN_STATEMENT_SET:
            in_set = true;
            break;
        case AST_END:
            jobs += in_set;
            in_set = false;
            break;
        case AST_INSERT:
            jobs += !in_set;
            break;
        case AST_STATEMENT_SET:
            jobs++;
            break;
        default:
            break;
        }
    return jobs;
}

static void print_errors(const struct sql_script *script, const struct sql_source *source)
{
    for (int32_t i = 0; i < script->error_count; i++) {
        struct bytes text = {0};

        sql_error_render(&script->errors[i], source, &text);
        fprintf(stderr, "weir run: %s\n", text.failed ? script->errors[i].message : bytes_cstr(&text));
        bytes_fini(&text);
    }
}

/* Whether the file can be run; what is wrong is told. */
static bool check(const struct run_options *o, const struct sql_source *source)
{
    struct arena arena = {0};
    struct sql_script script = {0};
    struct error e;
    int32_t jobs;
    bool ok = false;

    if (sql_parse_script(&arena, source, &script, &e) != OK) {
        fprintf(stderr, "weir run: %s\n", e.text);
        goto out;
    }
    print_errors(&script, source);
    jobs = count_jobs(&script);
    if (o->from && jobs != 1)
        fprintf(stderr,
                "weir run: -s is for a file that makes one job, and %s makes %" PRId32
                "; put its INSERTs into one STATEMENT SET, or run them from files of their own\n",
                o->job, jobs);
    ok = script.error_count == 0 && !(o->from && jobs != 1);
out:
    arena_fini(&arena);
    return ok;
}

static int execute(const struct run_options *o, struct config *config, const struct sql_source *source,
                   int *detached_fd)
{
    struct sql_client_options options = {.manner = SQL_APPLICATION,
                                         .from = o->from,
                                         .fresh = o->fresh,
                                         .allow_non_restored = o->allow_non_restored,
                                         .progress = o->progress};
    struct sql_client *client;
    struct error e;
    bool ok;

    if (sql_client_new(config, &options, &client, &e) != OK) {
        fprintf(stderr, "weir run: %s\n", e.text);
        return 1;
    }
    if ((ok = sql_client_text(client, source, false))) {
        sql_client_check_overrides(client);
        tell_parent(detached_fd);
    } else {
        sql_client_stop(client);
    }
    ok &= sql_client_wait(client);
    sql_client_free(client);
    return ok ? 0 : 1;
}

int run_sql(const struct run_options *o, struct config *config)
{
    struct bytes text = {0};
    struct sql_source source = {.name = o->job};
    struct error e;
    int code = 1, fd = -1;

    if (sql_client_read(o->job, &text, &e) != OK) {
        fprintf(stderr, "weir run: %s\n", e.text);
    } else {
        source.text = bytes_all(&text);
        if (check(o, &source) && (!o->detached || detach(&fd, &code)))
            code = execute(o, config, &source, &fd);
    }
    if (fd >= 0)
        close(fd);
    bytes_fini(&text);
    return code;
}
