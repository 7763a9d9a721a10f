#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

/* Where a daemon listens, as its command line says it. */

#include <stdbool.h>
#include <stddef.h>

struct listen {
    char host[256];
    char port[16];
};

/* "host:port" or "[v6]:port"; false when it is neither. */
bool listen_parse(const char *text, struct listen *listen);

/* Where clients of this machine find it, now that the port is known. */
void listen_url(const struct listen *listen, const char *scheme, unsigned port, char *url, size_t size);

#endif
