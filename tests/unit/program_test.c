/* base/program.c: other programs, their words, their output, their end. */
#include "../../src/base/program.h"

#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 1000

static struct fault fault;

/* Runs words to their end. */
static struct program run(char *const words[], const char *directory, const char *output)
{
    struct program program = program_new(MOST);

    check(program_start(&program, words, directory, output, &fault), "%s starts: %s", words[0], fault.text);
    while (!program_wait(&program, 1))
        ;
    return program;
}

static void keeps_what_is_written(void)
{
    char *const words[] = {"sh", "-c", "echo out; echo err >&2; echo \"$1\" \"$LC_ALL\"; cat; exit 7", "sh", "; $(id) *", NULL};
    struct program program = run(words, NULL, NULL);

    check(WIFEXITED(program.status) && WEXITSTATUS(program.status) == 7, "its exit code");
    check_text("out\n; $(id) * C\n", buf_string(&program.kept[0]));
    check_text("err\n", buf_string(&program.kept[1]));
    program_stop(&program);

    char *const many[] = {"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; head -c 300000 /dev/zero >&2", NULL};
    program = run(many, NULL, NULL);
    check(WEXITSTATUS(program.status) == 0, "one that writes much comes to its end");
    check(program.kept[0].length == MOST && program.kept[1].length == MOST, "and no more than the ceiling is kept");
    program_stop(&program);
}

/* Whether it does not start; under valgrind, whose children share no memory with us, it ends with 127 instead. */
static bool fails(char *const words[], const char *directory, const char *output, const char *why)
{
    struct program program = program_new(MOST);
    bool has_started = program_start(&program, words, directory, output, &fault);

    while (has_started && !program_wait(&program, 1))
        ;
    bool has_failed = has_started ? WEXITSTATUS(program.status) == 127 : strstr(fault.text, why) != NULL;
    program_stop(&program);
    return has_failed;
}

static void writes_into_a_new_file(void)
{
    char directory[] = "/tmp/program_test.XXXXXX", place[64], other[128];
    char *const words[] = {"pwd", NULL};

    check(mkdtemp(directory) != NULL, "a directory");
    snprintf(place, sizeof place, "%s/out", directory);
    struct program program = run(words, "/usr", place);
    check(program.kept[0].length == 0, "nothing is kept");
    program_stop(&program);
    snprintf(other, sizeof other, "grep -qx /usr %s", place);
    check(system(other) == 0, "it worked in the directory that it was given");
    check(fails(words, NULL, place, "File exists"), "not over another file: %s", fault.text);
    check(fails(words, "/none", NULL, "No such file"), "not in a directory that is not there: %s", fault.text);
    unlink(place);
    rmdir(directory);
}

static void ends_when_it_is_stopped(void)
{
    char *const words[] = {"sleep", "1000", NULL}, *const closed[] = {"sh", "-c", "exec >&- 2>&-; sleep 0.05; exit 3", NULL};
    struct program program = program_new(MOST);

    check(program_start(&program, words, NULL, NULL, &fault) && !program_wait(&program, 0.01), "it runs");
    pid_t child = program.child;
    program_stop(&program);
    check(kill(child, 0) != 0, "it is gone, and was waited for");
    check(program_wait(&program, 0) && WIFSIGNALED(program.status), "it has ended by a signal");
    program = run(closed, NULL, NULL);
    check(WEXITSTATUS(program.status) == 3, "one that closes its output is waited for");
    program_stop(&program);
    program_stop(&program);
}

/* Where SIGCHLD is ignored, the kernel keeps no exit code for us. */
static void takes_an_unknown_end_for_a_kill(void)
{
    char *const words[] = {"true", NULL};

    signal(SIGCHLD, SIG_IGN);
    struct program program = run(words, NULL, NULL);
    check(WIFSIGNALED(program.status) && WTERMSIG(program.status) == SIGKILL, "its status is %d", program.status);
    program_stop(&program);
    signal(SIGCHLD, SIG_DFL);
}

static void gives_it_nothing_of_ours(void)
{
    char *const words[] = {"sh", "-c", "(: >&9) 2>/dev/null && exit 1; trap '' PIPE; kill -PIPE $$; exit 0", NULL},
         *const pipes[] = {"sh", "-c", "yes | head -n 1", NULL};
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    check(pipe(ends) == 0 && dup2(ends[1], 9) == 9, "a descriptor that a library left open");
    struct program program = run(words, NULL, NULL);
    check(WEXITSTATUS(program.status) == 0, "it does not have it");
    program_stop(&program);
    program = run(pipes, NULL, NULL);
    check_text("y\n", buf_string(&program.kept[0]));
    check(program.kept[1].length == 0, "SIGPIPE ends what it starts: %s", buf_string(&program.kept[1]));
    program_stop(&program);
    close(9);
    close(ends[0]);
    close(ends[1]);
}

static void is_looked_for(void)
{
    char path[PROGRAM_PATH];

    check(program_find("sh", path) && path[0] == '/', "in PATH");
    check(program_find("debugfs", path), "among those of the administrator");
    check(!program_find("no such program", path) && !program_find("/tmp", path) && !program_find("", path), "not there");
    setenv("PATH", ".:bin", 1);
    check(program_find("sh", path) && strncmp(path, "/usr", 4) == 0, "not in a relative directory");
    char *const words[] = {"no-such-program", NULL};
    struct program program = program_new(MOST);
    check(!program_start(&program, words, NULL, NULL, &fault) && strstr(fault.text, "no such program"), "%s", fault.text);
    program_stop(&program);
}

int main(void)
{
    keeps_what_is_written();
    writes_into_a_new_file();
    ends_when_it_is_stopped();
    takes_an_unknown_end_for_a_kill();
    gives_it_nothing_of_ours();
    is_looked_for();
    return check_report();
}
