/* The switch that forbids changes outside this process: once on, it stays on as long as the scripts live. */
#ifndef READONLY_H
#define READONLY_H

#include <stdbool.h>

void readonly_begin(void);

bool readonly_is_on(void);

/* Whether a request of that name may be sent: always while changes are allowed; else when its name is that of a read. */
bool readonly_allows(const char *command);

/* Allows changes again, for the next state. */
void readonly_end(void);

#endif
