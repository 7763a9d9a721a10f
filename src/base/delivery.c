/* See delivery.h. Both the bosh CLI and the director give a pipe, and read it to its end; the kernel counts what is unread. */
#include "delivery.h"

#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#ifdef __linux__
#include <linux/sockios.h>
#endif

#define SHORTEST_LOOK 1 /* milliseconds between looks at what is unread */
#define LONGEST_LOOK 20

bool delivery_has_reader(int fd)
{
    struct pollfd what = {.fd = fd};
    int result;

    if (fd < 0)
        return false;
    do
        result = poll(&what, 1, 0);
    while (result < 0 && errno == EINTR);
    return result <= 0 || (what.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

/* The number of bytes that were not read yet; 0 when the kernel does not count them. */
static int unread(int fd, mode_t mode)
{
    int count = 0;

    if (S_ISFIFO(mode) && ioctl(fd, FIONREAD, &count) == 0)
        return count;
#ifdef SIOCOUTQ
    if (S_ISSOCK(mode) && ioctl(fd, SIOCOUTQ, &count) == 0)
        return count;
#endif
    return 0;
}

/* The reader has gone. A pipe still has what it did not read; a socket has thrown it away, and says nothing. */
static enum delivery without_reader(int fd, mode_t mode)
{
    if (!S_ISFIFO(mode))
        return DELIVERY_UNKNOWN;
    return unread(fd, mode) > 0 ? DELIVERY_LOST : DELIVERY_TAKEN;
}

enum delivery delivery_wait(int fd, double patience)
{
    double deadline = clock_now() + patience;
    int pause = SHORTEST_LOOK;
    struct stat status;

    if (fstat(fd, &status) != 0)
        return DELIVERY_LOST;
    for (;;) {
        struct pollfd what = {.fd = fd};
        bool is_read = unread(fd, status.st_mode) == 0;
        if (!delivery_has_reader(fd))
            return without_reader(fd, status.st_mode);
        if (is_read)
            return DELIVERY_TAKEN;
        if (clock_now() >= deadline)
            return DELIVERY_UNKNOWN;
        poll(&what, 1, pause);
        pause = pause < LONGEST_LOOK ? pause * 2 : LONGEST_LOOK;
    }
}
