/* Signals through a pipe that wakes the select loop. */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int ends[2] = { -1, -1 };
static volatile sig_atomic_t asked_to_end;

static void on_signal(int number)
{
    int saved = errno;
    if (number != SIGCHLD && asked_to_end < 2)
        asked_to_end = asked_to_end + 1;
    ssize_t written = write(ends[1], "", 1); /* full is as good: the loop wakes anyway */
    (void)written;
    errno = saved;
}

static bool prepare(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

bool signals_open(void)
{
    struct sigaction caught, ignored;
    memset(&caught, 0, sizeof caught);
    caught.sa_handler = on_signal;
    caught.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    ignored = caught;
    ignored.sa_handler = SIG_IGN;
    return pipe(ends) == 0 && prepare(ends[0]) && prepare(ends[1]) && sigaction(SIGTERM, &caught, NULL) == 0 &&
           sigaction(SIGINT, &caught, NULL) == 0 && sigaction(SIGCHLD, &caught, NULL) == 0 &&
           sigaction(SIGPIPE, &ignored, NULL) == 0 && sigaction(SIGXFSZ, &ignored, NULL) == 0;
}

int signals_fd(void)
{
    return ends[0];
}

void signals_drain(void)
{
    char bytes[64];
    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
}

int signals_ends(void)
{
    return asked_to_end;
}

void signals_close(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    close(ends[0]);
    close(ends[1]);
}
