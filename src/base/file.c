/* Whole files and streams in and out of memory. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

bool file_read_stream(int fd, struct buf *out, struct fault *fault)
{
    char chunk[CHUNK];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fault_set(fault, "%s", strerror(errno));
        if (got == 0)
            break;
        buf_append(out, chunk, (size_t)got);
    }
    if (out->full)
        return fault_set(fault, "it is larger than %zu bytes", out->ceiling);
    return !out->failed || fault_set(fault, "not enough memory");
}

bool file_read(const char *path, struct buf *out, bool *missing, struct fault *fault)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (missing)
        *missing = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    struct fault why;
    bool ok = file_read_stream(fd, out, &why) || fault_set(fault, "%s: %s", path, why.text);
    close(fd);
    return ok;
}

static bool is_directory(const char *path, const char *name)
{
    char whole[4096];
    struct stat status;

    return snprintf(whole, sizeof whole, "%s/%s", path, name) < (int)sizeof whole && stat(whole, &status) == 0
           && S_ISDIR(status.st_mode);
}

bool file_list(const char *path, struct buf *names, struct fault *fault)
{
    DIR *directory = opendir(path);
    const struct dirent *entry;

    if (!directory)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        buf_append(names, entry->d_name, strlen(entry->d_name));
        if (is_directory(path, entry->d_name))
            buf_append(names, "/", 1);
        buf_append(names, "", 1);
    }
    closedir(directory);
    return !names->failed || fault_set(fault, "not enough memory");
}

bool file_write_stream(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

bool file_create(const char *path, const char *bytes, size_t length, struct fault *fault)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    errno = 0;
    bool ok = file_write_stream(fd, bytes, length) && fsync(fd) == 0;
    int why = errno;
    ok = close(fd) == 0 && ok;
    if (ok)
        return true;
    unlink(path);
    return fault_set(fault, "%s: %s", path, strerror(why ? why : EIO));
}

static bool copy_stream(int from, int to)
{
    char chunk[CHUNK];
    ssize_t got;

    while ((got = read(from, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0 && !file_write_stream(to, chunk, (size_t)got))
            return false;
    }
    return true;
}

static bool copy(const char *path, const char *twin, struct fault *fault)
{
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (from < 0)
        return fault_set(fault, "%s: %s", path, strerror(errno));
    int to = open(twin, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    bool ok = to >= 0 && copy_stream(from, to);
    int why = errno;
    close(from);
    if (to >= 0 && close(to) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (!ok && to >= 0)
        unlink(twin);
    return ok || fault_set(fault, "%s: %s", twin, strerror(why));
}

bool file_double(const char *path, const char *twin, struct fault *fault)
{
    if (link(path, twin) == 0)
        return true;
    if (errno == EEXIST)
        return fault_set(fault, "%s: %s", twin, strerror(errno));
    return copy(path, twin, fault);
}

bool file_remove(const char *path, struct fault *fault)
{
    return unlink(path) == 0 || errno == ENOENT || fault_set(fault, "%s: %s", path, strerror(errno));
}
