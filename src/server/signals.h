/* Signals as something a select loop can wait for. */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

/* Catches SIGTERM, SIGINT and SIGCHLD, ignores SIGPIPE. False when that cannot be done; errno says why. */
bool signals_open(void);

/* The descriptor that becomes readable when one has arrived. */
int signals_fd(void);

/* Empties the descriptor. */
void signals_drain(void);

/* How often the server was asked to end. */
int signals_ends(void);

void signals_close(void);

#endif
