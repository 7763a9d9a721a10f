/*
 * A limit on work that cannot be interrupted otherwise: after so much CPU time the process ends, with a
 * message that was prepared beforehand. One watch at a time.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdbool.h>

/*
 * How the process ends: before, what is watched, and after are written on the descriptor; then it exits with the code.
 * The texts are not copied. At first they go to stderr, and the code is 1.
 */
void watchdog_last_words(int fd, const char *before, const char *after, int exit_code);

/* The same as at first. */
void watchdog_forget(void);

/*
 * From now on the process has so many seconds of its own CPU time. `what` is copied, cut to what fits, and every byte
 * in it that would need escaping in JSON becomes '?'. False when a watch is on already: then that one holds.
 */
bool watchdog_start(int seconds, const char *what);

void watchdog_stop(void);

#endif
