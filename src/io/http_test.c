/* http_test.c: client against server, and client against servers that send nonsense, half answers, or
 * nothing. */
#include "base/mem.h"
#include "base/test.h"
#include "io/http.h"
#include "os/clock.h"
#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct error e;

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static struct http *client(const struct http_config *config)
{
    struct http *h;

    ASSERT_OK(http_new(config, &h, &e), &e);
    return h;
}

/* --- our own server --- */

static atomic_int calls, busy_left;

static void print_client_port(const struct http_call *call, struct http_reply *reply)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(call->native,
                                                                   MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    bytes_printf(&reply->body, "%d",
                 ntohs(((const struct sockaddr_in *)(const void *)info->client_addr)->sin_port));
}

static void print_header(const struct http_call *call, struct http_reply *reply, const char *name)
{
    const char *value = http_call_header(call, name);

    bytes_text(&reply->body, value ? value : "(none)");
}

static void serve(UNUSED void *arg, const struct http_call *call, struct http_reply *reply)
{
    atomic_fetch_add(&calls, 1);
    if (strcmp(call->path, "/echo") == 0) {
        reply->content_type = "application/octet-stream";
        bytes_slice(&reply->body, call->body);
    } else if (strcmp(call->path, "/method") == 0) {
        bytes_text(&reply->body, call->method);
    } else if (strcmp(call->path, "/query") == 0) {
        const char *a = http_query(call, "a"), *none = http_query(call, "none");
        bytes_printf(&reply->body, "a=%s none=%s", a ? a : "(none)", none ? none : "(none)");
    } else if (strcmp(call->path, "/auth") == 0) {
        print_header(call, reply, "authorization");
    } else if (strcmp(call->path, "/type") == 0) {
        print_header(call, reply, "Content-Type");
    } else if (strcmp(call->path, "/expect") == 0) {
        print_header(call, reply, "Expect");
    } else if (strcmp(call->path, "/port") == 0) {
        print_client_port(call, reply);
    } else if (strcmp(call->path, "/busy") == 0) {
        reply->status = atomic_fetch_sub(&busy_left, 1) > 0 ? 503 : 200;
        bytes_text(&reply->headers, "Retry-After: 0\nX-Weir-Test: yes: really\n");
        bytes_text(&reply->body, reply->status == 503 ? "busy" : "free");
    } else if (strcmp(call->path, "/fails") == 0) {
        bytes_text(&reply->body, "half");
        reply->body.failed = true;
    } else {
        reply->status = atoi(call->path + 1);
        bytes_text(&reply->body, "status");
    }
}

static struct http_server *server;

static int start_server(UNUSED void **state)
{
    return http_server_start("127.0.0.1", 0, serve, NULL, &server, &e);
}

static int stop_server(UNUSED void **state)
{
    http_server_stop(server);
    return 0;
}

static const char *url_of(const char *path)
{
    static char url[300];

    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", http_server_port(server), path);
    return url;
}

static struct http_request get(const char *path)
{
    return (struct http_request){.method = "GET", .url = url_of(path)};
}

/* Send and compare status and body. */
static void assert_answer(struct http *h, const struct http_request *request, int status, const char *body)
{
    struct http_response response;

    ASSERT_OK(http_send(h, request, &response, &e), &e);
    assert_int_equal(response.status, status);
    assert_string_equal(bytes_cstr(&response.body), body);
    http_response_fini(&response);
}

static void test_methods(UNUSED void **state)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "PATCH"};
    struct http *h = client(&(struct http_config){0});

    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        for (int with_body = 0; with_body <= 1; with_body++)
            assert_answer(h,
                          &(struct http_request){methods[i], url_of("/method"), NULL,
                                                 with_body ? SLICE("x") : SLICE(""), false},
                          200, methods[i]);
    }
    assert_answer(h, &(struct http_request){.method = "HEAD", .url = url_of("/method")}, 200, "");
    http_free(h);
}

