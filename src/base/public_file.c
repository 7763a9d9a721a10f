/* Files that other programs read. */
#include "public_file.h"

#include "file.h"
#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DRAFT_SIZE (PRIVATE_NAME + 32)

static bool refuse(struct fault *fault, const char *path)
{
    return fault_set(fault, "%s: %s", path, strerror(errno));
}

static bool write_draft(int directory, const char *draft, const char *path, const char *text, size_t length,
                        struct fault *fault)
{
    int fd = openat(directory, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return refuse(fault, path);
    bool written = fchmod(fd, 0644) == 0 && file_write_stream(fd, text, length);
    written = close(fd) == 0 && written;
    if (written)
        return true;
    refuse(fault, path);
    unlinkat(directory, draft, 0);
    return false;
}

bool public_file_replace(const char *path, const char *text, size_t length, struct fault *fault)
{
    char name[PRIVATE_NAME], draft[DRAFT_SIZE];
    int directory = private_directory(path, name, fault);

    if (directory < 0)
        return false;
    snprintf(draft, sizeof draft, ".%s.%ld", name, (long)getpid());
    unlinkat(directory, draft, 0); /* of a process that had the same number and died */
    bool ok = write_draft(directory, draft, path, text, length, fault) &&
              private_replace_at(directory, draft, name, path, fault);
    close(directory);
    return ok;
}
