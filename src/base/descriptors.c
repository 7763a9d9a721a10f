/* Standard descriptors that were closed, and those that a child is not to have. */
#include "descriptors.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define FIRST_OWN 3
#define MOST 65536 /* looked through where the system does not list them */

bool descriptors_plug(void)
{
    bool has_stdout = fcntl(STDOUT_FILENO, F_GETFD) >= 0;

    /* Each is opened the wrong way round, so that a write to it fails; in this order each takes its own place. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", (fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY) | O_NOCTTY);
    return has_stdout;
}

static void keep(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
        fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

static int end_of_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > MOST)
        return MOST;
    return (int)limit.rlim_cur;
}

void descriptors_keep(void)
{
    DIR *list = opendir("/dev/fd");
    const struct dirent *entry;

    if (!list) {
        for (int fd = FIRST_OWN, end = end_of_descriptors(); fd < end; fd++)
            keep(fd);
        return;
    }
    while ((entry = readdir(list)) != NULL) {
        int fd = atoi(entry->d_name); /* 0 for . and .. */
        if (fd >= FIRST_OWN)
            keep(fd);
    }
    closedir(list);
}
