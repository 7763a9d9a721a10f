/* Lines that can be edited, over libedit, which is loaded at the first of them. A static program has no way to load it. */
#include "line_editor.h"

#include "fault.h"

#ifdef STATIC_LIBRARIES

bool line_editor_is_there(void)
{
    return false;
}

bool line_editor_read(const char *prompt, struct buf *line)
{
    (void)prompt;
    (void)line;
    return false;
}

#else

#include "library.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct editor_functions {
    char *(*readline)(const char *prompt);
    int (*add_history)(const char *line);
} editor;

static const struct library_symbol symbols[] = {
    {"readline", offsetof(struct editor_functions, readline), NULL},
    {"add_history", offsetof(struct editor_functions, add_history), NULL},
};

bool line_editor_is_there(void)
{
    static int known = -1;
    struct fault fault;

    if (known < 0)
        known = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 &&
                library_load("libedit.so.2", symbols, sizeof symbols / sizeof *symbols, &editor, &fault);
    return known;
}

bool line_editor_read(const char *prompt, struct buf *line)
{
    char *typed = editor.readline(prompt);

    if (!typed)
        return false;
    buf_append(line, typed, strlen(typed));
    if (*typed)
        editor.add_history(typed);
    free(typed);
    return true;
}

#endif
