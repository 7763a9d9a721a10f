/* Files that come piece by piece; see kept_file.h. */
#include "kept_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kept_file {
    char *directory;
    char *path;                      /* while it comes; NULL once it has its name */
    FILE *stream;
};

static char *path_in(const char *directory, const char *name)
{
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = malloc(size);

    if (path)
        snprintf(path, size, "%s/%s", directory, name);
    return path;
}

static bool begin(struct kept_file *file, const char *directory)
{
    char *path = path_in(directory, ".coming-XXXXXX");
    int fd = path ? mkstemp(path) : -1;

    if (fd < 0) {
        free(path);
        return false;
    }
    file->path = path;
    file->stream = fdopen(fd, "wb");
    if (!file->stream)
        close(fd);
    return file->stream && (file->directory = strdup(directory));
}

struct kept_file *kept_file_begin(const char *directory)
{
    struct kept_file *file = calloc(1, sizeof *file);

    if (file && begin(file, directory))
        return file;
    fprintf(stderr, "cpi-server: nothing can be kept in %s: %s\n", directory, strerror(errno));
    kept_file_free(file);
    return NULL;
}

bool kept_file_add(struct kept_file *file, const char *bytes, size_t size)
{
    return fwrite(bytes, 1, size, file->stream) == size;
}

bool kept_file_end(struct kept_file *file, const char *name)
{
    char *kept = path_in(file->directory, name);
    bool written = kept && fclose(file->stream) == 0;

    if (kept)
        file->stream = NULL;
    if (written && rename(file->path, kept) == 0) {
        free(file->path);
        file->path = NULL;
    } else {
        fprintf(stderr, "cpi-server: %s cannot be kept in %s: %s\n", name, file->directory, strerror(errno));
    }
    free(kept);
    return !file->path;
}

void kept_file_free(struct kept_file *file)
{
    if (!file)
        return;
    if (file->stream)
        fclose(file->stream);
    if (file->path)
        unlink(file->path);
    free(file->path);
    free(file->directory);
    free(file);
}
