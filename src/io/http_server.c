/* http_server.c: libmicrohttpd behind a handler that sees whole requests.
 * A thread per connection, so that a handler which waits holds up nobody else; connections and bodies are
 * limited.
 */
#include "base/mem.h"
#include "io/http.h"
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX       (64u << 20)
#define CONNECTION_MAX 256u
#define IDLE_TIMEOUT_S 60u
#define THREAD_STACK   (size_t)(1024 * 1024)
#define LISTEN_BACKLOG 128

struct http_server {
    struct MHD_Daemon *daemon;
    http_handler *handler;
    void *arg;
    int port;
};

/* A request on its way in. */
struct incoming {
    struct bytes body;
    bool too_long;
};

const char *http_query(const struct http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->native, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_call_header(const struct http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->native, MHD_HEADER_KIND, name);
}

/* Each line of `Name: value\n` becomes a header. */
static void add_headers(struct MHD_Response *response, struct bytes *lines)
{
    char *line = lines->len > 0 && bytes_cstr(lines) ? lines->ptr : NULL;

    while (line != NULL && *line != '\0') {
        char *end = line + strcspn(line, "\n");
        char *colon = strchr(line, ':');
        char *next = *end ? end + 1 : end;

        assert(colon != NULL && colon < end);
        *end = *colon = '\0';
        MHD_add_response_header(response, line, colon + 1 + strspn(colon + 1, " "));
        line = next;
    }
}

/* The body goes out without another copy. */
static struct MHD_Response *response_of(struct http_reply *reply)
{
    struct bytes body = reply->body;

    if (body.failed || reply->headers.failed)
        return NULL;
    reply->body = (struct bytes){0};
    return MHD_create_response_from_buffer_with_free_callback(body.len, body.ptr, mem_free);
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, struct http_reply *reply)
{
    static char no_memory[] = "out of memory\n";
    struct MHD_Response *response = response_of(reply);
    enum MHD_Result rc;

    if (response == NULL) {
        *reply = (struct http_reply){
            .status = MHD_HTTP_SERVICE_UNAVAILABLE, .body = reply->body, .headers = reply->headers};
        bytes_clear(&reply->headers);
        response = MHD_create_response_from_buffer(strlen(no_memory), no_memory, MHD_RESPMEM_PERSISTENT);
    }
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            reply->content_type ? reply->content_type : "text/plain");
    add_headers(response, &reply->headers);
    rc = MHD_queue_response(connection, reply->status ? (unsigned)reply->status : MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return rc;
}

static enum MHD_Result answer(struct http_server *s, struct MHD_Connection *connection, const char *method,
                              const char *path, struct incoming *in)
{
    struct http_call call = {
        .method = method, .path = path, .body = bytes_all(&in->body), .native = connection};
    struct http_reply reply = {0};
    enum MHD_Result rc;

    if (in->too_long) {
        reply.status = MHD_HTTP_CONTENT_TOO_LARGE;
        bytes_printf(&reply.body, "the request is larger than %u bytes\n", BODY_MAX);
    } else if (in->body.failed) {
        reply.body.failed = true;
    } else {
        s->handler(s->arg, &call, &reply);
    }
    rc = send_reply(connection, &reply);
    bytes_fini(&reply.body);
    bytes_fini(&reply.headers);
    return rc;
}

/* Called once when the headers are there, for each piece of the body, and once at its end. */
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *path,
                                  const char *method, UNUSED const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    struct incoming *in = *state;

    if (in == NULL) {
        in = *state = mem_zalloc(sizeof *in);
        return in ? MHD_YES : MHD_NO;
    }
    if (*data_len == 0)
        return answer(arg, connection, method, path, in);
    if (in->body.len + *data_len > BODY_MAX)
        in->too_long = true;
    else
        bytes_append(&in->body, data, *data_len);
    *data_len = 0;
    return MHD_YES;
}

static void on_done(UNUSED void *arg, UNUSED struct MHD_Connection *connection, void **state,
                    UNUSED enum MHD_RequestTerminationCode why)
{
    struct incoming *in = *state;

    if (in != NULL)
        bytes_fini(&in->body);
    mem_free(in);
    *state = NULL;
}

/* A listening socket, or -1 with errno set. */
static int listen_at(const struct addrinfo *where)
{
    int fd = socket(where->ai_family, where->ai_socktype | SOCK_CLOEXEC, where->ai_protocol);
    int on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    on = errno;
    close(fd);
    errno = on;
    return -1;
}

static enum err open_socket(const char *address, int port, int *out_fd, struct error *e)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[12];
    int rc;

    snprintf(service, sizeof service, "%d", port);
    rc = getaddrinfo(address, service, &hints, &found);
    if (rc != 0)
        return error_set(e, ERR_CONFIG, "listening on %s:%d: the address is not known (%s); check it",
                         address, port, gai_strerror(rc));
    *out_fd = -1;
    for (struct addrinfo *a = found; a != NULL && *out_fd < 0; a = a->ai_next)
        *out_fd = listen_at(a);
    rc = errno;
    freeaddrinfo(found);
    if (*out_fd >= 0)
        return OK;
    if (rc == EADDRINUSE)
        return error_set(e, ERR_CONFIG,
                         "listening on %s:%d: the port is taken; stop who has it, or choose another", address,
                         port);
    return error_errno(e, rc, "listening on %s:%d", address, port);
}

static int port_of(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    int rc = getsockname(fd, (struct sockaddr *)&address, &len);

    assert(rc == 0);
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

enum err http_server_start(const char *address, int port, http_handler *handler, void *arg,
                           struct http_server **out, struct error *e)
{
    struct http_server *s;
    int fd;
    enum err rc;

    *out = NULL;
    if (port < 0 || port > 65535)
        return error_set(e, ERR_CONFIG, "listening on %s:%d: a port is between 0 and 65535", address, port);
    s = mem_zalloc(sizeof *s);
    if (s == NULL)
        return error_memory(e, sizeof *s, "an HTTP server");
    if ((rc = open_socket(address, port, &fd, e)) != OK) {
        mem_free(s);
        return rc;
    }
    s->handler = handler;
    s->arg = arg;
    s->port = port_of(fd);
    s->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL, NULL,
        on_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTION_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_THREAD_STACK_SIZE, THREAD_STACK,
        MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL, MHD_OPTION_END);
    if (s->daemon == NULL) {
        close(fd);
        mem_free(s);
        return error_set(e, ERR_IO, "listening on %s:%d: the server's thread does not start; check ulimit -u",
                         address, port);
    }
    *out = s;
    return OK;
}

int http_server_port(const struct http_server *s)
{
    return s->port;
}

void http_server_stop(struct http_server *s)
{
    if (s == NULL)
        return;
    MHD_stop_daemon(s->daemon);
    mem_free(s);
}
