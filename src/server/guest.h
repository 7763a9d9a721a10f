/* The processes that live in the VMs: one program, started and ended with each VM. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>

struct guests;

/* What happened to a VM. The strings belong to the caller. */
struct guest_event {
    const char *name;                /* start, stop, attach or detach */
    const char *vm_id;
    const char *vm_name;
    const char *const *environment;  /* "NAME=value", ends with NULL */
};

/* NULL when out of memory. */
struct guests *guests_open(const char *program);

/* Queues the event behind the others of its VM. False when out of memory. */
bool guests_take(struct guests *guests, const struct guest_event *event);

/* Reaps what has ended and starts what is next; returns the seconds until it wants to be called again at most. */
double guests_run(struct guests *guests);

/* Ends them all: SIGTERM, then SIGKILL after a grace time, or at once when hurry() says so. Frees. NULL is accepted. */
void guests_close(struct guests *guests, bool (*hurry)(void));

#endif
