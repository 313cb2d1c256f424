/* fs_local_test.c: files on a disk: names, whole or not at all, once only, listing, and what a crash leaves.
 */
#include "base/mem.h"
#include "base/test.h"
#include "io/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[64]; /* a fresh folder, the current one too */
static struct fs *fs;
static struct error e;

static int set_up(UNUSED void **state)
{
    snprintf(root, sizeof root, "/tmp/weir-fs-XXXXXX");
    if (mkdtemp(root) == NULL || chdir(root) != 0)
        return -1;
    return fs_local_new(&fs, &e);
}

static int tear_down(UNUSED void **state)
{
    char command[100];

    fs_free(fs);
    if (chdir("/") != 0)
        return -1;
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static const char *at(const char *form, const char *name)
{
    static char texts[4][200];
    static int next;
    char *text = texts[next++ % 4];

    snprintf(text, sizeof texts[0], "%s%s/%s", form, root, name);
    return text;
}

static void put_text(const char *path, const char *text)
{
    ASSERT_OK(fs_put(fs, path, slice_text(text), FS_REPLACE, &e), &e);
}

static void assert_content(const char *path, const char *want)
{
    struct bytes got = {0};

    ASSERT_OK(fs_read_all(fs, path, &got, &e), &e);
    assert_string_equal(bytes_cstr(&got), want);
    bytes_fini(&got);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* --- names --- */

static void test_forms_of_a_path(UNUSED void **state)
{
    static const char *const forms[] = {"", "file:", "file://", "FILE://", "file://localhost"};

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        put_text(at(forms[i], "a/b c=1/x"), forms[i]);
        for (size_t j = 0; j < COUNT_OF(forms); j++)
            assert_content(at(forms[j], "a/b c=1/x"), forms[i]);
        assert_content("a/b c=1/x", forms[i]);
        assert_content("file:a/b c=1/x", forms[i]);
    }
    put_text("plain", "here");
    assert_content("./plain", "here");
    put_text("with:colon/x", "1");
    assert_content("./with:colon/x", "1");
}

static void test_bad_paths(UNUSED void **state)
{
    static const struct {
        const char *path;
        enum err rc;
        const char *text;
    } cases[] = {
        {"", ERR_CONFIG, "empty"},
        {"file:", ERR_CONFIG, "empty"},
        {"file://host/a", ERR_CONFIG, "has no host"},
        {"hdfs://name/a", ERR_UNSUPPORTED, "not a local file"},
        {"s3://bucket/a", ERR_UNSUPPORTED, "s3://bucket/a"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes out = {0};
        struct fs_info info;
        struct fs_file *f;

        assert_int_equal(fs_create(fs, cases[i].path, &f, &e), cases[i].rc);
        assert_null(f);
        assert_true(has(e.text, cases[i].text));
        assert_int_equal(fs_read_all(fs, cases[i].path, &out, &e), cases[i].rc);
        assert_int_equal(fs_stat(fs, cases[i].path, &info, &e), cases[i].rc);
        assert_int_equal(fs_list(fs, cases[i].path, NULL, NULL, &e), cases[i].rc);
        assert_int_equal(fs_remove(fs, cases[i].path, &e), cases[i].rc);
    }
}

static void test_long_names(UNUSED void **state)
{
    char name[257];

    memset(name, 'n', sizeof name);
    name[255] = '\0';
    put_text(name, "longest");
    assert_content(name, "longest");
    name[255] = 'n';
    name[256] = '\0';
    assert_int_equal(fs_put(fs, name, SLICE("x"), FS_REPLACE, &e), ERR_CONFIG);
    assert_true(has(e.text, "too long"));
}

/* --- writing and reading --- */

/* Write size bytes in pieces and read them back. */
static void check_pieces(size_t size, size_t piece)
{
    char *data = malloc(size + 1);
    struct fs_file *f;
    struct bytes got = {0};
    struct fs_info info;

    assert_non_null(data);
    for (size_t i = 0; i < size; i++)
        data[i] = (char)(i * 31 >> 3);
    ASSERT_OK(fs_create(fs, "deep/er/file", &f, &e), &e);
    for (size_t done = 0; done < size; done += piece)
        ASSERT_OK(fs_write(f, slice_of(data + done, MIN(piece, size - done)), &e), &e);
    ASSERT_OK(fs_publish(&f, FS_REPLACE, &e), &e);
    assert_null(f);
    ASSERT_OK(fs_stat(fs, "deep/er/file", &info, &e), &e);
    assert_int_equal(info.size, size);
    assert_string_equal(info.path, "deep/er/file");
    bytes_text(&got, "before");
    ASSERT_OK(fs_read_all(fs, "deep/er/file", &got, &e), &e);
    assert_int_equal(got.len, 6 + size);
    assert_memory_equal(got.ptr, "before", 6);
    assert_memory_equal(got.ptr + 6, data, size);
    bytes_fini(&got);
    free(data);
}

static void test_pieces(UNUSED void **state)
{
    static const struct {
        size_t size, piece;
    } cases[] = {{0, 1},        {1, 1}, {200000, 7}, {65536, 65536}, {65537, 65536}, {3000000, 100000},
                 {65535, 65535}};

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_pieces(cases[i].size, cases[i].piece);
}

static void test_ranges(UNUSED void **state)
{
    static const struct {
        int64_t offset, len;
        enum err rc;
        const char *want;
    } cases[] = {
        {0, -1, OK, "0123456789"},
        {4, -1, OK, "456789"},
        {10, -1, OK, ""},
        {3, 2, OK, "34"},
        {0, 0, OK, ""},
        {9, 1, OK, "9"},
        {9, 2, ERR_IO, ""},
        {11, -1, ERR_IO, ""},
        {11, 0, ERR_IO, ""},
        {0, INT64_MAX, ERR_IO, ""},
        {INT64_MAX, INT64_MAX, ERR_IO, ""},
    };
    put_text("ten", "0123456789");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes got = {0};

        assert_int_equal(fs_read(fs, "ten", cases[i].offset, cases[i].len, &got, &e), cases[i].rc);
        assert_true(slice_is(bytes_all(&got), cases[i].want));
        if (cases[i].rc != OK)
            assert_true(has(e.text, "ten") && has(e.text, "it has 10"));
        bytes_fini(&got);
    }
}

static void test_not_found(UNUSED void **state)
{
    struct bytes out = {0};
    struct fs_info info;
    bool exists = true;

    put_text("file", "x");
    put_text("folder/x", "x");
    static const char *const names[] = {"absent", "absent/er", "file/below", "folder"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(fs_stat(fs, names[i], &info, &e), ERR_NOT_FOUND);
        assert_true(has(e.text, names[i]));
        assert_true(fs_exists(fs, names[i], &exists, &e));
        assert_false(exists);
    }
    assert_int_equal(fs_read_all(fs, "absent", &out, &e), ERR_NOT_FOUND);
    assert_int_equal(fs_read_all(fs, "file/below", &out, &e), ERR_NOT_FOUND);
    assert_int_equal(fs_read_all(fs, "folder", &out, &e), ERR_IO);
    assert_true(has(e.text, "is a folder"));
    assert_true(fs_exists(fs, "file", &exists, &e) && exists);
}

static void test_seen_only_when_published(UNUSED void **state)
{
    struct fs_file *f;
    bool exists;

    ASSERT_OK(fs_create(fs, "a/b/new", &f, &e), &e);
    ASSERT_OK(fs_write(f, SLICE("half"), &e), &e);
    assert_true(fs_exists(fs, "a/b/new", &exists, &e) && !exists);
    fs_abandon(&f);
    assert_null(f);
    fs_abandon(&f);
    assert_true(fs_exists(fs, "a/b/new", &exists, &e) && !exists);
    assert_int_equal(rmdir("a/b"), 0); /* nothing is left in it */
    put_text("old", "old");
    ASSERT_OK(fs_create(fs, "old", &f, &e), &e);
    ASSERT_OK(fs_write(f, SLICE("new"), &e), &e);
    assert_content("old", "old");
    ASSERT_OK(fs_publish(&f, FS_REPLACE, &e), &e);
    assert_content("old", "new");
}

static void test_in_the_way(UNUSED void **state)
{
    put_text("folder/x", "x");
    assert_int_equal(fs_put(fs, "folder/", SLICE("x"), FS_REPLACE, &e), ERR_CONFIG);
    assert_int_equal(fs_put(fs, "folder", SLICE("x"), FS_REPLACE, &e), ERR_IO);
    assert_true(has(e.text, "folder"));
    assert_int_equal(fs_put(fs, "folder", SLICE("x"), FS_IF_ABSENT, &e), ERR_EXISTS);
    assert_int_equal(fs_put(fs, "folder/x/y", SLICE("x"), FS_REPLACE, &e),
                     ERR_IO); /* a file where a folder is needed */
    assert_int_equal(fs_remove(fs, "folder", &e), ERR_IO);
    assert_content("folder/x", "x");
}

/* --- once only --- */

static void test_if_absent(UNUSED void **state)
{
    ASSERT_OK(fs_put(fs, "v1", SLICE("first"), FS_IF_ABSENT, &e), &e);
    assert_int_equal(fs_put(fs, "v1", SLICE("second"), FS_IF_ABSENT, &e), ERR_EXISTS);
    assert_true(has(e.text, "v1"));
    assert_content("v1", "first");
}

struct racer {
    pthread_t thread;
    int number, won;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct error mine;
    char name[20], body[20];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "race/%d", i);
        snprintf(body, sizeof body, "racer %d", racer->number);
        enum err rc = fs_put(fs, name, slice_text(body), FS_IF_ABSENT, &mine);
        assert(rc == OK || rc == ERR_EXISTS);
        racer->won += rc == OK;
    }
    return NULL;
}

