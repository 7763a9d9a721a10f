/* Whole files and streams in and out of memory. */
#include "file.h"

#include "file_kind.h"
#include "private_file.h"

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

/* ---- what may be read ----------------------------------------------------------------------------------------------- */

static bool is_regular(const struct stat *status)
{
    return S_ISREG(status->st_mode);
}

/* What an operator may name: a pipe of the shell, or the terminal. */
static bool is_argument(const struct stat *status)
{
    return S_ISREG(status->st_mode) || S_ISFIFO(status->st_mode) || S_ISCHR(status->st_mode);
}

static int refuse_kind(const char *path, const struct stat *status, struct fault *fault)
{
    fault_set(fault, "%s: it is %s, not a regular file; put a regular file in its place", path, file_kind(status->st_mode));
    errno = EINVAL;
    return -1;
}

/* Opens what `may_be` allows: looked at before, for opening a device can do something. */
static int open_to_read(const char *path, bool (*may_be)(const struct stat *), int flags, struct stat *status,
                        struct fault *fault)
{
    int fd = -1;

    if ((flags & O_NOFOLLOW ? lstat(path, status) : stat(path, status)) == 0) {
        if (!may_be(status))
            return refuse_kind(path, status, fault);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
    }
    if (fd < 0 || fstat(fd, status) != 0) {
        int why = errno;
        fault_set(fault, "%s: %s", path, strerror(why));
        if (fd >= 0)
            close(fd);
        errno = why;
        return -1;
    }
    if (may_be(status))
        return fd;
    close(fd);
    return refuse_kind(path, status, fault);
}

int file_open(const char *path, struct stat *status, struct fault *fault)
{
    return open_to_read(path, is_regular, O_NONBLOCK, status, fault);
}

int file_open_itself(const char *path, struct stat *status, struct fault *fault)
{
    return open_to_read(path, is_regular, O_NONBLOCK | O_NOFOLLOW, status, fault);
}

/* To the end, or to the ceiling: a file can be without end. */
static bool read_bounded(int fd, const char *path, struct buf *out, struct fault *fault)
{
    char chunk[CHUNK];
    ssize_t got = 1;

    while (got != 0 && !out->failed) {
        got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno != EINTR)
            return fault_set(fault, "%s: %s", path, strerror(errno));
        if (got > 0)
            buf_append(out, chunk, (size_t)got);
    }
    if (out->full)
        return fault_set(fault, "%s: it is larger than %zu bytes; put the right file in its place", path, out->ceiling);
    return !out->failed || fault_set(fault, "%s: not enough memory", path);
}

bool file_read(const char *path, struct buf *out, bool *missing, struct fault *fault)
{
    struct stat status;
    int fd = file_open(path, &status, fault);

    if (missing)
        *missing = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return false;
    bool ok = read_bounded(fd, path, out, fault);
    close(fd);
    return ok;
}

bool file_read_argument(const char *path, struct buf *out, struct fault *fault)
{
    struct stat status;
    int fd = open_to_read(path, is_argument, 0, &status, fault);

    if (fd < 0)
        return false;
    if (S_ISCHR(status.st_mode) && !isatty(fd)) {
        close(fd);
        return refuse_kind(path, &status, fault) == 0;
    }
    bool ok = read_bounded(fd, path, out, fault);
    close(fd);
    return ok;
}

/* ---- directories ---------------------------------------------------------------------------------------------------- */

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

/* ---- what is made and removed --------------------------------------------------------------------------------------- */

static bool finish(int fd, bool ok, int directory, const char *name, const char *path, struct fault *fault)
{
    int why = errno;

    if (close(fd) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (!ok)
        unlinkat(directory, name, 0);
    return ok || fault_set(fault, "%s: %s", path, strerror(why ? why : EIO));
}

static bool refuse_place(const char *path, struct fault *fault)
{
    return fault_set(fault, errno == EEXIST ? "%s: %s; remove it, or choose another name" : "%s: %s", path, strerror(errno));
}

bool file_create(const char *path, const char *bytes, size_t length, struct fault *fault)
{
    char name[PRIVATE_NAME];
    int directory = private_directory(path, name, fault);

    if (directory < 0)
        return false;
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    bool ok = fd >= 0 || refuse_place(path, fault);
    errno = 0;
    if (ok)
        ok = finish(fd, file_write_stream(fd, bytes, length) && fsync(fd) == 0, directory, name, path, fault);
    close(directory);
    return ok;
}

FILE *file_new(const char *path, struct fault *fault)
{
    char name[PRIVATE_NAME];
    int directory = private_directory(path, name, fault);

    if (directory < 0)
        return NULL;
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    if (fd < 0)
        refuse_place(path, fault);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (fd >= 0 && !file) {
        fault_set(fault, "%s: %s", path, strerror(errno));
        close(fd);
    }
    close(directory);
    return file;
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

static bool copy(int from, int directory, const char *name, const char *path, struct fault *fault)
{
    int to = private_make_at(directory, name, path, fault);

    errno = 0;
    return to >= 0 && finish(to, copy_stream(from, to), directory, name, path, fault);
}

/* Whether the owner of the directory can use the file, or only root can give it a copy. */
static bool may_share(const struct stat *file, int directory)
{
    struct stat place;
    return geteuid() != 0 || (fstat(directory, &place) == 0 && (place.st_uid == 0 || place.st_uid == file->st_uid));
}

bool file_double(const char *path, const char *twin, struct fault *fault)
{
    char name[PRIVATE_NAME];
    struct stat status;
    int from = file_open(path, &status, fault);
    int directory = from < 0 ? -1 : private_directory(twin, name, fault);
    bool ok = false;

    /* The file itself, where the path is a symlink. */
    if (directory >= 0)
        ok = may_share(&status, directory) && linkat(AT_FDCWD, path, directory, name, AT_SYMLINK_FOLLOW) == 0;
    if (directory >= 0 && !ok)
        ok = copy(from, directory, name, twin, fault);
    if (directory >= 0)
        close(directory);
    if (from >= 0)
        close(from);
    return ok;
}

bool file_remove(const char *path, struct fault *fault)
{
    char name[PRIVATE_NAME];
    int directory = private_directory(path, name, fault);

    if (directory < 0)
        return errno == ENOENT;
    bool ok = unlinkat(directory, name, 0) == 0 || errno == ENOENT || fault_set(fault, "%s: %s", path, strerror(errno));
    close(directory);
    return ok;
}
