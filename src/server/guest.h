/* The processes that live in the VMs: one program, started and ended with each VM. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>

struct guests;

/* What happened to a VM. The strings belong to the caller. */
struct guest_event {
    const char *name;                /* start, stop, attach, detach or resize */
    long long number;
    const char *vm_id;
    const char *vm_name;
    const char *const *environment;  /* "NAME=value", ends with NULL */
};

struct guests_options {
    const char *program;
    double grace;                    /* seconds between SIGTERM and SIGKILL */
    /* Called from guests_run when what the event of that number asked for is done, well or not. */
    void (*done)(void *context, long long number);
    void *context;
};

/* NULL when out of memory. The program's name is copied. */
struct guests *guests_open(const struct guests_options *options);

/* Queues the event behind the others of its VM. False when out of memory. */
bool guests_take(struct guests *guests, const struct guest_event *event);

/* Reaps what has ended and starts what is next; returns the seconds until it wants to be called again at most. */
double guests_run(struct guests *guests);

/* Ends them all: SIGTERM, then SIGKILL after a grace time, or at once when hurry() says so. Frees. NULL is accepted. */
void guests_close(struct guests *guests, bool (*hurry)(void));

#endif
