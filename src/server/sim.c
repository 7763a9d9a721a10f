/* cpi-server sim: the Lua model of CloudStack behind HTTP, with its time and the guests of its VMs. */
#include "sim.h"

#include "daemon.h"
#include "guest.h"
#include "jetty.h"
#include "listen.h"
#include "loop.h"
#include "route.h"
#include "signals.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECTION_BYTES ((size_t)65536)
#define GRACE_SECONDS 5.0
#define LONGEST_GRACE 3600.0

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

static const char help[] =
    "usage: cpi-server sim --listen HOST:PORT [--world FILE] [--guest PROGRAM [--grace SECONDS]] [--images DIR] [--strict]\n"
    "\n"
    "A simulated CloudStack. The first line of stdout has its endpoint and accounts as JSON; it runs until\n"
    "SIGTERM or SIGINT.\n"
    "\n"
    "  --listen HOST:PORT  where to listen; port 0 picks a free one\n"
    "  --world FILE        zones, offerings, networks and accounts: .lua that returns a table, or .json\n"
    "  --guest PROGRAM     run in each VM: `PROGRAM start` while it runs, `PROGRAM attach`, `PROGRAM detach` and\n"
    "                      `PROGRAM resize` when a volume comes, goes or grows; the VM is in its environment\n"
    "  --grace SECONDS     how long a guest may take to end after SIGTERM, before it gets SIGKILL (5)\n"
    "  --images DIR        keep the templates that are uploaded, each under its SHA-256\n"
    "  --strict            refuse commands that are not modelled and parameters that are ignored\n";

struct options {
    struct listen listen;
    const char *world;
    const char *guest;
    const char *images;
    double grace;
    bool strict;
};

struct server {
    struct model *model;
    struct daemon *daemon;
    struct guests *guests;
};

static int usage_error(const char *what, const char *value)
{
    fprintf(stderr, "cpi-server sim: %s%s; see cpi-server sim --help\n", what, value);
    return USAGE;
}

static bool read_seconds(const char *text, double *seconds)
{
    char *end;
    *seconds = strtod(text, &end);
    return end != text && !*end && *seconds >= 0 && *seconds <= LONGEST_GRACE;
}

/* -1 when the options are good, the exit code otherwise */
static int read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "listen", required_argument, NULL, 'l' }, { "world", required_argument, NULL, 'w' },
        { "guest", required_argument, NULL, 'g' }, { "images", required_argument, NULL, 'i' },
        { "grace", required_argument, NULL, 't' }, { "strict", no_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (option == 'h')
            return fputs(help, stdout) < 0 ? FAILED : GOOD;
        if (option == 'l' && !listen_parse(optarg, &options->listen))
            return usage_error("--listen wants HOST:PORT, not ", optarg);
        if (option == 'w')
            options->world = optarg;
        if (option == 'g')
            options->guest = optarg;
        if (option == 'i')
            options->images = optarg;
        if (option == 't' && !read_seconds(optarg, &options->grace))
            return usage_error("--grace wants a number of seconds, not ", optarg);
        if (option == 's')
            options->strict = true;
        if (option == ':')
            return usage_error("a value is missing after ", word);
        if (option == '?')
            return usage_error("unknown option ", word);
    }
    if (optind < argc)
        return usage_error("unexpected argument ", argv[optind]);
    if (!options->listen.host[0])
        return usage_error("--listen HOST:PORT is missing", "");
    if (options->guest && access(options->guest, X_OK) != 0) {
        fprintf(stderr, "cpi-server sim: guest program %s: %s\n", options->guest, strerror(errno));
        return USAGE;
    }
    if (options->images && access(options->images, W_OK | X_OK) != 0) {
        fprintf(stderr, "cpi-server sim: directory of images %s: %s\n", options->images, strerror(errno));
        return USAGE;
    }
    return -1;
}

static bool greet(struct model *model, const char *url)
{
    char endpoint[512];
    snprintf(endpoint, sizeof endpoint, "%s/client/api", url);
    char *line = model_greeting(model, endpoint);
    bool written = line && printf("%s\n", line) > 0 && fflush(stdout) == 0;
    free(line);
    return written;
}

static bool admit(void *context, const struct request *head, struct reply *reply)
{
    (void)context;
    return !jetty_refuses(head, reply);
}

/* The model is made after the port is known, so requests find it through the server. */
static void answer(void *context, const struct request *request, struct reply *reply)
{
    struct server *server = context;

    if (jetty_refuses(request, reply)) /* a form in chunks shows its length only now */
        return;
    if (!route_answer(server->model, request, reply))
        route_explain(server->model, reply);
}

static void guest_did(void *context, long long number)
{
    const struct server *server = context;
    model_guest_did(server->model, number);
}

static bool start(struct server *server, const struct options *options)
{
    char why[512], url[300];
    struct daemon_options daemon = {
        .host = options->listen.host, .port = options->listen.port, .upload_prefix = "/upload/", .max_body = JETTY_MAX_FORM,
        .upload_directory = options->images,
        .connection_bytes = CONNECTION_BYTES, .admit = admit, .answer = answer, .context = server,
    };
    if (!signals_open()) {
        fprintf(stderr, "cpi-server sim: signals: %s\n", strerror(errno));
        return false;
    }
    server->daemon = daemon_open(&daemon, why, sizeof why);
    if (!server->daemon) {
        fprintf(stderr, "cpi-server sim: cannot listen on %s port %s: %s\n", options->listen.host, options->listen.port, why);
        return false;
    }
    listen_url(&options->listen, "http", daemon_port(server->daemon), url, sizeof url);
    server->model = model_open("sim", &(struct model_options){
        .world = options->world, .base_url = url, .images = options->images, .strict = options->strict,
        .has_guests = options->guest != NULL });
    server->guests = options->guest ? guests_open(&(struct guests_options){
        .program = options->guest, .grace = options->grace, .done = guest_did, .context = server }) : NULL;
    return server->model && (server->guests || !options->guest) && greet(server->model, url);
}

static bool impatient(void)
{
    return signals_ends() > 1;
}

int sim_main(int argc, char **argv)
{
    struct options options = { .grace = GRACE_SECONDS };
    struct server server = { 0 };
    int wrong = read_options(argc, argv, &options);
    if (wrong >= 0)
        return wrong;
    bool started = start(&server, &options);
    while (started && signals_ends() == 0)
        loop_turn(server.daemon, server.model, server.guests);
    daemon_close(server.daemon);
    guests_close(server.guests, impatient);
    model_close(server.model);
    signals_close();
    return started ? GOOD : FAILED;
}