static void test_bodies(UNUSED void **state)
{
    static const size_t sizes[] = {0, 1, 1000, 1 << 20, 5000000};
    struct http *h = client(&(struct http_config){0});

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *body = malloc(sizes[i] + 1);
        struct http_response response;

        assert_non_null(body);
        for (size_t j = 0; j < sizes[i]; j++)
            body[j] = (char)(j * 7 >> 2);
        struct http_request post = {
            .method = "POST", .url = url_of("/echo"), .body = slice_of(body, sizes[i])};
        ASSERT_OK(http_send(h, &post, &response, &e), &e);
        assert_int_equal(response.body.len, sizes[i]);
        assert_true(slice_equal(bytes_all(&response.body), post.body));
        assert_true(slice_is(http_header(&response, "content-type"), "application/octet-stream"));
        http_response_fini(&response);
        free(body);
    }
    http_free(h);
}

static void test_request_too_large(UNUSED void **state)
{
    size_t len = (64 << 20) + 1;
    char *body = calloc(1, len);
    struct http *h = client(&(struct http_config){0});
    struct http_response response;

    struct http_request post = {.method = "POST", .url = url_of("/echo"), .body = slice_of(body, len)};
    ASSERT_OK(http_send(h, &post, &response, &e), &e);
    assert_int_equal(response.status, 413);
    http_response_fini(&response);
    http_free(h);
    free(body);
}

static void test_headers(UNUSED void **state)
{
    static const char *const json[] = {"Content-Type: application/json", NULL}, *const broken[] = {
                                                                                    "A: b\r\nEvil: 1", NULL};
    struct http *h = client(&(struct http_config){0});
    struct http_response response;

    assert_answer(h, &(struct http_request){"POST", url_of("/type"), json, SLICE("{}"), false}, 200,
                  "application/json");
    assert_answer(h, &(struct http_request){"POST", url_of("/type"), NULL, SLICE("{}"), false}, 200,
                  "(none)");
    assert_answer(h, &(struct http_request){"PUT", url_of("/expect"), NULL, SLICE("{}"), false}, 200,
                  "(none)");
    struct http_request bad = {"GET", url_of("/type"), broken, SLICE(""), false};
    assert_int_equal(http_send(h, &bad, &response, &e), ERR_CONFIG);
    assert_true(has(e.text, "the header A holds a line break"));
    http_response_fini(&response);
    http_free(h);
}

static void test_query(UNUSED void **state)
{
    struct http *h = client(&(struct http_config){0});

    assert_answer(h, &(struct http_request){.method = "GET", .url = url_of("/query?a=%2Fx%20y%3D&b=1")}, 200,
                  "a=/x y= none=(none)");
    assert_answer(h, &(struct http_request){.method = "GET", .url = url_of("/query")}, 200,
                  "a=(none) none=(none)");
    http_free(h);
}

