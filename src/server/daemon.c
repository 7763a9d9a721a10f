/* The HTTP daemon: a listening socket, its visitors, and libmicrohttpd, which reads and writes them; see daemon.h. */
#include "daemon.h"

#include "exchange.h"
#include "partings.h"
#include "listen.h"
#include "visitors.h"

#include <fcntl.h>
#include <math.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define SILENT_SECONDS 30u       /* as Jetty closes an idle connection */
#define MOST_VISITORS 800u       /* select() has 1024 descriptors, and what was ended has its own for one more turn */
#define ACCEPTED_AT_ONCE 32      /* then the connections that are there get their turn */
#define TLS_VERSIONS "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct daemon {
    struct MHD_Daemon *mhd;
    struct daemon_options options;
    struct exchanges exchanges;
    struct visitors *visitors;
    struct partings *partings;
    int listening; /* -1 once the daemon is quiet */
    unsigned port;
};

/* ---- connections ------------------------------------------------------------------------------------------------ */

static int descriptor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info ? (int)info->connect_fd : -1;
}

/* A connection without a line is closed with its first request. */
static struct line *begin_line(struct daemon *daemon, struct MHD_Connection *connection)
{
    struct visitor *visitor = visitors_meet(daemon->visitors, descriptor_of(connection));
    struct line *line = visitor ? calloc(1, sizeof *line) : NULL;

    if (line)
        line->visitor = visitor;
    else if (visitor)
        visitors_leave(daemon->visitors, visitor);
    return line;
}

/* A connection begins or ends; its socket is still open. */
static void on_connection(void *context, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    struct daemon *daemon = context;
    struct line *line = *slot;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *slot = begin_line(daemon, connection);
        return;
    }
    if (!line)
        return;
    int fd = descriptor_of(connection);
    if (line->unread && fd >= 0)
        partings_keep(daemon->partings, fd);
    visitors_leave(daemon->visitors, line->visitor);
    free(line);
    *slot = NULL;
}

static void welcome(struct daemon *daemon, int fd, const struct sockaddr *address, socklen_t size)
{
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (fd >= FD_SETSIZE || !visitors_enter(daemon->visitors, fd, address)) {
        close(fd);
        return;
    }
    /* It begins the connection now (0.9) or at its next turn (1.0). Where it fails it has closed the socket. */
    if (MHD_add_connection(daemon->mhd, fd, address, size) == MHD_YES)
        return;
    struct visitor *visitor = visitors_meet(daemon->visitors, fd);
    if (visitor)
        visitors_leave(daemon->visitors, visitor);
}

static void let_in(struct daemon *daemon)
{
    for (int count = 0; count < ACCEPTED_AT_ONCE && visitors_pause(daemon->visitors) <= 0; count++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int fd = accept(daemon->listening, (struct sockaddr *)&address, &size);
        if (fd < 0)
            return;
        welcome(daemon, fd, (const struct sockaddr *)&address, size);
    }
}

/* ---- open ------------------------------------------------------------------------------------------------------- */

/* The options of https, or none. */
static bool tls_options(const struct daemon_options *options, struct MHD_OptionItem *items, char *why, size_t why_size)
{
    size_t count = 0;

    if (options->certificate) {
        if (MHD_is_feature_supported(MHD_FEATURE_SSL) != MHD_YES) {
            snprintf(why, why_size, "this libmicrohttpd was built without TLS");
            return false;
        }
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->certificate};
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->private_key};
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)TLS_VERSIONS};
    }
    items[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return true;
}

static bool start_mhd(struct daemon *daemon, char *why, size_t why_size)
{
    struct MHD_OptionItem tls[4];
    unsigned flags = MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | (daemon->options.certificate ? MHD_USE_TLS : 0);

    if (!tls_options(&daemon->options, tls, why, why_size))
        return false;
    daemon->mhd = MHD_start_daemon(flags, 0, NULL, NULL, exchange_go_on, &daemon->exchanges,
                                   MHD_OPTION_URI_LOG_CALLBACK, exchange_begin, &daemon->exchanges,
                                   MHD_OPTION_NOTIFY_COMPLETED, exchange_end, &daemon->exchanges,
                                   MHD_OPTION_NOTIFY_CONNECTION, on_connection, daemon,
                                   MHD_OPTION_CONNECTION_TIMEOUT, SILENT_SECONDS,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, daemon->options.connection_bytes,
                                   MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (!daemon->mhd)
        snprintf(why, why_size, daemon->options.certificate ? "certificate or private key cannot be used"
                                                            : "libmicrohttpd does not start");
    return daemon->mhd;
}

/* Fewer where the process may have few descriptors: some are for files, the store, and what is being closed. */
static size_t most_visitors(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur / 5 * 4 >= MOST_VISITORS)
        return MOST_VISITORS;
    return (size_t)files.rlim_cur / 5 * 4;
}

