/* The processes that live in the VMs: started, notified of disks, and ended, each VM's events one after the other. */
#include "guest.h"

#include "../base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#define ERRAND_SECONDS 30.0          /* an attach, detach or resize may take */
#define POLL_SECONDS 0.02            /* how often a group that ends is looked at */
#define NEVER 3600.0

struct event {
    char *name;
    long long number;
    char **environment;
    struct event *next;
};

/* A process group. The leader may be gone before the rest. */
struct group {
    pid_t id;                        /* 0: none */
    bool leader_gone;
    bool ending, killed;
    double deadline;
};

struct guest {
    char *vm_id, *vm_name;
    struct group life;               /* PROGRAM start */
    struct group errand;             /* PROGRAM attach, detach or resize */
    long long stop_number, errand_number; /* of the events that the ends of these groups are waited for; 0: none */
    struct event *events;
    struct guest *next;
};

struct guests {
    struct guests_options options;
    char *program;
    struct guest *first;
    bool did_something;              /* since guests_run began: what is due may have changed */
};

static void free_strings(char **strings)
{
    for (char **string = strings; string && *string; string++)
        free(*string);
    free(strings);
}

static void free_event(struct event *event)
{
    if (!event)
        return;
    free(event->name);
    free_strings(event->environment);
    free(event);
}

static void free_guest(struct guest *guest)
{
    while (guest->events) {
        struct event *event = guest->events;
        guest->events = event->next;
        free_event(event);
    }
    free(guest->vm_id);
    free(guest->vm_name);
    free(guest);
}

struct guests *guests_open(const struct guests_options *options)
{
    struct guests *guests = calloc(1, sizeof *guests);
    if (guests && !(guests->program = strdup(options->program))) {
        free(guests);
        guests = NULL;
    }
    if (guests)
        guests->options = *options;
#ifdef __linux__
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* what outlives its parent in a VM is reaped here */
#endif
    return guests;
}

/* The environment given, and PATH when it is not in it. NULL when out of memory. */
static char **copy_environment(const char *const *given)
{
    size_t count = 0, at = 0;
    bool has_path = false;
    const char *path = getenv("PATH");
    while (given[count])
        has_path |= strncmp(given[count++], "PATH=", 5) == 0;
    char **copy = calloc(count + 2, sizeof *copy);
    if (!copy)
        return NULL;
    for (; at < count; at++)
        if (!(copy[at] = strdup(given[at])))
            goto failed;
    if (!has_path) {
        size_t size = strlen(path ? path : "/usr/bin:/bin") + sizeof "PATH=";
        if (!(copy[at] = malloc(size)))
            goto failed;
        snprintf(copy[at], size, "PATH=%s", path ? path : "/usr/bin:/bin");
    }
    return copy;
failed:
    free_strings(copy);
    return NULL;
}

static struct event *new_event(const struct guest_event *given)
{
    struct event *event = calloc(1, sizeof *event);
    if (!event)
        return NULL;
    event->number = given->number;
    event->name = strdup(given->name);
    event->environment = copy_environment(given->environment);
    if (event->name && event->environment)
        return event;
    free_event(event);
    return NULL;
}

static struct guest *guest_of(struct guests *guests, const struct guest_event *event)
{
    struct guest **at = &guests->first;
    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->vm_id, event->vm_id) == 0)
            return *at;
    struct guest *guest = calloc(1, sizeof *guest);
    if (!guest)
        return NULL;
    guest->vm_id = strdup(event->vm_id);
    guest->vm_name = strdup(event->vm_name);
    if (!guest->vm_id || !guest->vm_name) {
        free_guest(guest);
        return NULL;
    }
    *at = guest;
    return guest;
}

bool guests_take(struct guests *guests, const struct guest_event *given)
{
    struct guest *guest = guest_of(guests, given);
    struct event *event = guest ? new_event(given) : NULL;
    if (!event)
        return false;
    struct event **last = &guest->events;
    while (*last)
        last = &(*last)->next;
    *last = event;
    return true;
}

/* In the child: nothing of the server but its stderr, then the program. Does not return. */
static void become(const char *program, const char *event, char **environment)
{
    char *const arguments[] = { (char *)(size_t)program, (char *)(size_t)event, NULL };
    sigset_t none;
    setpgid(0, 0);
    sigemptyset(&none);
    for (int number = 1; number < 32; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDONLY);
    if (null >= 0 && dup2(null, 0) >= 0 && dup2(2, 1) >= 0) {
        for (int fd = 3; fd < FD_SETSIZE; fd++) /* a select loop has none above */
            close(fd);
        execve(program, arguments, environment);
    }
    static const char words[] = "cpi-server: the guest program cannot be started\n";
    _exit(write(2, words, sizeof words - 1) < 0 ? 127 : 126);
}

static void start(const struct guests *guests, const struct guest *guest, const struct event *event,
                  struct group *group)
{
    pid_t pid = fork();
    if (pid == 0)
        become(guests->program, event->name, event->environment);
    if (pid < 0) {
        fprintf(stderr, "cpi-server: no %s for the guest of VM %s: %s\n", event->name, guest->vm_name,
                strerror(errno));
        return;
    }
    setpgid(pid, pid); /* here as well: whoever comes first */
    *group = (struct group){ .id = pid };
}

