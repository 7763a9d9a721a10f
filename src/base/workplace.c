/* See workplace.h. */
#include "workplace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

bool workplace_make(const char *result, char *path, size_t size, struct fault *fault)
{
    if (snprintf(path, size, "%s.part.XXXXXX", result) >= (int)size)
        return fault_set(fault, "%s: %s", result, strerror(ENAMETOOLONG));
    if (mkdtemp(path))
        return true;
    return fault_set(fault, "no directory can be made beside %s: %s", result, strerror(errno));
}

uint64_t workplace_room(const char *directory)
{
    struct statvfs status;

    if (statvfs(directory, &status) != 0 || status.f_blocks == 0)
        return UINT64_MAX;
    return (uint64_t)status.f_bavail * (uint64_t)status.f_frsize;
}

/* Onto the disk, with the rights that a new file of this user has. */
static bool settle(const char *path)
{
    mode_t kept_out = umask(0);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && fchmod(fd, 0666 & ~kept_out) == 0 && (fsync(fd) == 0 || errno == EINVAL);
    int why = errno;

    umask(kept_out);
    if (fd >= 0)
        close(fd);
    errno = why;
    return ok;
}

/* Where the file system has no links there is only a look before. */
static bool give_name(const char *file, const char *result)
{
    struct stat status;

    if (link(file, result) == 0)
        return unlink(file) == 0;
    if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK && errno != ENOSYS)
        return false;
    if (lstat(result, &status) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(file, result) == 0;
}

bool workplace_hand_over(const char *file, const char *result, struct fault *fault)
{
    if (settle(file) && give_name(file, result))
        return true;
    return fault_set(fault, errno == EEXIST ? "%s: %s; remove it, or choose another name" : "%s: %s", result, strerror(errno));
}

static bool empty(int fd)
{
    DIR *list = fdopendir(fd);
    const struct dirent *entry;
    bool ok = list != NULL;

    if (!ok)
        close(fd);
    while (list && (entry = readdir(list)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = unlinkat(dirfd(list), entry->d_name, 0) == 0 && ok;
    int why = errno;
    if (list)
        closedir(list);
    errno = why;
    return ok;
}

bool workplace_remove(const char *directory, struct fault *fault)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd >= 0 && empty(fd) && rmdir(directory) == 0)
        return true;
    return fault_set(fault, "%s: %s; remove it", directory, strerror(errno));
}
