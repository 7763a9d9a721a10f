/* base/watchdog.c: the last words of a process that does not come to an end by itself. */
#include "../../src/base/watchdog.h"

#include "check.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile unsigned long spun;

static void for_ever(void)
{
    for (;;)
        spun++;
}

static void with_words(void)
{
    watchdog_last_words(STDOUT_FILENO, "<", ">", 7);
    watchdog_start(1, "a \"name\"\\ with\nodd\x01 bytes");
    for_ever();
}

static void without_words(void)
{
    dup2(STDOUT_FILENO, STDERR_FILENO);
    watchdog_last_words(STDOUT_FILENO, "<", ">", 7);
    watchdog_forget();
    check(watchdog_start(1, "first") && !watchdog_start(100, "second"), "one at a time");
    for_ever();
}

/* What a child that runs it writes on its stdout; its exit code. */
static int run(void (*body)(void), char *said, size_t size)
{
    int ends[2], status = 0;
    size_t length = 0;
    ssize_t got;

    check(pipe(ends) == 0, "pipe");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        body();
        _exit(0);
    }
    close(ends[1]);
    while (length < size - 1 && (got = read(ends[0], said + length, size - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    char said[600];

    check(run(with_words, said, sizeof said) == 7, "its code");
    check_text("<a ?name?? with?odd? bytes>", said);
    check(run(without_words, said, sizeof said) == 1, "the code at first");
    check_text("cpi: first\n", said);

    watchdog_stop();
    check(watchdog_start(1, "x"), "starts");
    watchdog_stop();
    check(watchdog_start(60, "y"), "starts again");
    watchdog_stop();
    return check_report();
}
