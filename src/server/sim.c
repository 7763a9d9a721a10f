/* cpi-server sim: the Lua model of CloudStack behind HTTP, with its time and the guests of its VMs. */

#include "sim.h"

#include "daemon.h"
#include "guest.h"
#include "jetty.h"
#include "route.h"
#include "signals.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

static const char help[] =
    "usage: cpi-server sim --listen HOST:PORT [--world FILE] [--guest PROGRAM]\n"
    "\n"
    "A simulated CloudStack. The first line of stdout tells its endpoint and accounts as JSON; it runs until\n"
    "SIGTERM or SIGINT.\n"
    "\n"
    "  --listen HOST:PORT  where to listen; port 0 picks a free one\n"
    "  --world FILE        zones, offerings, networks and accounts: .lua that returns a table, or .json\n"
    "  --guest PROGRAM     run in each VM: `PROGRAM start` while it runs, `PROGRAM attach` and `PROGRAM detach`\n"
    "                      when a volume comes or goes; the VM is described in its environment\n";

struct options {
    char host[256];
    char port[16];
    const char *world;
    const char *guest;
};

struct server {
    struct route *route;
    struct daemon *daemon;
    struct guests *guests;
};

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "cpi-server sim: %s%s; see cpi-server sim --help\n", what, value);
    return USAGE;
}

/* "host:port" or "[v6]:port" */
static bool split_listen(const char *text, struct options *options)
{
    const char *colon = strrchr(text, ':');
    const char *host = text, *end = colon;
    if (!colon || colon == text || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strlen(colon + 1) > 5 || atoi(colon + 1) > 65535)
        return false;
    if (*host == '[' && colon[-1] == ']') {
        host++;
        end--;
    }
    size_t length = (size_t)(end - host);
    if (length == 0 || length >= sizeof options->host)
        return false;
    memcpy(options->host, host, length);
    options->host[length] = '\0';
    snprintf(options->port, sizeof options->port, "%s", colon + 1);
    return true;
}

/* -1 when the options are good, the exit code otherwise */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "listen", required_argument, NULL, 'l' }, { "world", required_argument, NULL, 'w' },
        { "guest", required_argument, NULL, 'g' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (option == 'h')
            return fputs(help, stdout) < 0 ? FAILED : GOOD;
        if (option == 'l' && !split_listen(optarg, options))
            return usage_error("--listen wants HOST:PORT, not ", optarg);
        if (option == 'w')
            options->world = optarg;
        if (option == 'g')
            options->guest = optarg;
        if (option == ':')
            return usage_error("a value is missing after ", word);
        if (option == '?')
            return usage_error("unknown option ", word);
    }
    if (optind < argc)
        return usage_error("unexpected argument ", argv[optind]);
    if (!options->host[0])
        return usage_error("--listen HOST:PORT is missing", "");
    if (options->guest && access(options->guest, X_OK) != 0) {
        fprintf(stderr, "cpi-server sim: guest program %s: %s\n", options->guest, strerror(errno));
        return USAGE;
    }
    return -1;
}

/* Where clients of this machine find the server. */
static void base_url(const struct options *options, unsigned port, char *url, size_t size)
{
    const char *host = options->host;
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "*") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    snprintf(url, size, strchr(host, ':') ? "http://[%s]:%u" : "http://%s:%u", host, port);
}

static bool greet(struct route *route, const char *url)
{
    char endpoint[512];
    snprintf(endpoint, sizeof endpoint, "%s/client/api", url);
    char *line = route_greeting(route, endpoint);
    bool written = line && printf("%s\n", line) > 0 && fflush(stdout) == 0;
    free(line);
    return written;
}

/* The route is made after the port is known, so requests find it through the server. */
static void answer(void *context, const struct request *request, struct reply *reply)
{
    struct server *server = context;
    route_answer(server->route, request, reply);
}

static bool start(struct server *server, const struct options *options)
{
    char why[512], url[300];
    struct daemon_options daemon = {
        .host = options->host, .port = options->port, .upload_prefix = "/upload/", .max_body = JETTY_MAX_FORM,
        .answer = answer, .context = server,
    };
    if (!signals_open()) {
        fprintf(stderr, "cpi-server sim: signals: %s\n", strerror(errno));
        return false;
    }
    server->daemon = daemon_open(&daemon, why, sizeof why);
    if (!server->daemon) {
        fprintf(stderr, "cpi-server sim: cannot listen on %s port %s: %s\n", options->host, options->port, why);
        return false;
    }
    base_url(options, daemon_port(server->daemon), url, sizeof url);
    server->route = route_open("sim", options->world, url);
    server->guests = options->guest ? guests_open(options->guest) : NULL;
    return server->route && (server->guests || !options->guest) && greet(server->route, url);
}

static struct timeval as_timeval(double seconds)
{
    struct timeval time;
    time.tv_sec = (time_t)seconds;
    time.tv_usec = (suseconds_t)((seconds - floor(seconds)) * 1e6);
    return time;
}

/* One turn: what is due, then wait, then what has come. */
static void turn(struct server *server)
{
    fd_set readable, writable, broken;
    int highest = signals_fd();
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&broken);
    FD_SET(highest, &readable);
    double seconds = route_tick(server->route);
    route_events(server->route, server->guests);
    if (server->guests)
        seconds = fmin(seconds, guests_run(server->guests));
    seconds = fmin(seconds, daemon_prepare(server->daemon, &readable, &writable, &broken, &highest));
    struct timeval timeout = as_timeval(seconds > 0 ? seconds : 0);
    if (select(highest + 1, &readable, &writable, &broken, &timeout) < 0) {
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        FD_ZERO(&broken);
    }
    signals_drain();
    daemon_run(server->daemon, &readable, &writable, &broken);
}

static bool impatient(void)
{
    return signals_ends() > 1;
}

int sim_main(int argc, char **argv)
{
    struct options options = { 0 };
    struct server server = { 0 };
    int wrong = read_options(argc, argv, &options);
    if (wrong >= 0)
        return wrong;
    bool started = start(&server, &options);
    while (started && signals_ends() == 0)
        turn(&server);
    daemon_close(server.daemon);
    guests_close(server.guests, impatient);
    route_close(server.route);
    signals_close();
    return started ? GOOD : FAILED;
}
