/* base/pace.c: when an upload has to end; the time is ours. */
#include "../../src/base/pace.h"

#include "check.h"

#define SIZE 1000000000LL

/* Sends at that rate for so many seconds, a step a second; when it was ended, or 0. */
static double ended_at(double rate, double seconds)
{
    struct pace pace = {0};

    for (double now = 1000; now <= 1000 + seconds; now++)
        if (pace_ends(&pace, &pace_usual, now, (long long)((now - 999) * rate), SIZE))
            return now - 1000;
    return 0;
}

static void has_a_least_rate(void)
{
    check(ended_at(PACE_RATE, 3000) == 0, "the least rate itself is good for ever");
    check(ended_at(600, 3000) == PACE_WINDOW, "600 bytes a second end after one window");
    check(ended_at(PACE_RATE - 1, 3000) == PACE_WINDOW, "one byte a second too few");
    struct pace pace = {0};
    for (double now = 1; now < 4000; now++)
        check(!pace_ends(&pace, &pace_usual, now, 0, SIZE), "nothing has left: connecting has its own limit");
}

static void may_pause(void)
{
    struct pace pace = {0};
    long long sent = 1;

    for (double now = 1; now < PACE_WINDOW; now++)
        check(!pace_ends(&pace, &pace_usual, now, sent, SIZE), "it pauses at %g", now);
    sent += (long long)(PACE_RATE * PACE_WINDOW);
    check(!pace_ends(&pace, &pace_usual, PACE_WINDOW + 1, sent, SIZE), "and makes up for it");
    check(!pace_ends(&pace, &pace_usual, 2 * PACE_WINDOW, sent, SIZE), "a new window");
    check(pace_ends(&pace, &pace_usual, 2 * PACE_WINDOW + 1, sent, SIZE), "in which nothing came");
    check(strstr(pace.why, "0 bytes a second") != NULL, "%s", pace.why);
    check(pace_ends(&pace, &pace_usual, 2 * PACE_WINDOW + 1, SIZE, SIZE), "it stays ended");
}

static void has_a_deadline_after_the_last_byte(void)
{
    struct pace pace = {0};

    check(!pace_ends(&pace, &pace_usual, 10, SIZE, SIZE), "the last byte");
    check(!pace_ends(&pace, &pace_usual, 9 + PACE_ANSWER, SIZE, SIZE), "in time");
    check(pace_ends(&pace, &pace_usual, 10 + PACE_ANSWER, SIZE, SIZE), "too late, whatever comes meanwhile");
    check_text("no answer within 300 s after the last byte was sent", pace.why);
    struct pace again = {0};
    pace_ends(&again, &pace_usual, 10, SIZE, SIZE);
    check(!pace_ends(&again, &pace_usual, 11, 5, SIZE) && !pace_ends(&again, &pace_usual, 10 + PACE_ANSWER, SIZE / 2, SIZE),
          "sent once more from the beginning, it has its time again");
}

int main(void)
{
    has_a_least_rate();
    may_pause();
    has_a_deadline_after_the_last_byte();
    return check_report();
}
