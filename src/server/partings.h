/*
 * Sockets that were answered before all of their request was read. To close one at once makes the system reset the
 * connection, and a client that still sends may lose the answer: so what it sends is read and thrown away for a little
 * while, in no memory.
 */
#ifndef PARTINGS_H
#define PARTINGS_H

#include <sys/select.h>

struct partings;

/* NULL when out of memory. */
struct partings *partings_new(void);

/* Keeps a copy of the descriptor, whose owner closes its own. */
void partings_keep(struct partings *partings, int fd);

/* Adds the descriptors; returns the seconds it wants to be woken after at most. */
double partings_prepare(const struct partings *partings, fd_set *readable, int *max_fd);

/* Reads what is there, and closes what has ended or had its time. */
void partings_run(struct partings *partings, const fd_set *readable);

/* Closes them all. NULL is accepted. */
void partings_free(struct partings *partings);

#endif
