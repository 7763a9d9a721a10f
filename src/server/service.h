#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

/* What the daemons of the CPI have in common: cpi-server NAME --config FILE [--listen HOST:PORT]. */

#include <stddef.h>

struct service {
    const char *name;
    const char *module;  /* what answers: new{ host } -> http(request), port, certificate, private_key */
    const char *help;
    size_t max_body;     /* a longer one is answered with 413 */
};

/* Runs it until it is asked to end; answers the exit code. */
int service_main(const struct service *service, int argc, char **argv);

#endif
