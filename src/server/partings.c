/* Sockets that are read to no purpose before they are closed; see partings.h. */
#include "partings.h"

#include "../base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 32
#define SECONDS 2.0
#define READS_AT_ONCE 2 /* of 64 KB: the others wait meanwhile */

struct kept {
    int fd; /* -1: free */
    double until;
};

struct partings {
    struct kept kept[MOST];
    size_t oldest; /* the place that is taken next */
};

struct partings *partings_new(void)
{
    struct partings *partings = calloc(1, sizeof *partings);

    for (size_t i = 0; partings && i < MOST; i++)
        partings->kept[i].fd = -1;
    return partings;
}

static void drop(struct kept *kept)
{
    if (kept->fd >= 0)
        close(kept->fd);
    kept->fd = -1;
}

void partings_keep(struct partings *partings, int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (copy < 0)
        return;
    if (copy >= FD_SETSIZE) {
        close(copy);
        return;
    }
    struct kept *kept = &partings->kept[partings->oldest];
    partings->oldest = (partings->oldest + 1) % MOST;
    drop(kept);
    *kept = (struct kept){copy, clock_now() + SECONDS};
}

double partings_prepare(const struct partings *partings, fd_set *readable, int *max_fd)
{
    double now = clock_now(), next = HUGE_VAL;

    for (const struct kept *kept = partings->kept; kept < partings->kept + MOST; kept++)
        if (kept->fd >= 0) {
            FD_SET(kept->fd, readable);
            *max_fd = kept->fd > *max_fd ? kept->fd : *max_fd;
            next = fmin(next, kept->until - now);
        }
    return next;
}

/* False when there is nothing more to come. */
static bool discard(int fd)
{
    static char bytes[65536];
    ssize_t got = 1;

    for (int i = 0; got > 0 && i < READS_AT_ONCE; i++)
        got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void partings_run(struct partings *partings, const fd_set *readable)
{
    double now = clock_now();

    for (struct kept *kept = partings->kept; kept < partings->kept + MOST; kept++)
        if (kept->fd >= 0 && ((FD_ISSET(kept->fd, readable) && !discard(kept->fd)) || kept->until <= now))
            drop(kept);
}

void partings_free(struct partings *partings)
{
    for (size_t i = 0; partings && i < MOST; i++)
        drop(&partings->kept[i]);
    free(partings);
}
