/* The vow to change nothing outside this process: once taken it holds for the life of the scripts. */
#ifndef READONLY_H
#define READONLY_H

#include <stdbool.h>

void readonly_begin(void);

bool readonly_is_on(void);

/* Whether a request of that name may be sent: always without the vow; with it, when the name says that it reads. */
bool readonly_allows(const char *command);

/* Ends with the state that took it. */
void readonly_end(void);

#endif
