/* A file of lines that keeps within bounds of size and age. */
#include "line_file.h"

#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define DIGITS 24 /* bytes of a line's beginning that are read */

static bool refuse(struct fault *fault, const char *path)
{
    return fault_set(fault, "%s: %s", path, strerror(errno));
}

/* When the first line was written; 0 where the file does not begin with digits. */
static long long first_moment(int file)
{
    char text[DIGITS + 1];
    ssize_t length = pread(file, text, DIGITS, 0);

    if (length <= 0)
        return 0;
    text[length] = 0;
    return strtoll(text, NULL, 10);
}

static bool is_over(int file, const struct stat *status, size_t more, struct line_file_bounds bounds, long long now)
{
    if (status->st_size == 0)
        return false;
    return status->st_size + (long long)more > bounds.bytes / 2 || first_moment(file) < now - bounds.seconds / 2;
}

/* The place of both files. */
struct place {
    const char *path;
    int directory;
    char name[PRIVATE_NAME], older[PRIVATE_NAME];
};

static bool find_place(struct place *place, const char *path, struct fault *fault)
{
    place->path = path;
    place->directory = private_directory(path, place->name, fault);
    if (place->directory < 0)
        return false;
    if (snprintf(place->older, sizeof place->older, "%s.1", place->name) < (int)sizeof place->older)
        return true;
    close(place->directory);
    return fault_set(fault, "%s: the name is too long", path);
}

static int open_to_append(const struct place *place, struct fault *fault)
{
    int file = private_open_at(place->directory, place->name, true, place->path, fault);

    if (file >= 0 && fcntl(file, F_SETFL, O_APPEND) != 0) {
        refuse(fault, place->path);
        close(file);
        return -1;
    }
    return file;
}

/* Puts the file in the place of the older one, unless another process has done so meanwhile; the lock makes them take turns. */
static bool rotate(int file, const struct place *place, struct fault *fault)
{
    struct stat ours, there;

    while (flock(file, LOCK_EX) != 0)
        if (errno != EINTR)
            return refuse(fault, place->path);
    bool is_current = fstat(file, &ours) == 0 && fstatat(place->directory, place->name, &there, AT_SYMLINK_NOFOLLOW) == 0
                      && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
    return !is_current || private_replace_at(place->directory, place->name, place->older, place->path, fault);
}

/* The older file is emptied when its last line is too old. */
static void forget(const struct place *place, struct line_file_bounds bounds, long long now)
{
    struct stat status;
    struct fault fault;

    if (fstatat(place->directory, place->older, &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_size == 0
        || (long long)status.st_mtime >= now - bounds.seconds)
        return;
    int file = private_open_at(place->directory, place->older, false, place->path, &fault);
    if (file < 0)
        return;
    if (ftruncate(file, 0) != 0)
        refuse(&fault, place->path); /* it is tried again by the next process */
    close(file);
}

static bool append(int file, const char *path, const char *lines, size_t length, struct fault *fault)
{
    ssize_t written;

    do
        written = write(file, lines, length);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return refuse(fault, path);
    return (size_t)written == length || fault_set(fault, "%s: only %zd of %zu bytes were written", path, written, length);
}

/* The file to append to, which is a new one where the one that is there would be over its bounds; -1 with the fault. */
static int open_within(const struct place *place, size_t length, struct line_file_bounds bounds, long long now, struct fault *fault)
{
    struct stat status;
    int file = open_to_append(place, fault);

    if (file < 0 || fstat(file, &status) != 0 || !is_over(file, &status, length, bounds, now))
        return file;
    bool is_done = rotate(file, place, fault);
    close(file);
    return is_done ? open_to_append(place, fault) : -1;
}

bool line_file_append(const char *path, const char *lines, size_t length, struct line_file_bounds bounds, long long now,
                      struct fault *fault)
{
    struct place place;

    if (!find_place(&place, path, fault))
        return false;
    int file = open_within(&place, length, bounds, now, fault);
    bool is_written = false;
    if (file >= 0) {
        forget(&place, bounds, now);
        is_written = append(file, path, lines, length, fault);
        close(file);
    }
    close(place.directory);
    return is_written;
}
