/* The least rate of an upload, and its deadline after the last byte; see pace.h. */
#include "pace.h"

#include <stdio.h>

const struct pace_limits pace_usual = {PACE_RATE, PACE_WINDOW, PACE_ANSWER};

static bool ends_after_last_byte(struct pace *pace, const struct pace_limits *limits, double now)
{
    if (pace->all_sent <= 0)
        pace->all_sent = now;
    if (now - pace->all_sent < limits->answer)
        return false;
    snprintf(pace->why, sizeof pace->why, "no answer within %g s after the last byte was sent", limits->answer);
    return true;
}

bool pace_ends(struct pace *pace, const struct pace_limits *limits, double now, long long sent, long long size)
{
    if (pace->why[0])
        return true;
    if (sent <= 0)
        return false;
    if (size > 0 && sent >= size)
        return ends_after_last_byte(pace, limits, now);
    pace->all_sent = 0; /* it is sent once more, from the beginning */
    if (pace->window_began <= 0 || sent < pace->window_sent) {
        pace->window_began = now;
        pace->window_sent = sent;
        return false;
    }
    if (now - pace->window_began < limits->window)
        return false;
    double rate = (double)(sent - pace->window_sent) / (now - pace->window_began);
    if (rate < limits->rate) {
        snprintf(pace->why, sizeof pace->why, "it goes at %.0f bytes a second, over %g s; the least is %g", rate, limits->window,
                 limits->rate);
        return true;
    }
    pace->window_began = now;
    pace->window_sent = sent;
    return false;
}
