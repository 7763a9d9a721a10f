/* When an upload has to end: it is slower than anybody would want, or the answer does not come. */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>

#define PACE_RATE 16384.0   /* bytes a second: a stemcell of 500 MB in 9 hours; what is slower will not be ready in time */
#define PACE_WINDOW 300.0   /* seconds over which the rate counts: a storage may pause for minutes */
#define PACE_ANSWER 300.0   /* seconds from the last byte to the end of the answer, headers and body */

struct pace_limits {
    double rate;
    double window;
    double answer;
};

/* The three above. */
extern const struct pace_limits pace_usual;

/* All 0 at the beginning. */
struct pace {
    double window_began; /* 0: nothing has been sent yet */
    long long window_sent;
    double all_sent; /* when the last byte left; 0 before */
    char why[128];   /* why it has to end; "" as long as it has not */
};

/*
 * Whether the upload has to end now, with pace->why saying why. sent: the bytes that have left, of `size`. To be asked every
 * second or so; now: clock_now(). The time before the first byte is not counted: connecting has a limit of its own.
 */
bool pace_ends(struct pace *pace, const struct pace_limits *limits, double now, long long sent, long long size);

#endif
