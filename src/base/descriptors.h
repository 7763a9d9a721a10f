/* Which descriptors are this process's own: none goes to a program that it starts, and 0 to 2 are never a file of ours. */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stdbool.h>

/*
 * The first thing that a program does: a closed standard descriptor is plugged, for else the next file or connection
 * would take its place, and log lines would be written into it. Reading or writing there fails as if it were closed.
 * Returns whether stdout was there.
 */
bool descriptors_plug(void);

/*
 * To be called before a program is started: everything above 2 is closed in it. Our own files are so from the start, but
 * not the sockets of every library.
 */
void descriptors_keep(void);

#endif
