/* cpi-server SUB-COMMAND: the daemons of the CPI. */

#include "../base/core_dump.h"
#include "../base/descriptors.h"
#include "registry.h"
#include "sim.h"
#include "templates.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    const char *what;
    int (*run)(int argc, char **argv);
};

/* A new daemon is one more line. */
static const struct command commands[] = {
    { "registry", "the settings of agents of old stemcells", registry_main },
    { "sim", "a simulated CloudStack, for tests and trials", sim_main },
    { "templates", "images of stemcells, for CloudStack to fetch", templates_main },
};

static void list(FILE *out)
{
    fputs("usage: cpi-server COMMAND [OPTIONS] | --help | --version; cpi-server COMMAND --help\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-12s%s\n", commands[i].name, commands[i].what);
}

int main(int argc, char **argv)
{
    core_dump_forbid();
    descriptors_plug();
    if (argc < 2) {
        list(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        list(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0)
        return printf("cloudstack_cpi %s\n", VERSION) < 0;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "cpi-server: unknown command %s; see cpi-server --help\n", argv[1]);
    return 2;
}
