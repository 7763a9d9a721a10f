/*
 * Why work that is under way should end early: the process was asked to by SIGTERM, SIGINT or SIGHUP, or its answer has
 * no reader any more. The first signal is kept here, and the work looks at it between two steps; the second one ends the
 * process as it would have without us.
 */
#ifndef INTERRUPTION_H
#define INTERRUPTION_H

/* From now on the first of the signals is kept. */
void interruption_catch(void);

/* From now on the reader of the descriptor counts too; -1, a closed one, has no reader. */
void interruption_watch(int fd);

/* "SIGTERM arrived", "nobody reads the answer any more", or NULL. What was a reason once stays one. */
const char *interruption_reason(void);

/* Waits; when a reason comes up meanwhile, it returns within a second. With a reason that is known already it waits to the end. */
void interruption_sleep(double seconds);

/* Forgets everything; the signals end the process again. */
void interruption_end(void);

#endif
