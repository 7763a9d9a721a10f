/* Time: monotonic, civil, and waiting. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

#define CLOCK_ISO_SIZE 40

/* Seconds of a clock that never goes back; only differences mean something. */
double clock_now(void);

/* Seconds since 1970. */
int64_t clock_utc(void);

/* "2026-01-31T23:59:59" and the suffix ("Z", "+0000") into `text` of CLOCK_ISO_SIZE bytes; "" when out of range. */
void clock_iso(int64_t utc, const char *suffix, char *text);

/* Now, in UTC, to the millisecond: "2026-01-31T23:59:59.123Z", into `text` of CLOCK_ISO_SIZE bytes. */
void clock_stamp(char *text);

/* Waits, whatever signals arrive. Less than nothing is nothing. */
void clock_sleep(double seconds);

#endif
