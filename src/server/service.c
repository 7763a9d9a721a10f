/* A daemon of the CPI: its configuration, the port, the loop; lua/daemons/NAME.lua makes the answers. */
#include "service.h"

#include "../config.h"
#include "daemon.h"
#include "listen.h"
#include "loop.h"
#include "route.h"
#include "signals.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAIN_SECONDS 5.0
#define CONNECTION_BYTES ((size_t)16384)
#define MOST_OF_ONE 256u /* all VMs of a network may come from one address: their router's */

enum { GOOD = 0, FAILED = 1, USAGE = 2 };

struct options {
    const char *config;
    struct listen listen;
};

struct server {
    const struct service *service;
    struct model *model;
    struct daemon *daemon;
    char *certificate, *private_key;
};

static int usage_error(const struct service *service, const char *what, const char *value)
{
    fprintf(stderr, "cpi-server %s: %s%s; see cpi-server %s --help\n", service->name, what, value, service->name);
    return USAGE;
}

/* -1 when the options are good, the exit code otherwise */
static int read_options(const struct service *service, int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "config", required_argument, NULL, 'c' }, { "listen", required_argument, NULL, 'l' },
        { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
    };
    int option;
    opterr = 0;
    options->config = getenv("CPI_CONFIG");
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (option == 'h')
            return fputs(service->help, stdout) < 0 ? FAILED : GOOD;
        if (option == 'l' && !listen_parse(optarg, &options->listen))
            return usage_error(service, "--listen wants HOST:PORT, not ", optarg);
        if (option == 'c')
            options->config = optarg;
        if (option == ':')
            return usage_error(service, "a value is missing after ", word);
        if (option == '?')
            return usage_error(service, "unknown option ", word);
    }
    if (optind < argc)
        return usage_error(service, "unexpected argument ", argv[optind]);
    if (!options->config || !*options->config)
        return usage_error(service, "--config FILE is missing", "");
    return -1;
}

static void refuse_length(struct reply *reply)
{
    static const char too_large[] = "{\"status\":\"error\"}";

    reply->close = true;
    reply_set(reply, 413, "application/json", too_large, sizeof too_large - 1);
}

static bool admit(void *context, const struct request *head, struct reply *reply)
{
    struct server *server = context;

    if (!route_admit(server->model, head, reply))
        return false;
    if (head->body_too_large)
        refuse_length(reply);
    return !head->body_too_large;
}

/* A body in chunks shows its length only now. */
static void answer(void *context, const struct request *request, struct reply *reply)
{
    struct server *server = context;

    if (request->body_too_large)
        refuse_length(reply);
    else
        route_answer(server->model, request, reply);
}

/* Without --listen: every IPv4 address, the port of the configuration. */
static void complete(struct options *options, struct model *model)
{
    char *port = options->listen.host[0] ? NULL : model_text(model, "port");
    if (port) {
        snprintf(options->listen.host, sizeof options->listen.host, "0.0.0.0");
        snprintf(options->listen.port, sizeof options->listen.port, "%s", port);
    }
    free(port);
}

static bool listen_there(struct server *server, const struct options *options)
{
    char why[512], url[300];
    server->certificate = model_text(server->model, "certificate");
    server->private_key = model_text(server->model, "private_key");
    struct daemon_options daemon = {
        .host = options->listen.host, .port = options->listen.port, .max_body = server->service->max_body,
        .connection_bytes = CONNECTION_BYTES, .most_of_one = MOST_OF_ONE, .certificate = server->certificate,
        .private_key = server->private_key, .admit = admit, .answer = answer, .context = server,
    };
    server->daemon = daemon_open(&daemon, why, sizeof why);
    if (!server->daemon) {
        fprintf(stderr, "cpi-server %s: cannot listen on %s port %s: %s\n", server->service->name, options->listen.host,
                options->listen.port, why);
        return false;
    }
    listen_url(&options->listen, server->certificate ? "https" : "http", daemon_port(server->daemon), url, sizeof url);
    return printf("%s\n", url) > 0 && fflush(stdout) == 0;
}

static bool start(struct server *server, struct options *options)
{
    if (!signals_open()) {
        fprintf(stderr, "cpi-server %s: signals: %s\n", server->service->name, strerror(errno));
        return false;
    }
    config_set_path(options->config);
    server->model = model_open(server->service->module, &(struct model_options){ 0 });
    if (!server->model)
        return false;
    complete(options, server->model);
    return listen_there(server, options);
}

int service_main(const struct service *service, int argc, char **argv)
{
    struct options options = { 0 };
    struct server server = { .service = service };
    int wrong = read_options(service, argc, argv, &options);
    if (wrong >= 0)
        return wrong;
    bool started = start(&server, &options);
    while (started && signals_ends() == 0)
        loop_turn(server.daemon, server.model, NULL);
    if (started)
        loop_drain(server.daemon, server.model, DRAIN_SECONDS);
    daemon_close(server.daemon);
    model_close(server.model);
    free(server.certificate);
    free(server.private_key);
    signals_close();
    return started ? GOOD : FAILED;
}
