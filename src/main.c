/* Without a command: one request on stdin, one response on stdout. With one: lua/commands/NAME.lua. */
#include "base/console.h"
#include "base/core_dump.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "command.h"
#include "config.h"
#include "cpi_config.h"
#include "host.h"
#include "rpc.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2

struct invocation {
    const char *config, *cpi_config, *cpi;
    char **words; /* the command and its arguments; empty for a request */
    int count;
    bool version;
};

/* Reads --NAME VALUE or --NAME=VALUE at argv[*i], and leaves *i at its last word. */
static bool parse_value(int argc, char **argv, int *i, const char *name, const char **value)
{
    size_t length = strlen(name);

    if (strcmp(argv[*i], name) == 0 && *i + 1 < argc)
        *value = argv[++*i];
    else if (strncmp(argv[*i], name, length) == 0 && argv[*i][length] == '=')
        *value = argv[*i] + length + 1;
    else
        return false;
    return true;
}

/* The options that say which cloud is meant. */
static bool parse_config(int argc, char **argv, int *i, struct invocation *invocation)
{
    return parse_value(argc, argv, i, "--config", &invocation->config)
        || parse_value(argc, argv, i, "--cpi-config", &invocation->cpi_config)
        || parse_value(argc, argv, i, "--cpi", &invocation->cpi);
}

/* What follows the command is the command's, but for --config and the like, which people write there too. */
static void parse_command(int argc, char **argv, int i, struct invocation *invocation)
{
    invocation->words = argv + i;
    for (bool literal = false; i < argc; i++) {
        literal = literal || strcmp(argv[i], "--") == 0;
        if (literal || !parse_config(argc, argv, &i, invocation))
            invocation->words[invocation->count++] = argv[i];
    }
}

static bool parse(int argc, char **argv, struct invocation *invocation)
{
    static char *help_words[] = {"help", NULL};
    bool help = false;
    int i = 1;

    invocation->config = getenv("CPI_CONFIG");
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (parse_config(argc, argv, &i, invocation)) {
            continue;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            invocation->version = true;
        } else {
            fprintf(stderr, "cpi: unknown option or missing value: %s\n", argv[i]);
            return false;
        }
    }
    parse_command(argc, argv, i, invocation);
    if (help) {
        invocation->words = help_words;
        invocation->count = 1;
    }
    return true;
}

/* The long text is a command of its own, lua/commands/help.lua. */
static int refuse_usage(void)
{
    fprintf(stderr, "usage: cpi [--config FILE] [--cpi-config FILE [--cpi NAME]] [COMMAND [ARGUMENT]...]; `cpi --help` says more\n");
    return EXIT_USAGE;
}

/* Nothing but the response is written to stdout, whatever libraries write. */
static int serve_request(bool has_stdout)
{
    const struct host_options options = {0};

    if (isatty(STDIN_FILENO))
        fprintf(stderr, "cpi: reading a request (JSON) from standard input; `cpi --help` says more\n");
    int out = console_reserve_stdout();
    if (!has_stdout)
        out = -1;
    rpc_expect(out);
    log_threshold(LOG_INFO);
    lua_State *L = host_new(&options);
    int code = rpc_serve(L, STDIN_FILENO, out);
    host_close(L);
    return code;
}

static int run_command(const struct invocation *invocation)
{
    const struct host_options options = {0};
    lua_State *L = host_new(&options);

    if (!L)
        return EXIT_FAILURE;
    int code = command_run(L, invocation->words, invocation->count);
    host_close(L);
    return code;
}

int main(int argc, char **argv)
{
    struct invocation invocation = {0};
    bool has_stdout = descriptors_plug();

    core_dump_forbid();
    if (!parse(argc, argv, &invocation))
        return refuse_usage();
    if (invocation.version)
        return printf("cloudstack_cpi %s\n", VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* where a caller ignores it, and we inherit that, waitpid has no exit status of a child */
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is then an error like a full disk */
    config_set_path(invocation.config);
    cpi_config_set(invocation.cpi_config, invocation.cpi);
    return invocation.count == 0 ? serve_request(has_stdout) : run_command(&invocation);
}
