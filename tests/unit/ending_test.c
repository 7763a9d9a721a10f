/* base/ending.c: the line that is owed comes out, however the process ends. */
#include "../../src/base/ending.h"

#include "check.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void exits(void)
{
    ending_owe(STDOUT_FILENO, "a line\n");
    exit(255);
}

static void aborts(void)
{
    ending_owe(STDOUT_FILENO, "a line\n");
    abort();
}

static void has_settled(void)
{
    ending_owe(STDOUT_FILENO, "a line\n");
    ending_settle();
    exit(7);
}

static void has_settled_and_aborts(void)
{
    ending_owe(STDOUT_FILENO, "a line\n");
    ending_settle();
    abort();
}

static void has_a_child(void)
{
    ending_owe(STDOUT_FILENO, "a line\n");
    if (fork() == 0)
        exit(3);
    wait(NULL);
    exit(255);
}

static void owes_again(void)
{
    ending_owe(STDOUT_FILENO, "a line\n");
    ending_settle();
    ending_owe(STDOUT_FILENO, "another\n");
    exit(255);
}

static void cannot_write(void)
{
    ending_owe(-1, "a line\n");
    exit(255);
}

/* What a child that runs it writes on its stdout; its exit code, or 128 and the signal. */
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
        close(ends[0]);
        close(ends[1]);
        body();
        _exit(99);
    }
    close(ends[1]);
    while (length < size - 1 && (got = read(ends[0], said + length, size - 1 - length)) > 0)
        length += (size_t)got;
    said[length] = '\0';
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(void)
{
    static const struct {
        const char *name, *said;
        void (*body)(void);
        int code;
    } cases[] = {
        {"exit", "a line\n", exits, 0},
        {"abort", "a line\n", aborts, 0},
        {"nothing owed", "", has_settled, 7},
        {"nothing owed, abort", "", has_settled_and_aborts, 128 + 6},
        {"a child owes nothing", "a line\n", has_a_child, 0},
        {"the last line counts", "another\n", owes_again, 0},
        {"a line that cannot be written", "", cannot_write, 1},
    };
    char said[64];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code = run(cases[i].body, said, sizeof said);
        check(code == cases[i].code, "%s: exit code %d", cases[i].name, code);
        check(strcmp(said, cases[i].said) == 0, "%s: wrote '%s'", cases[i].name, said);
    }
    return check_report();
}
