/* What stands at a path, in a word for messages. */
#include "file_kind.h"

#include <sys/stat.h>

const char *file_kind(mode_t mode)
{
    if (S_ISREG(mode))
        return "a regular file";
    if (S_ISLNK(mode))
        return "a symlink";
    if (S_ISDIR(mode))
        return "a directory";
    if (S_ISFIFO(mode))
        return "a FIFO";
    return S_ISSOCK(mode) ? "a socket" : "a device";
}