static void test_one_of_many_wins(UNUSED void **state)
{
    struct racer racers[4] = {0};
    int won = 0;

    for (int i = 0; i < 4; i++) {
        racers[i].number = i;
        pthread_create(&racers[i].thread, NULL, race, &racers[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(racers[i].thread, NULL);
        won += racers[i].won;
    }
    assert_int_equal(won, 50);
}

/* A folder that others empty and remove while files are being made in it. */
static void *remove_often(void *arg)
{
    struct error mine;

    for (int i = 0; i < 500; i++) {
        enum err rc = fs_remove(fs, arg, &mine);
        assert(rc == OK);
    }
    return NULL;
}

static void test_create_against_remove(UNUSED void **state)
{
    pthread_t remover;

    pthread_create(&remover, NULL, remove_often, "shared/folder/other");
    for (int i = 0; i < 200; i++) {
        put_text("shared/folder/mine", "x");
        ASSERT_OK(fs_remove(fs, "shared/folder/mine", &e), &e);
    }
    pthread_join(remover, NULL);
}

/* --- listing --- */

struct seen {
    char text[2000]; /* sorted, a blank after each */
    int64_t size;
    int count, stop_at;
};

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool note(void *arg, const struct fs_info *info)
{
    struct seen *seen = arg;

    strcat(strcat(seen->text, info->path), " ");
    seen->size += info->size;
    assert_true(info->modified_ms > INT64_C(1600000000000));
    return ++seen->count != seen->stop_at;
}

static void assert_list(const char *prefix, const char *want)
{
    struct seen seen = {0};
    char *names[50], *rest = NULL, copy[2000], sorted[2000] = "";
    size_t count = 0;

    ASSERT_OK(fs_list(fs, prefix, note, &seen, &e), &e);
    strcpy(copy, seen.text);
    for (char *name = strtok_r(copy, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        names[count++] = name;
    qsort(names, count, sizeof names[0], compare_texts);
    for (size_t i = 0; i < count; i++)
        strcat(strcat(sorted, names[i]), " ");
    assert_string_equal(sorted, want);
}

static void test_list(UNUSED void **state)
{
    struct fs_file *open_file;
    char want[300];

    put_text("t/data/d=1/a", "1");
    put_text("t/data/d=2/b", "22");
    put_text("t/data.txt", "333");
    put_text("t/metadata/v1", "4444");
    put_text("t/.hidden", "5");
    ASSERT_OK(fs_create(fs, "t/data/unfinished", &open_file, &e), &e);
    assert_int_equal(symlink("data.txt", "t/link"), 0);
    assert_int_equal(symlink("nowhere", "t/dangling"), 0);
    assert_int_equal(symlink(".", "t/loop"), 0);
    assert_list("t/", "t/.hidden t/data.txt t/data/d=1/a t/data/d=2/b t/link t/metadata/v1 ");
    assert_list("t/data", "t/data.txt t/data/d=1/a t/data/d=2/b ");
    assert_list("t/data/", "t/data/d=1/a t/data/d=2/b ");
    assert_list("t/data/d=2", "t/data/d=2/b ");
    assert_list("file:t/meta", "file:t/metadata/v1 ");
    assert_list("t/loop/data.", "t/loop/data.txt ");
    assert_list("none/", "");
    assert_list("t/data.txt/", "");
    assert_list("t/zzz", "");
    snprintf(want, sizeof want, "file://%s/t/metadata/v1 ", root);
    assert_list(at("file://", "t/m"), want);
    fs_abandon(&open_file);
}

static void test_list_stops(UNUSED void **state)
{
    struct seen seen = {.stop_at = 2};

    put_text("s/a/1", "1");
    put_text("s/b/1", "1");
    put_text("s/c", "1");
    ASSERT_OK(fs_list(fs, "s/", note, &seen, &e), &e);
    assert_int_equal(seen.count, 2);
    assert_int_equal(seen.size, 2);
}

static bool remove_it(UNUSED void *arg, const struct fs_info *info)
{
    struct error mine;

    return fs_remove(fs, info->path, &mine) == OK;
}

static void test_remove_while_listing(UNUSED void **state)
{
    char name[30];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "gone/%d/%d", i % 7, i);
        put_text(name, "x");
    }
    ASSERT_OK(fs_list(fs, "gone/", remove_it, NULL, &e), &e);
    assert_list("gone/", "");
    assert_int_equal(access("gone", F_OK), -1);
}

/* --- removing, and what a crash leaves --- */

static void test_remove(UNUSED void **state)
{
    put_text("r/a/b/x", "x");
    put_text("r/y", "y");
    ASSERT_OK(fs_remove(fs, at("file:", "r/a/b/x"), &e), &e);
    assert_int_equal(access("r/a", F_OK), -1);
    assert_content("r/y", "y");
    ASSERT_OK(fs_remove(fs, "r/a/b/x", &e), &e);
    ASSERT_OK(fs_remove(fs, "r/y/below", &e), &e);
    assert_content("r/y", "y");
    ASSERT_OK(fs_remove(fs, "r/y", &e), &e);
    assert_int_equal(access("r", F_OK), -1);
}

/* Make a temporary file look as old as one of a process that died long ago. */
static void make_stale(const char *name)
{
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};

    assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void test_stale_remains_go_with_their_folder(UNUSED void **state)
{
    static const char remains[] = "c/.x.tmp-0123456789abcdef";
    struct fs_file *alive;
    int fd;

    put_text("c/kept", "x");
    fd = open(remains, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    ASSERT_OK(fs_remove(fs, "c/kept", &e), &e);
    assert_int_equal(access(remains, F_OK), 0); /* too young to be sure */
    make_stale(remains);
    ASSERT_OK(fs_remove(fs, "c/kept", &e), &e);
    assert_int_equal(access("c", F_OK), -1);

    ASSERT_OK(fs_create(fs, "c/slow", &alive, &e), &e); /* its writer lives: old or not, it stays */
    assert_int_equal(system("touch -d 1990-01-01 c/.slow.tmp-*"), 0);
    ASSERT_OK(fs_remove(fs, "c/kept", &e), &e);
    ASSERT_OK(fs_publish(&alive, FS_REPLACE, &e), &e);
    assert_content("c/slow", "");
}

/* Kill a writer at some moment, again and again: the file is always whole. */
static void test_kill_leaves_whole_files(UNUSED void **state)
{
    static char body[200000];

    for (int round = 0; round < 10; round++) {
        pid_t child = fork();

        if (child == 0) {
            for (int i = 0;; i++) {
                memset(body, 'a' + i % 26, sizeof body);
                if (fs_put(fs, "victim", slice_of(body, sizeof body), FS_REPLACE, &e) != OK)
                    _exit(1);
            }
        }
        assert_true(child > 0);
        usleep((useconds_t)(2000 + round * 1700));
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        struct bytes got = {0};
        enum err rc = fs_read_all(fs, "victim", &got, &e);
        assert_true(rc == OK || rc == ERR_NOT_FOUND);
        for (size_t i = 0; i < got.len; i++)
            assert_int_equal(got.ptr[i], got.ptr[0]);
        assert_int_equal(got.len, rc == OK ? sizeof body : 0);
        bytes_fini(&got);
    }
    struct seen seen = {0};
    ASSERT_OK(fs_list(fs, "./", note, &seen, &e), &e);
    assert_true(seen.count <= 1);
}

/* --- faults --- */

enum { DISK_FULL_SEEN = 0, DISK_FULL_NOT_SEEN = 1, CANNOT_MOUNT = 2 };

static void tell(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        _exit(CANNOT_MOUNT);
    close(fd);
}

/* Stay who we are within a user namespace of our own. */
static void enter_namespace(void)
{
    char user[32], group[32];

    snprintf(user, sizeof user, "0 %d 1", (int)geteuid());
    snprintf(group, sizeof group, "0 %d 1", (int)getegid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        _exit(CANNOT_MOUNT);
    tell("/proc/self/setgroups", "deny");
    tell("/proc/self/uid_map", user);
    tell("/proc/self/gid_map", group);
}

/* In a child: a file system of 64 KiB of its own. */
static int fill_small_disk(void)
{
    static char body[200000];
    struct fs_file *f = NULL;
    enum err rc;

    enter_namespace();
    if (mkdir("small", 0700) != 0 || mount("tmpfs", "small", "tmpfs", 0, "size=64k") != 0)
        return CANNOT_MOUNT;
    rc = fs_put(fs, "small/large", slice_of(body, sizeof body), FS_REPLACE, &e);
    if (rc != ERR_IO || !has(e.text, "disk full") || !has(e.text, "small/large"))
        return DISK_FULL_NOT_SEEN;
    /* The remains are gone, so there is room again. */
    rc = fs_put(fs, "small/little", slice_of(body, 30000), FS_REPLACE, &e);
    if (rc != OK || fs_create(fs, "small/next", &f, &e) != OK)
        return DISK_FULL_NOT_SEEN;
    for (int i = 0; i < 1000 && rc == OK; i++)
        rc = fs_write(f, slice_of(body, 100), &e);
    fs_abandon(&f);
    return rc == ERR_IO && has(e.text, "disk full") ? DISK_FULL_SEEN : DISK_FULL_NOT_SEEN;
}

static void test_disk_full(UNUSED void **state)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(fill_small_disk());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT_MOUNT)
        skip();
    assert_int_equal(WEXITSTATUS(status), DISK_FULL_SEEN);
}

/* In a child: as a user who may not write here. */
static int write_where_forbidden(void)
{
    if (geteuid() == 0 && seteuid(65534) != 0)
        return CANNOT_MOUNT;
    if (fs_put(fs, "closed/x", SLICE("x"), FS_REPLACE, &e) != ERR_DENIED ||
        !has(e.text, "check owner and mode"))
        return 1;
    return fs_remove(fs, "closed/y", &e) == ERR_DENIED ? 0 : 1;
}

static void test_permission(UNUSED void **state)
{
    int status;
    pid_t child;

    put_text("closed/y", "y");
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("closed", 0555), 0);
    child = fork();
    if (child == 0)
        _exit(write_where_forbidden());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_content("closed/y", "y");
    assert_int_equal(chmod("closed", 0755), 0);
}

/* --- in two steps --- */

static bool count_hidden(void *arg, const struct fs_info *info)
{
    const char *slash = strrchr(info->path, '/');

    *(int *)arg += fs_is_unrevealed(slash ? slash + 1 : info->path);
    return true;
}

static int hidden_files(void)
{
    int count = 0;

    ASSERT_OK(fs_list(fs, at("", ""), count_hidden, &count, &e), &e);
    return count;
}

/* Each ticket shows the file as it was then, whatever was written behind it; again is no mistake. */
static void test_two_steps(UNUSED void **state)
{
    for (int late = 0; late <= 1; late++) {
        struct bytes tickets[2] = {{0}};
        struct fs_file *f;
        bool exists;

        ASSERT_OK(fs_create(fs, at("", "a/b"), &f, &e), &e);
        ASSERT_OK(fs_write(f, SLICE("one"), &e), &e);
        assert_int_equal(hidden_files(), 0);
        ASSERT_OK(fs_persist(f, &tickets[0], &e), &e);
        assert_int_equal(hidden_files(), 1);
        ASSERT_OK(fs_write(f, SLICE("two"), &e), &e);
        ASSERT_OK(fs_persist(f, &tickets[1], &e), &e);
        ASSERT_OK(fs_write(f, SLICE("three"), &e), &e);
        fs_leave(&f);
        assert_true(fs_exists(fs, at("", "a/b"), &exists, &e) && !exists);
        put_text(at("", "a/c"), "x");
        ASSERT_OK(fs_remove(fs, at("", "a/c"), &e), &e); /* it is not what a dead writer left */
        assert_int_equal(hidden_files(), 1);
        for (int again = 0; again < 2; again++)
            ASSERT_OK(fs_reveal(fs, at("file://", "a/b"), bytes_all(&tickets[late]), &e), &e);
        assert_content(at("", "a/b"), late ? "onetwo" : "one");
        assert_int_equal(hidden_files(), 0);
        ASSERT_OK(fs_remove(fs, at("", "a/b"), &e), &e);
        assert_int_equal(fs_reveal(fs, at("", "a/b"), bytes_all(&tickets[late]), &e), ERR_NOT_FOUND);
        bytes_fini(&tickets[0]);
        bytes_fini(&tickets[1]);
    }
}

static void test_two_steps_given_up(UNUSED void **state)
{
    struct bytes ticket = {0};
    struct fs_file *f;

    ASSERT_OK(fs_create(fs, at("", "x"), &f, &e), &e);
    ASSERT_OK(fs_write(f, SLICE("1"), &e), &e);
    ASSERT_OK(fs_persist(f, &ticket, &e), &e);
    bytes_clear(&ticket);
    fs_abandon(&f);
    assert_int_equal(hidden_files(), 0);
    ASSERT_OK(fs_create(fs, at("", "x"), &f, &e), &e);
    ASSERT_OK(fs_write(f, SLICE("1"), &e), &e);
    ASSERT_OK(fs_persist(f, &ticket, &e), &e);
    fs_leave(&f);
    for (size_t len = 0; len < ticket.len; len++)
        assert_int_equal(fs_reveal(fs, at("", "x"), slice_of(ticket.ptr, len), &e), ERR_CORRUPT);
    fs_forget(fs, at("", "x"), bytes_all(&ticket));
    assert_int_equal(hidden_files(), 0);
    bytes_fini(&ticket);
}

/* Somebody cut the hidden file: what is left is not what was persisted. */
static void test_two_steps_damaged(UNUSED void **state)
{
    struct bytes ticket = {0};
    struct fs_file *f;

    ASSERT_OK(fs_create(fs, at("", "x"), &f, &e), &e);
    ASSERT_OK(fs_write(f, SLICE("12345"), &e), &e);
    ASSERT_OK(fs_persist(f, &ticket, &e), &e);
    fs_leave(&f);
    assert_int_equal(system("truncate -s 3 .x.inprogress.*"), 0);
    assert_int_equal(fs_reveal(fs, at("", "x"), bytes_all(&ticket), &e), ERR_CORRUPT);
    assert_true(has(e.text, "3 bytes of 5 are left"));
    bytes_fini(&ticket);
}

static enum err everything(int *steps)
{
    struct seen seen = {0};
    struct bytes out = {0};
    struct fs *mine = NULL;
    enum err rc;

    *steps = 0;
    if ((rc = fs_local_new(&mine, &e)) != OK || ++*steps == 0 ||
        (rc = fs_put(mine, "m/a/x", SLICE("content"), FS_REPLACE, &e)) != OK || ++*steps == 0 ||
        (rc = fs_read_all(mine, "m/a/x", &out, &e)) != OK || ++*steps == 0 ||
        (rc = fs_list(mine, "m/", note, &seen, &e)) != OK || ++*steps == 0 ||
        (rc = fs_remove(mine, "m/a/x", &e)) != OK)
        goto out;
    assert_int_equal(seen.count, 1);
out:
    bytes_fini(&out);
    fs_free(mine);
    return rc;
}

static void test_no_memory(UNUSED void **state)
{
    int steps;
    uint64_t before = mem_count(), total;

    ASSERT_OK(everything(&steps), &e);
    total = mem_count() - before;
    for (uint64_t n = 1; n <= total; n++) {
        mem_fail_at(n, false);
        enum err rc = everything(&steps);
        mem_fail_at(0, false);
        assert_true(rc == ERR_MEMORY || (rc == OK && steps == 4)); /* remove does without memory */
        assert_int_equal(system("test -z \"$(find . -name '.*.tmp-*')\""), 0);
    }
}

TEST_MAIN(cmocka_unit_test_setup_teardown(test_forms_of_a_path, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_bad_paths, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_long_names, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_pieces, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_ranges, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_not_found, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_seen_only_when_published, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_in_the_way, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_if_absent, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_one_of_many_wins, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_create_against_remove, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_list, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_list_stops, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_remove_while_listing, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_remove, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_stale_remains_go_with_their_folder, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_kill_leaves_whole_files, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_disk_full, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_permission, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_two_steps, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_two_steps_given_up, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_two_steps_damaged, set_up, tear_down),
          cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down))