static void end(struct group *group, double now, double grace)
{
    if (!group->id || group->ending)
        return;
    kill(-group->id, SIGTERM);
    group->ending = true;
    group->deadline = now + grace;
}

static void report_done(struct guests *guests, long long *number)
{
    if (*number)
        guests->options.done(guests->options.context, *number);
    guests->did_something |= *number != 0;
    *number = 0;
}

/* Kills the group whose grace is over, and forgets a group without processes. */
static void follow(struct group *group, double now)
{
    if (!group->id)
        return;
    if (group->leader_gone && (group->killed || (kill(-group->id, 0) != 0 && errno == ESRCH))) {
        *group = (struct group){ 0 };
    } else if (group->ending && !group->killed && now >= group->deadline) {
        kill(-group->id, SIGKILL);
        group->killed = true;
    }
}

static void report(const struct guest *guest, const char *what, int status)
{
    if (WIFSIGNALED(status))
        fprintf(stderr, "cpi-server: %s of VM %s ended by signal %d\n", what, guest->vm_name, WTERMSIG(status));
    else
        fprintf(stderr, "cpi-server: %s of VM %s ended with %d\n", what, guest->vm_name, WEXITSTATUS(status));
}

static void reap(struct guests *guests)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (struct guest *guest = guests->first; guest; guest = guest->next) {
            if (guest->life.id == pid) {
                guest->life.leader_gone = true;
                if (!guest->life.ending)
                    report(guest, "the guest", status);
            } else if (guest->errand.id == pid) {
                guest->errand.leader_gone = true;
                if (status != 0)
                    report(guest, "an attach, detach or resize", status);
            }
        }
}

static void report_ends(struct guests *guests, struct guest *guest)
{
    if (!guest->life.id)
        report_done(guests, &guest->stop_number);
    if (!guest->errand.id)
        report_done(guests, &guest->errand_number);
}

/* Begins events of the guest until one has to be waited for. */
static void advance(struct guests *guests, struct guest *guest, double now)
{
    while (guest->events && !guest->errand.id && !guest->life.ending) {
        struct event *event = guest->events;
        if (strcmp(event->name, "stop") == 0) {
            end(&guest->life, now, guests->options.grace);
            guest->stop_number = event->number;
            report_ends(guests, guest); /* where nothing has to end */
        } else if (strcmp(event->name, "start") == 0) {
            if (guest->life.id && !guest->life.leader_gone) {
                fprintf(stderr, "cpi-server: the guest of VM %s runs already\n", guest->vm_name);
            } else if (guest->life.id) {
                end(&guest->life, now, guests->options.grace); /* what the last life left behind goes first */
                return;
            } else {
                start(guests, guest, event, &guest->life);
            }
            report_done(guests, &event->number);
        } else {
            start(guests, guest, event, &guest->errand);
            guest->errand.deadline = now + ERRAND_SECONDS;
            guest->errand_number = event->number;
            report_ends(guests, guest); /* where nothing could be started */
        }
        guest->events = event->next;
        free_event(event);
    }
}

/* Brings one guest forward; true while it has anything left. */
static bool bring_forward(struct guests *guests, struct guest *guest, double now)
{
    follow(&guest->life, now);
    if (guest->errand.id && !guest->errand.ending && now >= guest->errand.deadline)
        end(&guest->errand, now, guests->options.grace);
    follow(&guest->errand, now);
    report_ends(guests, guest);
    advance(guests, guest, now);
    return guest->life.id || guest->errand.id || guest->events;
}

static double wake_after(const struct guest *guest, double now)
{
    double seconds = NEVER;
    if (guest->life.id && (guest->life.ending || guest->life.leader_gone))
        seconds = POLL_SECONDS;
    if (guest->errand.id)
        seconds = guest->errand.ending || guest->errand.leader_gone
            ? POLL_SECONDS : fmin(seconds, guest->errand.deadline - now);
    return seconds;
}

double guests_run(struct guests *guests)
{
    double now = clock_now(), seconds = NEVER;
    guests->did_something = false;
    reap(guests);
    for (struct guest **at = &guests->first; *at;) {
        struct guest *guest = *at;
        if (bring_forward(guests, guest, now)) {
            seconds = fmin(seconds, wake_after(guest, now));
            at = &guest->next;
        } else {
            *at = guest->next;
            free_guest(guest);
        }
    }
    return guests->did_something || seconds < 0 ? 0 : seconds;
}

/* Drops the events that wait and asks every process to end. */
static void end_all(struct guests *guests, bool at_once)
{
    double now = clock_now();
    for (struct guest *guest = guests->first; guest; guest = guest->next) {
        while (guest->events) {
            struct event *event = guest->events;
            guest->events = event->next;
            free_event(event);
        }
        end(&guest->life, now, guests->options.grace);
        end(&guest->errand, now, guests->options.grace);
        if (at_once)
            guest->life.deadline = guest->errand.deadline = now;
    }
}

void guests_close(struct guests *guests, bool (*hurry)(void))
{
    if (!guests)
        return;
    while (guests->first) {
        end_all(guests, hurry());
        guests_run(guests);
        if (guests->first)
            clock_sleep(0.01);
    }
    free(guests->program);
    free(guests);
}
