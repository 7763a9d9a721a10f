/* What the daemons of the CPI have in common: cpi-server NAME --config FILE [--listen HOST:PORT]. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stddef.h>

struct service {
    const char *name;
    const char *module;  /* the Lua module: new{ host } -> admit(head), http(request), port, certificate, private_key */
    const char *help;
    size_t max_body;     /* a longer one is answered with 413 */
};

/* Runs it until it is asked to end; returns the exit code. */
int service_main(const struct service *service, int argc, char **argv);

#endif
