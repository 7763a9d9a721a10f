/* Requests, taken from libmicrohttpd piece by piece, and their replies, well behaved or not; see exchange.h. */
#include "exchange.h"

#include "../base/buf.h"
#include "../base/clock.h"
#include "upload.h"

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BODIES_BYTES ((size_t)8 << 20) /* what all bodies may take together */

struct exchange {
    struct exchanges *all;
    struct MHD_Connection *connection;
    struct line *line;
    char *target;
    struct buf body;
    size_t body_seen;          /* what has come of it, kept or not */
    struct upload *upload;
    struct reply reply;
    bool begun, answered, given_up;
    bool waiting, watched, gone;
    double asked_at;           /* when it was first answered with `again`; 0: never */
    double due;
    struct exchange *next;
    struct exchange *next_waiting;
};

/* ---- begin and end ---------------------------------------------------------------------------------------------- */

static struct line *line_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection)
{
    struct line *line = line_of(connection);
    struct exchange *exchange = line ? calloc(1, sizeof *exchange) : NULL;

    if (!exchange)
        return NULL;
    exchange->all = context;
    exchange->connection = connection;
    exchange->line = line;
    exchange->body = buf_new(exchange->all->options->max_body);
    exchange->target = strdup(target);
    exchange->next = exchange->all->first;
    exchange->all->first = exchange;
    exchange->all->under_way++;
    return exchange;
}

static void stop_waiting(struct exchange *exchange)
{
    struct exchange **at = &exchange->all->waiting;

    while (*at && *at != exchange)
        at = &(*at)->next_waiting;
    if (*at)
        *at = exchange->next_waiting;
    exchange->waiting = false;
}

static void forget_body(struct exchange *exchange)
{
    exchange->all->held -= exchange->body.capacity;
    buf_free(&exchange->body);
}

void exchange_end(void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *slot;

    (void)context, (void)connection, (void)code;
    *slot = NULL;
    if (!exchange)
        return;
    struct exchange **at = &exchange->all->first;
    while (*at != exchange)
        at = &(*at)->next;
    *at = exchange->next;
    exchange->all->under_way--;
    if (exchange->waiting)
        stop_waiting(exchange);
    visitor_at(exchange->line->visitor, VISIT_IDLE);
    forget_body(exchange);
    upload_free(exchange->upload);
    reply_clear(&exchange->reply);
    free(exchange->target);
    free(exchange);
}

/* ---- what the owner is asked ------------------------------------------------------------------------------------ */

static bool is_longer(const struct exchange *exchange)
{
    return !exchange->upload && request_is_longer(exchange->connection, exchange->all->options->max_body);
}

/* The request as far as it is there; client has room for an address. */
static struct request request_of(struct exchange *exchange, const char *method, const char *path, char *client, size_t size)
{
    const char *mark = strchr(exchange->target, '?');
    bool too_large = exchange->body.full || is_longer(exchange);

    request_client(exchange->connection, client, size);
    return (struct request){
        .method = method,
        .target = exchange->target,
        .path = path,
        .query = mark ? mark + 1 : "",
        .body = too_large ? "" : buf_string(&exchange->body),
        .body_size = too_large ? 0 : exchange->body.length,
        .body_too_large = too_large,
        .waited = exchange->asked_at > 0 ? clock_now() - exchange->asked_at : 0,
        .client = client,
        .connection = exchange->connection,
    };
}

static void ask(struct exchange *exchange, const char *method, const char *path)
{
    const struct daemon_options *options = exchange->all->options;
    char client[INET6_ADDRSTRLEN];
    struct request request = request_of(exchange, method, path, client, sizeof client);

    request.upload = exchange->upload ? upload_finish(exchange->upload) : NULL;
    reply_clear(&exchange->reply);
    options->answer(options->context, &request, &exchange->reply);
    exchange->answered = !(exchange->reply.again > 0);
    if (!exchange->answered && exchange->asked_at <= 0)
        exchange->asked_at = clock_now();
}

/* ---- the answer ------------------------------------------------------------------------------------------------- */

