/* The select loop of a daemon: signals, HTTP, what falls due, guests. */
#include "loop.h"

#include "../base/clock.h"
#include "signals.h"

#include <math.h>

static struct timeval as_timeval(double seconds)
{
    struct timeval time;

    time.tv_sec = (time_t)seconds;
    time.tv_usec = (suseconds_t)((seconds - floor(seconds)) * 1e6);
    return time;
}

static void turn(struct daemon *daemon, struct model *model, struct guests *guests, double at_most)
{
    fd_set readable, writable, broken;
    int highest = signals_fd();

    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_ZERO(&broken);
    FD_SET(highest, &readable);
    double seconds = fmin(model_tick(model), at_most);
    model_events(model, guests);
    if (guests)
        seconds = fmin(seconds, guests_run(guests));
    seconds = fmin(seconds, daemon_prepare(daemon, &readable, &writable, &broken, &highest));
    struct timeval timeout = as_timeval(seconds > 0 ? seconds : 0);
    if (select(highest + 1, &readable, &writable, &broken, &timeout) < 0) {
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        FD_ZERO(&broken);
    }
    signals_drain();
    daemon_run(daemon, &readable, &writable, &broken);
}

void loop_turn(struct daemon *daemon, struct model *model, struct guests *guests)
{
    turn(daemon, model, guests, HUGE_VAL);
}

void loop_drain(struct daemon *daemon, struct model *model, double seconds)
{
    double end = clock_now() + seconds;

    daemon_quiesce(daemon);
    while (daemon_is_busy(daemon) && clock_now() < end && signals_ends() < 2)
        turn(daemon, model, NULL, end - clock_now());
}
