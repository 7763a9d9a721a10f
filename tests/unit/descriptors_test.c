/* base/descriptors.c: standard descriptors that were closed, and what a child has. */
#include "../../src/base/descriptors.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs it in a child that has no standard descriptors; its exit code is the number of the first claim that fails. */
static int without_standard(int (*run)(void))
{
    int status = -1;

    fflush(stdout);
    if (fork() == 0) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
            close(fd);
        _exit(run());
    }
    wait(&status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int plugs_all(void)
{
    char byte;

    if (descriptors_plug())
        return 1; /* there was no stdout */
    if (open("/dev/null", O_RDONLY) <= STDERR_FILENO)
        return 2; /* a file of ours in its place */
    if (read(STDIN_FILENO, &byte, 1) != -1 || errno != EBADF)
        return 3;
    if (write(STDOUT_FILENO, "x", 1) != -1 || errno != EBADF)
        return 4; /* taken for delivered */
    return write(STDERR_FILENO, "x", 1) == 1 ? 0 : 5;
}

static void plugs(void)
{
    int code = without_standard(plugs_all);

    check(code == 0, "claim %d", code);
    check(descriptors_plug(), "where all are there, stdout is there");
}

static void keeps(void)
{
    int ours = socket(AF_UNIX, SOCK_STREAM, 0); /* as a library leaves it */

    check(ours >= 0 && (fcntl(ours, F_GETFD) & FD_CLOEXEC) == 0, "a socket that a child would have");
    descriptors_keep();
    check((fcntl(ours, F_GETFD) & FD_CLOEXEC) != 0, "is kept");
    check((fcntl(STDOUT_FILENO, F_GETFD) & FD_CLOEXEC) == 0, "stdout is not");
    close(ours);
}

int main(void)
{
    plugs();
    keeps();
    return check_report();
}
