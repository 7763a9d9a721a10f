/* Whether a descriptor has a reader, and whether the reader has read what was written. */
#ifndef DELIVERY_H
#define DELIVERY_H

#include <stdbool.h>

enum delivery {
    DELIVERY_TAKEN,   /* read, or written where no reader can be seen: a file, a terminal */
    DELIVERY_LOST,    /* the reader of a pipe has gone and has not read all of it */
    DELIVERY_UNKNOWN, /* it was not all read in time, or the other end of a socket has gone */
};

/*
 * False when the other end of a pipe, socket or terminal has gone, or the descriptor is closed. Costs one system call, and
 * writes nothing. The end of a TCP connection is not seen before a write fails.
 */
bool delivery_has_reader(int fd);

/* Waits until what was written on a pipe or a local socket has been read, for so many seconds. */
enum delivery delivery_wait(int fd, double patience);

#endif
