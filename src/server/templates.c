/* cpi-server templates: images of stemcells for CloudStack to fetch; lua/daemons/templates.lua makes the answers. */
#include "templates.h"

#include "service.h"

static const struct service service = {
    .name = "templates",
    .module = "daemons.templates",
    .max_body = 1024,
    .help =
        "usage: cpi-server templates --config FILE [--listen HOST:PORT]\n"
        "\n"
        "Serves the images of stemcells that are published in templates.directory: GET and HEAD of names that nobody can\n"
        "guess. It runs until SIGTERM or SIGINT. The first line of stdout is the URL where it listens.\n"
        "\n"
        "  --config FILE       the CPI's configuration; without it CPI_CONFIG\n"
        "  --listen HOST:PORT  where to listen, port 0 picks a free one; without it every IPv4 address, port templates.port\n",
};

int templates_main(int argc, char **argv)
{
    return service_main(&service, argc, argv);
}
