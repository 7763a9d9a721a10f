/*
 * The status line: what is going on, on the last line of a terminal, for as long as it goes on. There is none where stderr is
 * not a terminal, or is one that cannot go back to the beginning of a line (TERM=dumb).
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a status line can be shown. */
bool status_is_possible(void);

/* Shows the text, cut to the width of the terminal, in place of the one before; one of no bytes ends it. Masked already. */
void status_show(const char *text, size_t length);

/* Takes the line off the terminal before something else is written there. The next status_show writes it anew. */
void status_clear(void);

#endif
