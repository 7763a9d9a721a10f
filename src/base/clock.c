/* Time: monotonic, civil, and waiting. */
#include "clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define NANO 1e9
#define LONGEST_SLEEP (366.0 * 24 * 3600)

double clock_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NANO;
}

int64_t clock_utc(void)
{
    return (int64_t)time(NULL);
}

void clock_iso(int64_t utc, const char *suffix, char *text)
{
    struct tm parts;
    time_t when = (time_t)utc;

    text[0] = '\0';
    if (!gmtime_r(&when, &parts) || parts.tm_year > 8099 || parts.tm_year < -1900)
        return;
    snprintf(text, CLOCK_ISO_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%.8s", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, suffix);
}

void clock_stamp(char *text)
{
    struct timespec now;
    char suffix[9];

    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(suffix, sizeof suffix, ".%03dZ", (int)(now.tv_nsec / 1000000 % 1000));
    clock_iso((int64_t)now.tv_sec, suffix, text);
}

void clock_sleep(double seconds)
{
    if (!(seconds > 0))
        return;
    if (seconds > LONGEST_SLEEP)
        seconds = LONGEST_SLEEP;
    struct timespec left = {.tv_sec = (time_t)seconds};
    left.tv_nsec = (long)((seconds - (double)left.tv_sec) * NANO);
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}