/* Puts the exchange aside until its time has come. */
static void wait_for(struct exchange *exchange, double seconds)
{
    struct exchanges *all = exchange->all;

    exchange->due = clock_now() + seconds;
    exchange->next_waiting = all->waiting;
    all->waiting = exchange;
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

    if (reply->drop || !reply->body)
        return MHD_NO;
    struct MHD_Response *response = new_response(reply);
    if (!response)
        return MHD_NO;
    if (reply->type)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
    for (size_t i = 0; i < reply->header_count; i++)
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    if (reply->close || exchange->all->quiet)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result queued = MHD_queue_response(exchange->connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* ---- the body --------------------------------------------------------------------------------------------------- */

static void give_up(struct exchange *exchange)
{
    exchange->given_up = true;
    forget_body(exchange);
    visitors_end(exchange->all->visitors, exchange->line->visitor);
}

/* Where the bodies take more than they may together, the largest that is not whole yet goes: small ones never wait for
 * large ones. */
static void make_room(struct exchanges *all)
{
    while (all->held > BODIES_BYTES) {
        struct exchange *largest = NULL;
        for (struct exchange *at = all->first; at; at = at->next)
            if (!at->given_up && !at->answered && at->asked_at <= 0 &&
                (!largest || at->body.capacity > largest->body.capacity))
                largest = at;
        if (!largest)
            return;
        give_up(largest);
    }
}

/* What is too long is read and forgotten, as far again as it may be long; whoever sends more is not listened to. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t size)
{
    struct exchanges *all = exchange->all;

    visitor_sent(exchange->line->visitor, size);
    if (exchange->upload) {
        upload_feed(exchange->upload, data, size);
        return MHD_YES;
    }
    exchange->body_seen += size;
    if (exchange->body_seen > 2 * all->options->max_body)
        return MHD_NO;
    if (exchange->body.full)
        return MHD_YES;
    all->held -= exchange->body.capacity;
    bool taken = buf_append(&exchange->body, data, size);
    all->held += exchange->body.capacity;
    if (!taken && !exchange->body.full)
        return MHD_NO; /* out of memory */
    if (exchange->body.full) {
        forget_body(exchange);
        exchange->body.full = true;
    }
    make_room(all);
    return exchange->given_up ? MHD_NO : MHD_YES;
}

/* ---- from step to step ------------------------------------------------------------------------------------------ */

/* The headers are there. */
static enum MHD_Result admit(struct exchange *exchange, const char *method, const char *path)
{
    const struct daemon_options *options = exchange->all->options;
    const char *prefix = options->upload_prefix;
    bool with_body = request_has_body(exchange->connection);
    char client[INET6_ADDRSTRLEN];

    exchange->begun = true;
    if (prefix && strcmp(method, MHD_HTTP_METHOD_POST) == 0 && strncmp(path, prefix, strlen(prefix)) == 0)
        exchange->upload = upload_new(exchange->connection, options->upload_directory);
    visitor_at(exchange->line->visitor, with_body ? VISIT_BODY : VISIT_ANSWER);
    struct request head = request_of(exchange, method, path, client, sizeof client);
    if (options->admit(options->context, &head, &exchange->reply))
        return MHD_YES;
    exchange->answered = true;
    if (!with_body)
        return MHD_YES; /* its answer goes out in a moment: libmicrohttpd would close the connection after one from here */
    exchange->reply.close = true;
    exchange->line->unread = true;
    return send_reply(exchange);
}

/* Called when the headers are there, for each piece of the body, at its end, and after a wait. */
enum MHD_Result exchange_go_on(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                               const char *version, const char *data, size_t *size, void **slot)
{
    struct exchange *exchange = *slot;
    const struct exchanges *all = context;

    (void)connection, (void)version;
    if (!exchange || !exchange->target || exchange->given_up || exchange->gone || all->closing)
        return MHD_NO;
    if (!exchange->begun)
        return admit(exchange, method, path);
    if (*size > 0) {
        size_t taken = *size;
        *size = 0;
        return take_body(exchange, data, taken);
    }
    visitor_at(exchange->line->visitor, VISIT_ANSWER);
    if (!exchange->answered) {
        ask(exchange, method, path);
        const struct reply *reply = &exchange->reply;
        if (!exchange->answered || reply->hang || reply->delay > 0) {
            wait_for(exchange, exchange->answered ? reply->delay : reply->again);
            return MHD_YES;
        }
    }
    return send_reply(exchange);
}

/* ---- those that wait -------------------------------------------------------------------------------------------- */

static int socket_of(const struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? (int)info->connect_fd : -1;
}

double exchanges_prepare(const struct exchanges *exchanges, fd_set *readable, int *max_fd)
{
    double now = clock_now(), next = HUGE_VAL;

    for (const struct exchange *exchange = exchanges->waiting; exchange; exchange = exchange->next_waiting) {
        int fd = socket_of(exchange);
        if (exchange->watched && fd >= 0) {
            FD_SET(fd, readable);
            *max_fd = fd > *max_fd ? fd : *max_fd;
        }
        if (!exchange->reply.hang)
            next = fmin(next, exchange->due - now);
    }
    return next;
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

void exchanges_resume(struct exchanges *exchanges, const fd_set *readable)
{
    double now = clock_now();

    for (struct exchange **at = &exchanges->waiting; *at;) {
        struct exchange *exchange = *at;
        look_after(exchange, readable);
        if (!exchange->gone && (exchange->reply.hang || exchange->due > now)) {
            at = &exchange->next_waiting;
            continue;
        }
        *at = exchange->next_waiting;
        exchange->waiting = false;
        MHD_resume_connection(exchange->connection);
    }
}

void exchanges_resume_all(struct exchanges *exchanges)
{
    for (struct exchange *exchange = exchanges->waiting; exchange; exchange = exchange->next_waiting) {
        exchange->waiting = false;
        MHD_resume_connection(exchange->connection);
    }
    exchanges->waiting = NULL;
}
