/*
 * How much of a server many processes may use at once: slots for what is under way, a pace, and a pause that one of them
 * learnt from the server and all of them keep. Kept in a file beside the store; a slot is a lock on a byte of it, which the
 * kernel takes back from a process that dies, however it dies.
 */
#ifndef THROTTLE_H
#define THROTTLE_H

#include "fault.h"

struct throttle_limits {
    int concurrent;    /* requests under way at once, in all processes; 0: any number */
    double per_second; /* requests begun in a second, in all processes; 0: any number */
    double patience;   /* seconds to wait for a turn; then it is taken */
};

/* Opens the file, or makes it (mode 0600). What was open before is closed. */
bool throttle_open(const char *path, const struct throttle_limits *limits, struct fault *fault);

/*
 * Waits for a turn and takes slots for up to `wanted` requests: how many, at least 1. `*waited` is the seconds that it
 * took; more than the patience means that the turn was not there and was taken.
 */
int throttle_enter(int wanted, double *waited);

/* Gives back what enter() took. */
void throttle_leave(void);

/* No process begins a request for so long; then those that waited begin one after the other. */
void throttle_pause(double seconds);

void throttle_close(void);

#endif
