/* What an operator reads: stdout and stderr of a command. */
#include "console.h"

#include "file.h"

#include <fcntl.h>
#include <unistd.h>

#define FIRST_FREE 3

bool console_write(const char *text, size_t length)
{
    return file_write_stream(STDOUT_FILENO, text, length);
}

bool console_error(const char *text, size_t length)
{
    return file_write_stream(STDERR_FILENO, text, length);
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

int console_reserve_stdout(void)
{
    int kept = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, FIRST_FREE);

    /* A closed standard descriptor is plugged: else the next file to be opened would take its place. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    return kept;
}
