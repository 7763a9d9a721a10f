/* The HTTP daemon over libmicrohttpd: collects requests, sends replies, and misbehaves on the wire when told to. */

#include "daemon.h"

#include "../base/buf.h"
#include "../base/clock.h"
#include "upload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define IDLE_SECONDS 30u             /* as Jetty closes an idle connection */
#define CONNECTION_BYTES ((size_t)65536)
#define CONNECTION_COUNT 900u        /* select() has 1024 descriptors */

/* One request from its first line to the last byte of its answer. */
struct exchange {
    struct daemon *daemon;
    struct MHD_Connection *connection;
    char *target;
    struct buf body;
    bool begun, answered, waiting, watched, gone;
    struct upload *upload;
    struct reply reply;
    double due;
    struct exchange *next;           /* the next that waits */
};

struct daemon {
    struct MHD_Daemon *mhd;
    struct daemon_options options;
    struct exchange *waiting;
    size_t under_way;                /* requests that have begun and have no end */
    bool quiet, closing;
    MHD_socket listening;            /* ours again once the daemon is quiet */
    unsigned port;
};

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange)
        return NULL;
    exchange->daemon = context;
    exchange->daemon->under_way++;
    exchange->connection = connection;
    exchange->body = buf_new(exchange->daemon->options.max_body);
    exchange->target = strdup(target);
    return exchange;
}

static void stop_waiting(struct exchange *exchange)
{
    for (struct exchange **at = &exchange->daemon->waiting; *at; at = &(*at)->next)
        if (*at == exchange) {
            *at = exchange->next;
            break;
        }
    exchange->waiting = false;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *slot;
    (void)context, (void)connection, (void)code;
    *slot = NULL;
    if (!exchange)
        return;
    exchange->daemon->under_way--;
    if (exchange->waiting)
        stop_waiting(exchange);
    upload_free(exchange->upload);
    reply_clear(&exchange->reply);
    free(exchange->target);
    buf_free(&exchange->body);
    free(exchange);
}

static void client_address(struct MHD_Connection *connection, char *text, size_t size)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    text[0] = '\0';
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, (socklen_t)size);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, (socklen_t)size);
}

/* Hands the whole request to the owner, who fills exchange->reply. */
static void ask(struct exchange *exchange, const char *method, const char *path)
{
    const struct daemon_options *options = &exchange->daemon->options;
    const char *mark = strchr(exchange->target, '?');
    char client[INET6_ADDRSTRLEN];
    client_address(exchange->connection, client, sizeof client);
    struct request request = {
        .method = method,
        .target = exchange->target,
        .path = path,
        .query = mark ? mark + 1 : "",
        .body = exchange->body.full ? "" : buf_string(&exchange->body),
        .body_size = exchange->body.full ? 0 : exchange->body.length,
        .body_too_large = exchange->body.full,
        .client = client,
        .upload = exchange->upload ? upload_finish(exchange->upload) : NULL,
        .connection = exchange->connection,
    };
    options->answer(options->context, &request, &exchange->reply);
    exchange->answered = true;
}

/* Puts the exchange aside until its time has come. */
static void wait_for_due(struct exchange *exchange)
{
    struct daemon *daemon = exchange->daemon;
    exchange->due = clock_now() + exchange->reply.delay;
    exchange->next = daemon->waiting;
    daemon->waiting = exchange;
    exchange->waiting = true;
    exchange->watched = true;
    MHD_suspend_connection(exchange->connection);
}

/* The body up to the cut, then the end of the connection. */
static ssize_t cut_body(void *context, uint64_t position, char *buffer, size_t room)
{
    const struct reply *reply = context;
    if (position >= reply->cut_after)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = reply->cut_after - (size_t)position;
    size_t size = left < room ? left : room;
    memcpy(buffer, reply->body + position, size);
    return (ssize_t)size;
}

