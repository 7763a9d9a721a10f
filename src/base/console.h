/* What an operator reads: stdout and stderr of a command. In request mode stdout is not ours to write on. */
#ifndef CONSOLE_H
#define CONSOLE_H

#include "buf.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Write text, in lines and with tabs, and nothing else that a terminal would act on: it is written as an escape. In colours
 * where the text is ours alone.
 */
bool console_write(const char *text, size_t length);
bool console_write_coloured(const char *text, size_t length);
bool console_error(const char *text, size_t length);

/* Whether stdout is a terminal. */
bool console_is_tty(void);

/* Whether stdin and stderr are terminals, so that a person can be asked. */
bool console_is_interactive(void);

/* Appends the next line of stdin, without its end; false at the end of stdin. */
bool console_read_line(struct buf *line);

/*
 * Keeps stdout for the one response line: the descriptor comes back, closed on exec, and whatever else writes to
 * fd 1 goes to stderr. descriptors_plug() comes before.
 */
int console_reserve_stdout(void);

#endif
