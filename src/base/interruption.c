/* See interruption.h. */
#include "interruption.h"

#include "clock.h"
#include "delivery.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#define LONGEST_SLICE 1.0 /* seconds: a signal that comes just before the wait begins does not end it */

static const struct {
    int number;
    const char *reason;
} signals[] = {
    {SIGTERM, "SIGTERM arrived"}, {SIGINT, "SIGINT arrived"}, {SIGHUP, "SIGHUP arrived"},
};
#define SIGNALS (sizeof signals / sizeof *signals)

static volatile sig_atomic_t arrived; /* the first signal's number; 0: none */
static const char *reason;
static int reader = -1;
static bool watching;

static bool caught[SIGNALS];

static void set_handler(size_t i, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(signals[i].number, &action, NULL);
}

static void release_all(void)
{
    for (size_t i = 0; i < SIGNALS; i++)
        if (caught[i])
            set_handler(i, SIG_DFL);
}

static void keep(int number)
{
    arrived = number;
    release_all(); /* sigaction may be called in a handler */
}

void interruption_catch(void)
{
    struct sigaction was;

    for (size_t i = 0; i < SIGNALS; i++) {
        /* What our starter ignores, as nohup does, stays ignored. */
        caught[i] = sigaction(signals[i].number, NULL, &was) == 0 && was.sa_handler == SIG_DFL;
        if (caught[i])
            set_handler(i, keep);
    }
}

void interruption_watch(int fd)
{
    reader = fd;
    watching = true;
}

const char *interruption_reason(void)
{
    for (size_t i = 0; !reason && arrived && i < SIGNALS; i++)
        if (signals[i].number == arrived)
            reason = signals[i].reason;
    if (!reason && watching && !delivery_has_reader(reader))
        reason = "nobody reads the answer any more";
    return reason;
}

void interruption_sleep(double seconds)
{
    double deadline = clock_now() + seconds;

    if (reason) {
        clock_sleep(seconds);
        return;
    }
    while (!interruption_reason()) {
        double left = deadline - clock_now();
        if (!(left > 0))
            return;
        struct pollfd what = {.fd = watching ? reader : -1};
        double slice = left < LONGEST_SLICE ? left : LONGEST_SLICE;
        if (slice < 0.001)
            clock_sleep(slice);
        else
            poll(&what, 1, (int)(slice * 1000));
    }
}

void interruption_end(void)
{
    release_all();
    arrived = 0;
    reason = NULL;
    reader = -1;
    watching = false;
}
