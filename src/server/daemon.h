/* The HTTP daemon: libmicrohttpd, driven by the select loop of loop.c. */
#ifndef DAEMON_H
#define DAEMON_H

#include "daemon_options.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/select.h>

struct daemon;

/* Starts to listen. NULL with the reason in why when that fails. */
struct daemon *daemon_open(const struct daemon_options *options, char *why, size_t why_size);

/* The port it listens on, which port 0 left to the system. */
unsigned daemon_port(const struct daemon *daemon);

/* Adds its descriptors; returns the seconds it wants to be woken after at most. */
double daemon_prepare(struct daemon *daemon, fd_set *readable, fd_set *writable, fd_set *broken, int *max_fd);

/* Does what the descriptors and the time allow; never blocks. */
void daemon_run(struct daemon *daemon, const fd_set *readable, const fd_set *writable, const fd_set *broken);

/* Accepts no more connections, and closes each one with its next answer. */
void daemon_quiesce(struct daemon *daemon);

/* Whether a request has begun and its answer is not complete. */
bool daemon_is_busy(const struct daemon *daemon);

/* Ends all connections and frees. NULL is accepted. */
void daemon_close(struct daemon *daemon);

#endif
