/* Where a daemon listens: as its command line says it, as a socket, and as a URL. */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stddef.h>

struct listen {
    char host[256];
    char port[16];
};

/* "host:port" or "[v6]:port"; false when it is neither. */
bool listen_parse(const char *text, struct listen *listen);

/* A socket that listens and does not block, or -1 with the reason in `why`. */
int listen_open(const char *host, const char *port, char *why, size_t why_size);

/* The port of such a socket, which port 0 left to the system; 0 when it cannot be found out. */
unsigned listen_port(int fd);

/* Where clients of this machine find it, now that the port is known. */
void listen_url(const struct listen *listen, const char *scheme, unsigned port, char *url, size_t size);

#endif
