/* base/line_file.c: lines of several processes, within bounds of size and age; the time is ours. */
#include "../../src/base/line_file.h"

#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

static char directory[] = "/tmp/line_file_test_XXXXXX";
static char path[128], older[128];
static struct line_file_bounds roomy = {1 << 20, 1000000};
static struct fault fault;

static const char *contents(const char *name)
{
    static char text[1 << 16];
    FILE *file = fopen(name, "r");

    if (!file)
        return "(none)";
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static long long size_of(const char *name)
{
    struct stat status;

    return stat(name, &status) == 0 ? (long long)status.st_size : -1;
}

static bool append(const char *line, struct line_file_bounds bounds, long long now)
{
    return line_file_append(path, line, strlen(line), bounds, now, &fault);
}

static void begin(void)
{
    unlink(path);
    unlink(older);
}

static void appends(void)
{
    struct stat status;

    begin();
    check(append("100 a\n", roomy, 100) && append("101 b\n", roomy, 101), "%s", fault.text);
    check_text("100 a\n101 b\n", contents(path));
    check_text("(none)", contents(older));
    check(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600, "it is its owner's alone");
}

static void keeps_within_its_size(void)
{
    struct line_file_bounds small = {40, 1000000};

    begin();
    for (int i = 100; i < 120; i++) {
        char line[32];
        snprintf(line, sizeof line, "%d line\n", i);
        check(append(line, small, i), "%s", fault.text);
        check(size_of(path) + (size_of(older) > 0 ? size_of(older) : 0) <= small.bytes, "at %d", i);
    }
    check_text("118 line\n119 line\n", contents(path));
    check_text("116 line\n117 line\n", contents(older));
    begin();
    check(append("100 longer than the whole bound, and yet one line that is kept\n", small, 100), "%s", fault.text);
    check(size_of(path) > small.bytes, "what is longer than the bound stands alone");
}

static void forgets_what_is_old(void)
{
    struct line_file_bounds brief = {1 << 20, 100};
    struct utimbuf long_ago = {1000, 1000};

    begin();
    append("1000 a\n", brief, 1000);
    append("1050 b\n", brief, 1050);
    check_text("(none)", contents(older));
    append("1051 c\n", brief, 1051);
    check_text("1051 c\n", contents(path));
    check(utime(older, &long_ago) == 0, "made old");
    append("1100 d\n", brief, 1100);
    check(size_of(older) > 0, "not yet");
    append("1101 e\n", brief, 1101);
    check_text("", contents(older));
    check_text("1051 c\n1100 d\n1101 e\n", contents(path));
}

static void refuses(void)
{
    begin();
    check(symlink("/etc/passwd", path) == 0 && !append("1 x\n", roomy, 1), "a symlink");
    begin();
    check(mkfifo(path, 0600) == 0 && !append("1 x\n", roomy, 1), "a FIFO, without waiting");
    begin();
    check(!line_file_append("/nowhere/at/all", "x", 1, roomy, 1, &fault) && strstr(fault.text, "/nowhere"), "%s", fault.text);
    char *long_path = calloc(1, 5000);
    memset(long_path, 'x', 4999);
    check(!line_file_append(long_path, "x", 1, roomy, 1, &fault) && fault.text[0], "%s", fault.text);
    free(long_path);
}

/* Nothing is lost and no line is torn while several processes write and rotate. */
static void serves_many_at_once(void)
{
    enum { PROCESSES = 8, LINES = 50 };
    struct line_file_bounds bounds = {2 * PROCESSES * LINES * 12 * 3 / 4, 1000000}; /* one rotation in all */
    int seen = 0, torn = 0;

    begin();
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0) {
            for (int line = 0; line < LINES; line++) {
                char text[32];
                snprintf(text, sizeof text, "100 %d.%03d-xy\n", i, line);
                append(text, bounds, 100);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    for (int i = 0; i < 2; i++) {
        char text[1 << 16];
        snprintf(text, sizeof text, "%s", contents(i ? older : path));
        if (text[0] == '(')
            continue;
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
            seen++;
            torn += strncmp(line, "100 ", 4) != 0 || strlen(line) != 12;
        }
    }
    check(seen == PROCESSES * LINES && torn == 0, "%d lines, %d torn", seen, torn);
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    snprintf(path, sizeof path, "%s/log", directory);
    snprintf(older, sizeof older, "%s/log.1", directory);
    appends();
    keeps_within_its_size();
    forgets_what_is_old();
    refuses();
    serves_many_at_once();
    begin();
    rmdir(directory);
    return check_report();
}