static void test_credentials(UNUSED void **state)
{
    static const struct {
        struct http_config config;
        const char *want;
    } cases[] = {
        {{.user = NULL}, "(none)"},
        {{.user = "user", .password = "pass:word"}, "Basic dXNlcjpwYXNzOndvcmQ="},
        {{.user = "user"}, "Basic dXNlcjo="},
        {{.bearer = "token.1"}, "Bearer token.1"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http *h = client(&cases[i].config);
        struct http_request request = get("/auth");

        assert_answer(h, &request, 200, cases[i].want);
        assert_answer(h, &request, 200, cases[i].want); /* on a kept connection too */
        http_free(h);
    }
}

static void test_bad_config(UNUSED void **state)
{
    static const struct {
        struct http_config config;
        const char *text;
    } cases[] = {
        {{.user = "u", .bearer = "b"}, "both a user and a bearer token"},
        {{.client_cert = "c.pem"}, "needs its key"},
        {{.client_key = "k.pem"}, "needs its key"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http *h;

        assert_int_equal(http_new(&cases[i].config, &h, &e), ERR_CONFIG);
        assert_null(h);
        assert_true(has(e.text, cases[i].text));
    }
}

static void test_any_status_is_an_answer(UNUSED void **state)
{
    static const int statuses[] = {200, 204, 301, 400, 401, 404, 409, 500};
    struct http *h = client(&(struct http_config){.retries = -1});

    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        char path[20];

        snprintf(path, sizeof path, "/%d", statuses[i]);
        struct http_request request = get(path);
        int before = calls;
        assert_answer(h, &request, statuses[i], statuses[i] == 204 ? "" : "status");
        assert_int_equal(calls - before, 1);
    }
    http_free(h);
}

static void test_busy_is_tried_again(UNUSED void **state)
{
    static const struct {
        const char *name, *method;
        bool repeatable;
        int busy, retries, status, calls;
        enum err rc;
    } cases[] = {
        {"free at once", "GET", false, 0, 2, 200, 1, OK},
        {"busy twice", "GET", false, 2, 2, 200, 3, OK},
        {"busy for too long", "GET", false, 3, 2, 503, 3, ERR_UNAVAILABLE},
        {"no retries", "GET", false, 1, 0, 503, 1, ERR_UNAVAILABLE},
        {"the default is 3", "GET", false, 3, -1, 200, 4, OK},
        {"a post is not repeated", "POST", false, 1, 5, 503, 1, ERR_UNAVAILABLE},
        {"unless it may be", "POST", true, 1, 5, 200, 2, OK},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http *h = client(&(struct http_config){.retries = cases[i].retries});
        struct http_request request = {
            .method = cases[i].method, .url = url_of("/busy?secret=1"), .repeatable = cases[i].repeatable};
        struct http_response response;
        int before = calls;

        atomic_store(&busy_left, cases[i].busy);
        enum err rc = http_send(h, &request, &response, &e);
        if (rc != cases[i].rc || response.status != cases[i].status || calls - before != cases[i].calls)
            fail_msg("%s: rc %d, status %d, %d calls", cases[i].name, rc, response.status, calls - before);
        assert_true(slice_is(bytes_all(&response.body), response.status == 503 ? "busy" : "free"));
        assert_true(slice_is(http_header(&response, "X-WEIR-test"), "yes: really"));
        assert_null(http_header(&response, "X-Weir").ptr);
        if (rc != OK) {
            assert_true(has(e.text, cases[i].method) && has(e.text, "/busy: the service answers 503"));
            assert_false(has(e.text, "secret"));
            assert_int_equal(e.advice, ADVICE_RETRY);
        }
        http_response_fini(&response);
        http_free(h);
    }
}

static void test_connections_are_kept(UNUSED void **state)
{
    struct http *h = client(&(struct http_config){0});
    struct http_request request = get("/port");
    struct http_response first, later;

    ASSERT_OK(http_send(h, &request, &first, &e), &e);
    for (int i = 0; i < 10; i++)
        assert_answer(h, &request, 200, bytes_cstr(&first.body));
    /* What must not be sent twice goes over a fresh one. */
    request.method = "POST";
    ASSERT_OK(http_send(h, &request, &later, &e), &e);
    assert_false(slice_equal(bytes_all(&first.body), bytes_all(&later.body)));
    http_response_fini(&first);
    http_response_fini(&later);
    http_free(h);
}

static char echo_url[300];

static void *send_many(void *arg)
{
    for (int i = 0; i < 50; i++) {
        struct http_response response;
        struct error mine;
        struct http_request request = {
            .method = "POST", .url = echo_url, .body = SLICE("body"), .repeatable = true};
        enum err rc = http_send(arg, &request, &response, &mine);

        assert(rc == OK &&

               slice_is(bytes_all(&response.body), "body"));
        http_response_fini(&response);
    }
    return NULL;
}

static void test_many_threads(UNUSED void **state)
{
    struct http *h = client(&(struct http_config){0});
    pthread_t threads[8];

    snprintf(echo_url, sizeof echo_url, "%s", url_of("/echo"));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_create(&threads[i], NULL, send_many, h);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    http_free(h);
}

static void test_handler_without_memory(UNUSED void **state)
{
    struct http *h = client(&(struct http_config){0});
    struct http_request request = get("/fails");
    struct http_response response;

    assert_int_equal(http_send(h, &request, &response, &e), ERR_UNAVAILABLE);
    assert_int_equal(response.status, 503);
    assert_true(slice_is(bytes_all(&response.body), "out of memory\n"));
    http_response_fini(&response);
    http_free(h);
}

static void test_server_errors(UNUSED void **state)
{
    static const struct {
        const char *address;
        int port;
        const char *text;
    } cases[] = {
        {"127.0.0.1", 0, "the port is taken"}, /* the port of the running server */
        {"127.0.0.1", 65536, "between 0 and 65535"},
        {"127.0.0.1", -1, "between 0 and 65535"},
        {"no.such.host.invalid", 1, "the address is not known"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_server *s;
        int port = cases[i].port ? cases[i].port : http_server_port(server);

        assert_int_equal(http_server_start(cases[i].address, port, serve, NULL, &s, &e), ERR_CONFIG);
        assert_null(s);
        assert_true(has(e.text, cases[i].address) && has(e.text, cases[i].text));
    }
    http_server_stop(NULL);
}

static void test_no_memory(UNUSED void **state)
{
    struct http_config config = {
        .user = "u", .password = "p", .ca_file = "/ca", .client_cert = "/c", .client_key = "/k"};
    struct http *h;
    struct http_response response;
    struct http_request request = {
        .method = "POST", .url = url_of("/echo"), .body = SLICE("body"), .repeatable = true};
    uint64_t before = mem_count(), total;

    h = client(&config);
    total = mem_count() - before;
    http_free(h);
    for (uint64_t n = 1; n <= total; n++) {
        mem_fail_at(n, false);
        assert_int_equal(http_new(&config, &h, &e), ERR_MEMORY);
        mem_fail_at(0, false);
    }
    h = client(&(struct http_config){0});
    before = mem_count();
    ASSERT_OK(http_send(h, &request, &response, &e), &e);
    total = mem_count() - before;
    assert_true(total >= 2);
    http_response_fini(&response);
    for (uint64_t n = 1; n <= total; n++) {
        mem_fail_at(n, false);
        assert_int_equal(http_send(h, &request, &response, &e), ERR_MEMORY);
        mem_fail_at(0, false);
        http_response_fini(&response);
    }
    http_free(h);
    struct http_server *s;
    mem_fail_at(1, false);
    assert_int_equal(http_server_start("127.0.0.1", 0, serve, NULL, &s, &e), ERR_MEMORY);
    mem_fail_at(0, false);
}

/* --- servers that misbehave --- */

/* A server of one answer: each connection gets it once its request is read, and is closed then. */
struct raw {
    int fd, port;
    const char *first, *then; /* then: sent over and over until the client has gone; NULL: closed instead */
    bool hang;                /* neither sends nor closes more until the client has gone */
    atomic_int connections;
    pthread_t thread;
};

static bool send_text(int fd, const char *text)
{
    size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

static void read_request(int fd)
{
    char buffer[4096];
    size_t len = 0;

    while (len < sizeof buffer - 1) {
        ssize_t n = recv(fd, buffer + len, sizeof buffer - 1 - len, 0);

        if (n <= 0)
            return;
        len += (size_t)n;
        buffer[len] = '\0';
        if (strstr(buffer, "\r\n\r\n"))
            return;
    }
}

static void *raw_run(void *arg)
{
    struct raw *raw = arg;
    char byte;

    for (int fd; (fd = accept(raw->fd, NULL, NULL)) >= 0; close(fd)) {
        bool open;

        raw->connections++;
        read_request(fd);
        open = send_text(fd, raw->first);
        while (open && raw->then != NULL)
            open = send_text(fd, raw->then);
        if (raw->hang)
            while (recv(fd, &byte, 1, 0) > 0)
                ;
    }
    return NULL;
}

static int listening_socket(int *port, bool listening)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    if (listening)
        assert_int_equal(listen(fd, 16), 0);
    return fd;
}

static void raw_start(struct raw *raw)
{
    raw->fd = listening_socket(&raw->port, true);
    pthread_create(&raw->thread, NULL, raw_run, raw);
}

static void raw_stop(struct raw *raw)
{
    shutdown(raw->fd, SHUT_RDWR);
    pthread_join(raw->thread, NULL);
    close(raw->fd);
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static void test_nonsense(UNUSED void **state)
{
    static const struct {
        const char *name, *first, *then;
        bool hang;
        enum err rc;
        int connections; /* with one retry */
        const char *text;
    } cases[] = {
        {"closed at once", "", NULL, false, ERR_UNAVAILABLE, 2, "broke off"},
        {"cut status line", "HTTP/1.1 20", NULL, false, ERR_UNAVAILABLE, 2, "broke off"},
        {"cut headers", HEAD "Content-Le", NULL, false, ERR_UNAVAILABLE, 2, "broke off"},
        {"cut body", HEAD "Content-Length: 10\r\n\r\n12345", NULL, false, ERR_UNAVAILABLE, 2, "broke off"},
        {"cut chunk", HEAD "Transfer-Encoding: chunked\r\n\r\na\r\n12345", NULL, false, ERR_UNAVAILABLE, 2,
         "broke off"},
        {"bad chunk", HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", NULL, false, ERR_UNAVAILABLE, 2,
         "broke off"},
        {"bad length", HEAD "Content-Length: -7\r\n\r\n", NULL, false, ERR_INPUT, 1, "is not HTTP"},
        {"bad gzip", HEAD "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", NULL, false, ERR_INPUT,
         1, "is not HTTP"},
        {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", NULL, false, ERR_INPUT, 1, "check the port"},
        {"endless noise", "", "\001\377noise", false, ERR_INPUT, 1, ""},
        {"endless headers", HEAD, "X-More: 0123456789012345678901234567890123456789\r\n", false, ERR_INPUT, 1,
         "larger"},
        {"endless header", HEAD "X-More: ", "0123456789012345678901234567890123456789", false, ERR_INPUT, 1,
         "larger"},
        {"endless interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", false, ERR_INPUT, 1, "larger"},
        {"endless body", HEAD "\r\n",
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         false, ERR_INPUT, 1, "larger than 67108864"},
        {"silence", "", NULL, true, ERR_UNAVAILABLE, 2,
         "no answer within 300 ms; is the service overloaded?"},
        {"half and silence", HEAD "Content-Length: 10\r\n\r\n12345", NULL, true, ERR_UNAVAILABLE, 2,
         "not complete within 300 ms"},
        {"told to wait long", "HTTP/1.1 503 X\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n", NULL, false,
         ERR_UNAVAILABLE, 1, "answers 503"},
        {"interim, then whole", "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" HEAD "Content-Length: 2\r\n\r\nok",
         NULL, false, OK, 1, ""},
        {"to the end of the connection", HEAD "\r\nok", NULL, false, OK, 1, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct raw raw = {.first = cases[i].first, .then = cases[i].then, .hang = cases[i].hang};
        struct http *h = client(
            &(struct http_config){.retries = 1, .timeout_ms = cases[i].hang ? 300 : 30000});
        struct http_response response;
        char url[100], start[100];

        raw_start(&raw);
        snprintf(url, sizeof url, "http://user:pw@127.0.0.1:%d/schemas/ids/1?token=secret", raw.port);
        snprintf(start, sizeof start, "GET http://127.0.0.1:%d/schemas/ids/1: ", raw.port);
        e.text[0] = '\0';
        enum err rc = http_send(h, &(struct http_request){.method = "GET", .url = url}, &response, &e);
        if (rc != cases[i].rc || raw.connections != cases[i].connections || !has(e.text, cases[i].text))
            fail_msg("%s: %s after %d connections: %s", cases[i].name, error_name(rc), raw.connections,
                     e.text);
        if (rc != OK)
            assert_memory_equal(e.text, start, strlen(start));
        assert_true(slice_is(bytes_all(&response.body), rc == OK ? "ok" : ""));
        assert_null(http_header(&response, "Link").ptr);
        http_response_fini(&response);
        http_free(h);
        raw_stop(&raw);
    }
}

static void test_post_is_sent_once(UNUSED void **state)
{
    struct raw raw = {.first = ""};
    struct http *h = client(&(struct http_config){.retries = 5});
    struct http_response response;
    char url[100];

    raw_start(&raw);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/commit", raw.port);
    struct http_request post = {.method = "POST", .url = url, .body = SLICE("once")};
    assert_int_equal(http_send(h, &post, &response, &e), ERR_UNAVAILABLE);
    assert_int_equal(response.status, 0);
    assert_int_equal(raw.connections, 1);
    http_response_fini(&response);
    http_free(h);
    raw_stop(&raw);
}

/* A kept connection that the server has closed meanwhile is no failure. */
static void test_dead_kept_connection(UNUSED void **state)
{
    struct raw raw = {.first = HEAD "Content-Length: 2\r\n\r\nok"};
    struct http *h = client(&(struct http_config){.retries = 0});
    struct http_response response;
    char url[100];

    raw_start(&raw);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", raw.port);
    for (int i = 0; i < 20; i++) {
        ASSERT_OK(http_send(h, &(struct http_request){.method = "GET", .url = url}, &response, &e), &e);
        http_response_fini(&response);
    }
    http_free(h);
    raw_stop(&raw);
}

static void test_waits_as_told(UNUSED void **state)
{
    struct raw raw = {.first = "HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"};
    struct http *h = client(&(struct http_config){.retries = 1});
    struct http_response response;
    char url[100];
    int64_t start_ms = clock_mono_ms(clock_system());

    raw_start(&raw);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", raw.port);
    assert_int_equal(http_send(h, &(struct http_request){.method = "GET", .url = url}, &response, &e),
                     ERR_UNAVAILABLE);
    assert_true(clock_mono_ms(clock_system()) - start_ms >= 1000);
    assert_int_equal(raw.connections, 2);
    assert_true(has(e.text, "429 (too many requests)"));
    http_response_fini(&response);
    http_free(h);
    raw_stop(&raw);
}

static void test_nobody_there(UNUSED void **state)
{
    static const struct {
        const char *url;
        enum err rc;
        const char *text;
    } cases[] = {
        {"http://127.0.0.1:%d/schemas/ids/1", ERR_UNAVAILABLE,
         "/schemas/ids/1: connection refused; is the service up?"},
        {"http://no-such-host.invalid:%d/a", ERR_UNAVAILABLE, "the host name is not known"},
        {"http://127.0.0.1:%d0000/a", ERR_CONFIG, "the URL cannot be read"},
        {"ftp://127.0.0.1:%d/a", ERR_CONFIG, "must begin with http"},
        {"file:///etc/passwd%d", ERR_CONFIG, "must begin with http"},
        {"%d", ERR_CONFIG, "must begin with http"},
    };
    int port, fd = listening_socket(&port, false); /* bound but not listening: surely refused */

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http *h = client(&(struct http_config){.retries = 1, .connect_timeout_ms = 10000});
        struct http_response response;
        char url[100];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(url, sizeof url, cases[i].url, port);
#pragma GCC diagnostic pop
        enum err rc = http_send(h, &(struct http_request){.method = "POST", .url = url}, &response, &e);
        if (rc != cases[i].rc || !has(e.text, cases[i].text))
            fail_msg("%s: %s: %s", url, error_name(rc), e.text);
        assert_int_equal(response.status, 0);
        http_response_fini(&response);
        http_free(h);
    }
    close(fd);
}

/* --- TLS --- */

static char tls_folder[40];

static char *tls_text(const char *name)
{
    static char text[2][8192];
    static int next;
    char path[100], *to = text[next++ % 2];

    snprintf(path, sizeof path, "%s/%s", tls_folder, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    to[fread(to, 1, sizeof text[0] - 1, file)] = '\0';
    fclose(file);
    return to;
}

static enum MHD_Result tls_answer(UNUSED void *arg, struct MHD_Connection *connection, UNUSED const char *url,
                                  UNUSED const char *method, UNUSED const char *version,
                                  UNUSED const char *data, UNUSED size_t *data_len, UNUSED void **state)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(2, "ok", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result rc = MHD_queue_response(connection, 200, response);

    MHD_destroy_response(response);
    return rc;
}

static bool make_certificate(void)
{
    char command[300];

    strcpy(tls_folder, "/tmp/weir-tls-XXXXXX");
    if (mkdtemp(tls_folder) == NULL)
        return false;
    snprintf(command, sizeof command,
             "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 "
             "-subj /CN=weir-test -addext subjectAltName=IP:127.0.0.1 >/dev/null 2>&1 && echo x > bad.pem",
             tls_folder);
    return system(command) == 0;
}

static void check_tls(int port, const struct http_config *config, const char *host, enum err want,
                      const char *text)
{
    struct http *h = client(config);
    struct http_response response;
    char url[100];

    snprintf(url, sizeof url, "https://%s:%d/a?b", host, port);
    enum err rc = http_send(h, &(struct http_request){.method = "GET", .url = url}, &response, &e);
    if (rc != want || (rc != OK && (!has(e.text, text) || !has(e.text, "/a: "))))
        fail_msg("%s: %s", error_name(rc), e.text);
    assert_true(slice_is(bytes_all(&response.body), rc == OK ? "ok" : ""));
    http_response_fini(&response);
    http_free(h);
}

static void test_tls(UNUSED void **state)
{
    struct MHD_Daemon *daemon;
    char good[60], bad[60], command[60];
    int port;

    if (!make_certificate() || MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        skip();
    int fd = listening_socket(&port, true);
    daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, tls_answer, NULL,
                              MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_HTTPS_MEM_KEY, tls_text("key.pem"),
                              MHD_OPTION_HTTPS_MEM_CERT, tls_text("cert.pem"), MHD_OPTION_END);
    assert_non_null(daemon);
    snprintf(good, sizeof good, "%s/cert.pem", tls_folder);
    snprintf(bad, sizeof bad, "%s/bad.pem", tls_folder);
    check_tls(port, &(struct http_config){.ca_file = good}, "127.0.0.1", OK, "");
    check_tls(port, &(struct http_config){.insecure = true}, "127.0.0.1", OK, "");
    check_tls(port, &(struct http_config){0}, "127.0.0.1", ERR_CONFIG,
              "give the file of the CA that signed it");
    check_tls(port, &(struct http_config){.ca_file = good}, "localhost", ERR_CONFIG,
              "and the host name right?");
    check_tls(port, &(struct http_config){.ca_file = bad}, "127.0.0.1", ERR_CONFIG, "CA file");
    check_tls(port, &(struct http_config){.ca_file = "/no/such.pem"}, "127.0.0.1", ERR_CONFIG,
              "the CA file /no/such.pem");
    check_tls(port,
              &(struct http_config){.ca_file = good, .client_cert = "/no/c.pem", .client_key = "/no/k.pem"},
              "127.0.0.1", ERR_CONFIG, "the client certificate /no/c.pem with key /no/k.pem");
    check_tls(http_server_port(server), &(struct http_config){.ca_file = good, .retries = 0}, "127.0.0.1",
              ERR_UNAVAILABLE, "does that port speak TLS");
    MHD_stop_daemon(daemon);
    snprintf(command, sizeof command, "rm -r %s", tls_folder);
    assert_int_equal(system(command), 0);
}

static int no_proxy(UNUSED void **state)
{
    return setenv("no_proxy", "*", 1); /* the servers are here */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_methods, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_bodies, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_request_too_large, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_headers, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_query, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_credentials, start_server, stop_server),
        cmocka_unit_test(test_bad_config),
        cmocka_unit_test_setup_teardown(test_any_status_is_an_answer, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_busy_is_tried_again, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_connections_are_kept, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_many_threads, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_handler_without_memory, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_server_errors, start_server, stop_server),
        cmocka_unit_test_setup_teardown(test_no_memory, start_server, stop_server),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_post_is_sent_once),
        cmocka_unit_test(test_dead_kept_connection),
        cmocka_unit_test(test_waits_as_told),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test_setup_teardown(test_tls, start_server, stop_server),
    };
    return cmocka_run_group_tests(tests, no_proxy, NULL);
}
