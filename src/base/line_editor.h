/* Lines that a person types at a terminal and can edit, with the ones before: by libedit, where the machine has it. */
#ifndef LINE_EDITOR_H
#define LINE_EDITOR_H

#include "buf.h"

#include <stdbool.h>

/* Whether there is an editor: stdin and stdout are terminals, and libedit is installed. */
bool line_editor_is_there(void);

/* Reads a line behind the prompt, without its end; false at the end of the input. */
bool line_editor_read(const char *prompt, struct buf *line);

#endif