/* What a daemon needs beside libmicrohttpd. */
static bool prepare(struct daemon *daemon, char *why, size_t why_size)
{
    const struct daemon_options *options = &daemon->options;

    daemon->visitors = visitors_new(most_visitors(), options->most_of_one ? options->most_of_one : MOST_VISITORS);
    daemon->partings = partings_new();
    if (!daemon->visitors || !daemon->partings) {
        snprintf(why, why_size, "not enough memory");
        return false;
    }
    daemon->exchanges.options = options;
    daemon->exchanges.visitors = daemon->visitors;
    daemon->listening = listen_open(options->host, options->port, why, why_size);
    return daemon->listening >= 0;
}

struct daemon *daemon_open(const struct daemon_options *options, char *why, size_t why_size)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);

    if (!daemon) {
        snprintf(why, why_size, "not enough memory");
        return NULL;
    }
    daemon->options = *options;
    daemon->listening = -1;
    if (!prepare(daemon, why, why_size) || !start_mhd(daemon, why, why_size)) {
        daemon_close(daemon);
        return NULL;
    }
    daemon->port = listen_port(daemon->listening);
    return daemon;
}

unsigned daemon_port(const struct daemon *daemon)
{
    return daemon->port;
}

/* ---- run -------------------------------------------------------------------------------------------------------- */

double daemon_prepare(struct daemon *daemon, fd_set *readable, fd_set *writable, fd_set *broken, int *max_fd)
{
    double timeout = fmin(visitors_check(daemon->visitors), visitors_report(daemon->visitors));
    MHD_socket highest = *max_fd;
    MHD_UNSIGNED_LONG_LONG milliseconds;

    MHD_get_fdset(daemon->mhd, readable, writable, broken, &highest);
    *max_fd = highest;
    if (MHD_get_timeout(daemon->mhd, &milliseconds) == MHD_YES)
        timeout = fmin(timeout, (double)milliseconds / 1000);
    timeout = fmin(timeout, exchanges_prepare(&daemon->exchanges, readable, max_fd));
    timeout = fmin(timeout, partings_prepare(daemon->partings, readable, max_fd));
    double pause = visitors_pause(daemon->visitors);
    if (pause > 0) {
        timeout = fmin(timeout, pause);
    } else if (daemon->listening >= 0) {
        FD_SET(daemon->listening, readable);
        *max_fd = daemon->listening > *max_fd ? daemon->listening : *max_fd;
    }
    return timeout;
}

/* Who is there already is heard before anybody else is let in. */
void daemon_run(struct daemon *daemon, const fd_set *readable, const fd_set *writable, const fd_set *broken)
{
    exchanges_resume(&daemon->exchanges, readable);
    partings_run(daemon->partings, readable);
    MHD_run_from_select(daemon->mhd, readable, writable, broken);
    if (daemon->listening >= 0 && FD_ISSET(daemon->listening, readable))
        let_in(daemon);
}

void daemon_quiesce(struct daemon *daemon)
{
    daemon->exchanges.quiet = true;
    close(daemon->listening);
    daemon->listening = -1;
}

bool daemon_is_busy(const struct daemon *daemon)
{
    return daemon->exchanges.under_way > 0;
}

void daemon_close(struct daemon *daemon)
{
    if (!daemon)
        return;
    daemon->exchanges.closing = true;
    exchanges_resume_all(&daemon->exchanges);
    if (daemon->mhd) {
        MHD_run(daemon->mhd);
        MHD_stop_daemon(daemon->mhd);
    }
    visitors_free(daemon->visitors);
    partings_free(daemon->partings);
    if (daemon->listening >= 0)
        close(daemon->listening);
    free(daemon);
}
