/* base/core_dump.c: no core file, and nobody looks in. What the process needs of /proc about itself is still there. */
#include "../../src/base/core_dump.h"

#include "check.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* As an ordinary user where we are root, for whom everything is open. */
static void be_nobody(void)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        exit(2);
    core_dump_forbid();
}

/* The exit code of a process that runs f, or 128 and its signal, with 1000 more where it dumped core. */
static int code_of(int (*f)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(f());
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        return 128 + WTERMSIG(status) + (WCOREDUMP(status) ? 1000 : 0);
    return WEXITSTATUS(status);
}

static int die(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY});
    core_dump_forbid();
    signal(SIGABRT, SIG_DFL);
    abort();
}

static int see_itself(void)
{
    char path[PATH_MAX], byte;
    int ends[2];

    be_nobody();
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        return 3;
    dup2(ends[0], STDIN_FILENO);
    int in = open("/dev/stdin", O_RDONLY), stat = open("/proc/self/stat", O_RDONLY);
    return readlink("/proc/self/exe", path, sizeof path) > 0 && in >= 0 && read(in, &byte, 1) == 1 && stat >= 0 ? 0 : 4;
}

static int ask_the_kernel(void)
{
    struct rlimit limit;

    be_nobody();
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
        return 5;
#ifdef __linux__
    return prctl(PR_GET_DUMPABLE) == 0 ? 0 : 6;
#else
    return 0;
#endif
}

int main(void)
{
    check(code_of(ask_the_kernel) == 0, "the kernel knows");
    check(code_of(see_itself) == 0, "its own file, its stdin and its state can be read");
    check(code_of(die) == 128 + SIGABRT, "it dies without a core");
    return check_report();
}
