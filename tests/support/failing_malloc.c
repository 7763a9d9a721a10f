/*
 * A library for LD_PRELOAD with glibc: the allocation number FAIL_AT of the process fails; with FAIL_ON=1 so does every
 * one after it. Without FAIL_AT all succeed, and their number is written to the file COUNT_TO. A child of the process
 * counts on from its parent's number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

static long count, fail_at = -1;
static int fail_on;

/* Before main: what is allocated from there on is counted. */
__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("FAIL_AT");

    fail_on = getenv("FAIL_ON") != NULL;
    count = 0;
    fail_at = at ? strtol(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("COUNT_TO");
    char text[24];
    long counted = count;

    if (!path)
        return;
    fail_at = 0;
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    snprintf(text, sizeof text, "%ld\n", counted);
    fputs(text, file);
    fclose(file);
}

static int fails(void)
{
    count++;
    if (fail_at <= 0 || count < fail_at || (count > fail_at && !fail_on))
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *block, size_t size)
{
    return size > 0 && fails() ? NULL : __libc_realloc(block, size);
}
