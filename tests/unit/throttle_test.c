/* base/throttle.c: slots, pace and pauses, between processes. Times are only held against what they must not undercut. */
#include "../../src/base/throttle.h"

#include "../../src/base/clock.h"
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/throttle_test.XXXXXX";
static char path[64];

static void open_with(int concurrent, double per_second, double patience)
{
    struct throttle_limits limits = {concurrent, per_second, patience};
    struct fault fault = {""};

    check(throttle_open(path, &limits, &fault), "opens: %s", fault.text);
}

/* Forks `count` processes that open the throttle and run; waits for all. */
static void fork_all(int count, void (*run)(void *), void *context)
{
    fflush(stdout);
    for (int i = 0; i < count; i++) {
        if (fork() == 0) {
            run(context);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        continue;
}

struct gauge {
    int now, most, total;
};

static void use_slots(void *context)
{
    struct gauge *gauge = context;
    double waited;

    open_with(3, 0, 30);
    for (int i = 0; i < 10; i++) {
        int granted = throttle_enter(2, &waited);
        int now = __atomic_add_fetch(&gauge->now, granted, __ATOMIC_SEQ_CST);
        for (int most = gauge->most; now > most;)
            if (__atomic_compare_exchange_n(&gauge->most, &most, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
                break;
        __atomic_add_fetch(&gauge->total, 1, __ATOMIC_SEQ_CST);
        __atomic_sub_fetch(&gauge->now, granted, __ATOMIC_SEQ_CST);
        throttle_leave();
    }
}

static void shares_slots(struct gauge *gauge)
{
    fork_all(12, use_slots, gauge);
    check(gauge->most <= 3, "%d at once", gauge->most);
    check(gauge->total == 120, "all had their turns: %d", gauge->total);
}

/* A process that has left keeps nothing from others, neither its slot nor the ledger, although it lives on. */
static bool leaves_all_free(void)
{
    double waited;
    int status = 0;

    open_with(1, 0, 30);
    throttle_enter(1, &waited);
    throttle_leave();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20); /* a locked ledger is waited for without an end */
        open_with(1, 0, 5);
        throttle_enter(1, &waited);
        _exit(waited < 5 ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    check(status == 0, "another process comes in: %d", status);
    return status == 0;
}

/* A child that takes all slots and stays; its pid. */
static pid_t holder(int slots)
{
    int ready[2];
    char byte;

    check(pipe(ready) == 0, "pipe");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        double waited;
        open_with(slots, 0, 30);
        throttle_enter(slots, &waited);
        byte = 1;
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    check(read(ready[0], &byte, 1) == 1, "the holder holds");
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void frees_what_the_dead_held(void)
{
    double waited;
    pid_t pid = holder(2);

    open_with(2, 0, 0.05);
    check(throttle_enter(2, &waited) == 1 && waited >= 0.05, "waits as long as it is patient: %f", waited);
    throttle_leave();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    open_with(2, 0, 30);
    check(throttle_enter(5, &waited) == 2, "both slots of the dead are free");
    throttle_leave();
}

static void step_at_the_pace(void *context)
{
    double waited;

    (void)context;
    open_with(0, 500, 30);
    for (int i = 0; i < 10; i++)
        check(throttle_enter(7, &waited) == 1, "one at a time");
}

static void keeps_the_pace(void)
{
    double began = clock_now();

    unlink(path);
    fork_all(5, step_at_the_pace, NULL);
    check(clock_now() - began >= 49 / 500.0, "fifty requests at 500 in a second");
}

static void pause_them(void *context)
{
    (void)context;
    open_with(0, 0, 30);
    throttle_pause(0.1);
}

static void pauses_together(void)
{
    double waited;

    open_with(0, 0, 30);
    check(throttle_enter(9, &waited) == 9 && waited < 30, "no limit");
    double began = clock_now();
    fork_all(1, pause_them, NULL);
    check(throttle_enter(1, &waited) == 1 && clock_now() - began >= 0.1, "another process's pause is ours");
    open_with(0, 0, 0.02);
    throttle_pause(60);
    throttle_enter(1, &waited);
    check(waited >= 0.02 && waited < 30, "a pause is kept as long as there is patience: %f", waited);
}

static void resumes_in_a_queue(void)
{
    double waited, began = clock_now();

    unlink(path);
    open_with(0, 0, 30);
    throttle_pause(0.05);
    throttle_enter(4, &waited);
    throttle_enter(1, &waited);
    check(clock_now() - began >= 0.05 + 4 * 0.01, "one after the other: %f", clock_now() - began);
}

static void pause_again(int signal)
{
    (void)signal;
    throttle_pause(0.1);
}

static void keeps_a_pause_begun_meanwhile(void)
{
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    double waited, began = clock_now();

    unlink(path);
    open_with(0, 0, 30);
    throttle_pause(0.05);
    signal(SIGALRM, pause_again);
    setitimer(ITIMER_REAL, &soon, NULL);
    throttle_enter(1, &waited);
    check(clock_now() - began >= 0.1, "a pause that begins while we sleep is ours: %f", clock_now() - began);
    signal(SIGALRM, SIG_DFL);
}

static void fill(const void *bytes, size_t length)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    check(file >= 0 && write(file, bytes, length) == (ssize_t)length, "written");
    close(file);
}

static void believes_no_nonsense(void)
{
    struct {
        unsigned long long magic;
        double resume, next;
    } ahead = {0x656c74746f726874ULL, clock_now() + 1e9, clock_now() + 1e9};
    struct throttle_limits limits = {0};
    struct fault fault = {""};
    double waited;

    fill("garbage that is no ledger of any kind", 37);
    open_with(1, 1e6, 30);
    check(throttle_enter(1, &waited) == 1 && waited < 30, "garbage");
    throttle_leave();
    fill(&ahead, sizeof ahead);
    open_with(1, 1e6, 30);
    check(throttle_enter(1, &waited) == 1 && waited < 30, "times from before the machine started");
    throttle_leave();
    check(!throttle_open("/nonexistent/throttle", &limits, &fault), "no such directory");
    check_text("throttle /nonexistent/throttle: No such file or directory", fault.text);
    check(throttle_enter(4, &waited) == 4, "without a file there is no limit");
    throttle_leave();
    throttle_pause(5);
}

/* A process that holds the ledger's byte and never lets go. */
static void waits_for_no_held_ledger(void)
{
    int ready[2];
    double waited;
    char byte;

    open_with(0, 1000, 0.1);
    check(pipe(ready) == 0, "a pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
        int fd = open(path, O_RDWR);
        byte = fcntl(fd, F_SETLK, &all) == 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(0);
    }
    check(read(ready[0], &byte, 1) == 1 && byte == 'y', "it holds the byte");
    check(throttle_enter(1, &waited) == 1, "and others go on");
    throttle_leave();
    throttle_pause(5);
    for (int i = 0; i < 1000; i++) /* a patience for each would be minutes */
        throttle_enter(1, &waited);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    open_with(0, 0, 0.1);
    check(throttle_enter(1, &waited) == 1, "opened again, the ledger is as ever");
}

int main(void)
{
    struct gauge *gauge = mmap(NULL, sizeof *gauge, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (!mkdtemp(directory) || gauge == MAP_FAILED)
        return 1;
    snprintf(path, sizeof path, "%s/throttle", directory);
    if (!leaves_all_free())
        return check_report(); /* the others would wait for minutes, or for ever */
    shares_slots(gauge);
    frees_what_the_dead_held();
    keeps_the_pace();
    pauses_together();
    resumes_in_a_queue();
    keeps_a_pause_begun_meanwhile();
    believes_no_nonsense();
    waits_for_no_held_ledger();
    throttle_close();
    unlink(path);
    rmdir(directory);
    return check_report();
}
