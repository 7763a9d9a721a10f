/* cpi-server registry: the settings of agents that ask for them over HTTP; lua/daemons/registry.lua makes the answers. */
#include "registry.h"

#include "service.h"

static const struct service service = {
    .name = "registry",
    .module = "daemons.registry",
    .max_body = (size_t)4 << 20,
    .help =
        "usage: cpi-server registry --config FILE [--listen HOST:PORT]\n"
        "\n"
        "The registry for agents of old stemcells: GET, PUT and DELETE of /instances/ID/settings. It runs until SIGTERM\n"
        "or SIGINT. The first line of stdout is the URL where it listens.\n"
        "\n"
        "  --config FILE       the CPI's configuration; without it CPI_CONFIG\n"
        "  --listen HOST:PORT  where to listen, port 0 picks a free one; without it every IPv4 address, port registry.port\n",
};

int registry_main(int argc, char **argv)
{
    return service_main(&service, argc, argv);
}
