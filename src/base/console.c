/* What an operator reads: stdout and stderr of a command. */
#include "console.h"

#include "file.h"
#include "printable.h"
#include "status.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define FIRST_FREE 3

static bool write_printable(int fd, const char *text, size_t length, int allowed)
{
    struct buf clean = buf_new(0);

    printable_append(&clean, text, length, PRINTABLE_LINES | PRINTABLE_TABS | allowed);
    status_clear();
    bool written = !clean.failed && file_write_stream(fd, buf_string(&clean), clean.length);
    int why = errno;
    buf_wipe(&clean);
    errno = why;
    return written;
}

bool console_write(const char *text, size_t length)
{
    return write_printable(STDOUT_FILENO, text, length, 0);
}

bool console_write_coloured(const char *text, size_t length)
{
    return write_printable(STDOUT_FILENO, text, length, PRINTABLE_COLOURS);
}

bool console_error(const char *text, size_t length)
{
    return write_printable(STDERR_FILENO, text, length, 0);
}

bool console_read_line(struct buf *line)
{
    char byte;
    bool any = false;

    while (read(STDIN_FILENO, &byte, 1) == 1) {
        any = true;
        if (byte == '\n')
            break;
        buf_append(line, &byte, 1);
    }
    return any;
}

bool console_is_tty(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

bool console_is_interactive(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

int console_reserve_stdout(void)
{
    int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, FIRST_FREE);

    dup2(STDERR_FILENO, STDOUT_FILENO);
    return kept;
}