static struct MHD_Response *new_response(struct reply *reply)
{
    if (reply->has_file) {
        struct MHD_Response *part =
            MHD_create_response_from_fd_at_offset64(reply->file_length, reply->file, reply->file_offset);
        reply->has_file = !part; /* it has the descriptor now */
        return part;
    }
    if (reply->cut && reply->cut_after < reply->body_size)
        return MHD_create_response_from_callback(reply->body_size, 4096, cut_body, reply, NULL);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(reply->body_size, reply->body, MHD_RESPMEM_MUST_FREE);
    if (response)
        reply->body = NULL;
    return response;
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
    struct reply *reply = &exchange->reply;
    if (reply->drop || exchange->gone || !reply->body)
        return MHD_NO;
    struct MHD_Response *response = new_response(reply);
    if (!response)
        return MHD_NO;
    if (reply->type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    for (size_t i = 0; i < reply->header_count; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    if (reply->close || exchange->daemon->quiet)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result queued = MHD_queue_response(exchange->connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* Called by libmicrohttpd when the header is there, for each piece of the body, at its end, and after a wait. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **slot)
{
    struct exchange *exchange = *slot;
    struct daemon *daemon = context;
    (void)version;
    if (!exchange || !exchange->target || daemon->closing)
        return MHD_NO;
    if (!exchange->begun) {
        const char *prefix = daemon->options.upload_prefix;
        exchange->begun = true;
        if (prefix && strcmp(method, "POST") == 0 && strncmp(path, prefix, strlen(prefix)) == 0)
            exchange->upload = upload_new(connection);
        return MHD_YES;
    }
    if (*size > 0) {
        size_t taken = *size;
        *size = 0;
        if (exchange->upload)
            upload_feed(exchange->upload, data, taken);
        else if (!exchange->body.full && !buf_append(&exchange->body, data, taken) && !exchange->body.full)
            return MHD_NO; /* out of memory; what is too long is read and forgotten */
        return MHD_YES;
    }
    if (!exchange->answered) {
        ask(exchange, method, path);
        if (exchange->reply.hang || exchange->reply.delay > 0) {
            wait_for_due(exchange);
            return MHD_YES;
        }
    }
    return send_reply(exchange);
}

static int listen_at(const struct addrinfo *address, char *why, size_t why_size)
{
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    int yes = 1;
    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
            return fd;
    }
    snprintf(why, why_size, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int listen_on(const char *host, const char *port, char *why, size_t why_size)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *found = NULL;
    int fd = -1, problem = getaddrinfo(host, port, &hints, &found);
    if (problem) {
        snprintf(why, why_size, "%s", gai_strerror(problem));
        return -1;
    }
    for (const struct addrinfo *address = found; address && fd < 0; address = address->ai_next)
        fd = listen_at(address, why, why_size);
    freeaddrinfo(found);
    return fd;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

/* The options of https, or none. */
static bool tls_options(const struct daemon_options *options, struct MHD_OptionItem *items, char *why, size_t why_size)
{
    size_t count = 0;
    if (options->certificate) {
        if (MHD_is_feature_supported(MHD_FEATURE_SSL) != MHD_YES) {
            snprintf(why, why_size, "this libmicrohttpd was built without TLS");
            return false;
        }
        items[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->certificate };
        items[count++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->private_key };
    }
    items[count] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
    return true;
}

static bool start_mhd(struct daemon *daemon, int fd, char *why, size_t why_size)
{
    struct MHD_OptionItem tls[3];
    unsigned flags = MHD_ALLOW_SUSPEND_RESUME | (daemon->options.certificate ? MHD_USE_TLS : 0);
    if (!tls_options(&daemon->options, tls, why, why_size))
        return false;
    daemon->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request, daemon,
                                   MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
                                   MHD_OPTION_URI_LOG_CALLBACK, on_target, daemon,
                                   MHD_OPTION_NOTIFY_COMPLETED, on_completed, daemon,
                                   MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
                                   MHD_OPTION_CONNECTION_LIMIT, CONNECTION_COUNT,
                                   MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!daemon->mhd)
        snprintf(why, why_size, daemon->options.certificate ? "certificate or private key cannot be used"
                                                            : "libmicrohttpd does not start");
    return daemon->mhd;
}

struct daemon *daemon_open(const struct daemon_options *options, char *why, size_t why_size)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon) {
        snprintf(why, why_size, "not enough memory");
        return NULL;
    }
    daemon->options = *options;
    int fd = listen_on(options->host, options->port, why, why_size);
    if (fd < 0) {
        free(daemon);
        return NULL;
    }
    daemon->port = port_of(fd);
    daemon->listening = MHD_INVALID_SOCKET;
    if (!start_mhd(daemon, fd, why, why_size)) {
        close(fd);
        free(daemon);
        return NULL;
    }
    return daemon;
}

unsigned daemon_port(const struct daemon *daemon)
{
    return daemon->port;
}

static int socket_of(const struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? (int)info->connect_fd : -1;
}

double daemon_prepare(struct daemon *daemon, fd_set *readable, fd_set *writable, fd_set *broken, int *max_fd)
{
    MHD_socket highest = *max_fd;
    MHD_UNSIGNED_LONG_LONG milliseconds;
    MHD_get_fdset(daemon->mhd, readable, writable, broken, &highest);
    double timeout = MHD_get_timeout(daemon->mhd, &milliseconds) == MHD_YES ? (double)milliseconds / 1000 : 3600;
    for (const struct exchange *exchange = daemon->waiting; exchange; exchange = exchange->next) {
        int fd = socket_of(exchange);
        if (exchange->watched && fd >= 0) {
            FD_SET(fd, readable);
            highest = fd > highest ? fd : highest;
        }
        if (!exchange->reply.hang)
            timeout = fmin(timeout, exchange->due - clock_now());
    }
    *max_fd = highest;
    return timeout;
}

/* Notices a client that has gone while its answer waits. One that sends more is not looked at again. */
static void look_after(struct exchange *exchange, const fd_set *readable)
{
    int fd = socket_of(exchange);
    char byte;
    if (!exchange->watched || fd < 0 || !FD_ISSET(fd, readable))
        return;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        exchange->gone = true;
    else if (got > 0)
        exchange->watched = false;
}

static void resume_due(struct daemon *daemon, const fd_set *readable)
{
    double now = clock_now();
    for (struct exchange **at = &daemon->waiting; *at;) {
        struct exchange *exchange = *at;
        look_after(exchange, readable);
        if (!exchange->gone && (exchange->reply.hang || exchange->due > now)) {
            at = &exchange->next;
            continue;
        }
        *at = exchange->next;
        exchange->waiting = false;
        MHD_resume_connection(exchange->connection);
    }
}

void daemon_run(struct daemon *daemon, const fd_set *readable, const fd_set *writable, const fd_set *broken)
{
    resume_due(daemon, readable);
    MHD_run_from_select(daemon->mhd, readable, writable, broken);
}

void daemon_quiesce(struct daemon *daemon)
{
    daemon->quiet = true;
    daemon->listening = MHD_quiesce_daemon(daemon->mhd);
}

bool daemon_is_busy(const struct daemon *daemon)
{
    return daemon->under_way > 0;
}

void daemon_close(struct daemon *daemon)
{
    if (!daemon)
        return;
    daemon->closing = true;
    for (struct exchange *exchange = daemon->waiting; exchange; exchange = exchange->next) {
        exchange->waiting = false;
        MHD_resume_connection(exchange->connection);
    }
    daemon->waiting = NULL;
    MHD_run(daemon->mhd);
    MHD_stop_daemon(daemon->mhd);
    if (daemon->listening != MHD_INVALID_SOCKET)
        close(daemon->listening);
    free(daemon);
}

struct visit {
    void (*function)(void *context, const char *name, const char *value);
    void *context;
};

static enum MHD_Result visit_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct visit *visit = context;
    (void)kind;
    visit->function(visit->context, name, value ? value : "");
    return MHD_YES;
}

void daemon_headers(const struct request *request,
                    void (*visit)(void *context, const char *name, const char *value), void *context)
{
    struct visit each = { visit, context };
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, visit_header, &each);
}
