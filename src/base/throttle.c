/* Slots, pace and pauses that processes share; see throttle.h. */
#include "throttle.h"

#include "clock.h"
#include "log.h"
#include "private_file.h"
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAGIC 0x656c74746f726874ULL
#define FIRST_SLOT 4096 /* the byte whose lock is the first slot; those before it are the ledger's */
#define MOST_SLOTS 1024
#define LONGEST_PAUSE 600.0 /* the clock starts anew with the machine: what lies further ahead is from before */
#define SHORTEST_WAIT 0.002
#define LONGEST_WAIT 0.02
#define SHORTEST_TRY 0.0001   /* seconds: the ledger is held for microseconds */
#define LEDGER_PATIENCE 5.0   /* seconds: thousands of times what all processes together need for it */
#define RESUMING_GAP 0.01 /* after a pause: all at once would only be refused again */

/* What the file holds; times are clock_now()'s, which all processes of a machine share. */
struct ledger {
    unsigned long long magic;
    double resume; /* nothing begins before */
    double next;   /* the next request at the pace, or of those that come out of a pause, begins then */
};

static int file = -1;
static struct throttle_limits limits;
static bool held[MOST_SLOTS];
static bool ledger_is_lost;

/* ---- locks ------------------------------------------------------------------------------------------------------ */

static bool lock(int command, short type, off_t start, off_t length)
{
    struct flock what = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    int result;

    do
        result = fcntl(file, command, &what);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

/* As many free slots as there are, up to `wanted`, from a random one on. */
static int take_slots(int wanted)
{
    unsigned char chance[2] = {0};
    int taken = 0;

    random_bytes(chance, sizeof chance);
    int first = (chance[0] << 8 | chance[1]) % limits.concurrent;
    for (int i = 0; i < limits.concurrent && taken < wanted; i++) {
        int slot = (first + i) % limits.concurrent;
        if (held[slot] || !lock(F_SETLK, F_WRLCK, FIRST_SLOT + slot, 1))
            continue;
        held[slot] = true;
        taken++;
    }
    return taken;
}

void throttle_leave(void)
{
    for (int slot = 0; file >= 0 && slot < MOST_SLOTS; slot++) {
        if (held[slot])
            lock(F_SETLK, F_UNLCK, FIRST_SLOT + slot, 1);
        held[slot] = false;
    }
}

/* ---- the ledger ------------------------------------------------------------------------------------------------- */

static double believable(double time, double now)
{
    return time > now + LONGEST_PAUSE ? now : time;
}

/*
 * Takes the ledger's lock. Whoever has it lets go at once, so one that is held is in the hands of a process that hangs, or of
 * an attacker: after a while, and at most the patience, this process goes on without pace and pauses, for good.
 */
static bool lock_ledger(void)
{
    double patience = limits.patience < LEDGER_PATIENCE ? limits.patience : LEDGER_PATIENCE;
    double deadline = clock_now() + patience, pause = SHORTEST_TRY;

    while (!ledger_is_lost && !lock(F_SETLK, F_WRLCK, 0, 1)) {
        ledger_is_lost = (errno != EACCES && errno != EAGAIN) || clock_now() >= deadline;
        if (ledger_is_lost)
            log_line(LOG_WARN, "going on without the pace of the throttle: its file has been locked for %g s", patience);
        else
            clock_sleep(pause);
        pause = pause < LONGEST_WAIT ? pause * 1.5 : LONGEST_WAIT;
    }
    return !ledger_is_lost;
}

/* Reads the ledger under its lock; a file that is not a ledger counts as a fresh one. */
static bool open_ledger(struct ledger *ledger, double now)
{
    if (!lock_ledger())
        return false;
    if (pread(file, ledger, sizeof *ledger, 0) != (ssize_t)sizeof *ledger || ledger->magic != MAGIC)
        *ledger = (struct ledger){.magic = MAGIC};
    ledger->resume = believable(ledger->resume, now);
    ledger->next = believable(ledger->next, now);
    return true;
}

static void close_ledger(const struct ledger *ledger)
{
    /* A full disk costs the pace, nothing else. */
    ssize_t written = pwrite(file, ledger, sizeof *ledger, 0);
    (void)written;
    lock(F_SETLK, F_UNLCK, 0, 1);
}

/* Seconds between requests: the site's pace, and at least a little in a pause or in the queue that comes out of one. */
static double gap_of(const struct ledger *ledger, double now)
{
    double gap = limits.per_second > 0 ? 1 / limits.per_second : 0;
    bool resuming = ledger->resume > now || (gap == 0 && ledger->next > now);

    return resuming && gap < RESUMING_GAP ? RESUMING_GAP : gap;
}

/* Seconds until `count` requests may begin; their places are taken then. */
static double reserve(int count)
{
    struct ledger ledger;
    double now = clock_now();

    if (!open_ledger(&ledger, now))
        return 0;
    double begin = ledger.resume > now ? ledger.resume : now;
    double gap = gap_of(&ledger, now);
    if (gap > 0) {
        if (ledger.next > begin)
            begin = ledger.next;
        ledger.next = begin + count * gap;
    }
    close_ledger(&ledger);
    return begin - now;
}

static bool is_paused(void)
{
    struct ledger ledger;
    double now = clock_now();

    if (!open_ledger(&ledger, now))
        return false;
    close_ledger(&ledger);
    return ledger.resume > now;
}

void throttle_pause(double seconds)
{
    struct ledger ledger;
    double now = clock_now();

    if (file < 0 || !(seconds > 0) || !open_ledger(&ledger, now))
        return;
    double until = now + (seconds < LONGEST_PAUSE ? seconds : LONGEST_PAUSE);
    if (until > ledger.resume)
        ledger.resume = until;
    close_ledger(&ledger);
}

/* ---- turns ------------------------------------------------------------------------------------------------------ */

/* Waits for a slot; what is taken, or 0 when the patience is over. */
static int wait_for_slots(int wanted, double deadline)
{
    double pause = SHORTEST_WAIT;
    int taken;

    while ((taken = take_slots(wanted)) == 0 && clock_now() < deadline) {
        clock_sleep(pause);
        pause = pause < LONGEST_WAIT ? pause * 1.5 : LONGEST_WAIT;
    }
    return taken;
}

/* Waits until `count` requests may begin, also where a pause is begun meanwhile; as long as the patience lasts. */
static void wait_for_place(int count, double deadline)
{
    double pause, left;

    do {
        pause = reserve(count);
        left = deadline - clock_now();
        clock_sleep(pause < left || left < 0 ? pause : left);
    } while (pause > 0 && pause < left && is_paused());
}

int throttle_enter(int wanted, double *waited)
{
    double began = clock_now(), deadline = began + limits.patience;
    int granted = wanted < 1 ? 1 : wanted;

    *waited = 0;
    if (file < 0)
        return granted;
    /* Without slots the pace alone decides how much goes out together: one request, so that it is even. */
    if (limits.concurrent == 0 && limits.per_second > 0)
        granted = 1;
    if (limits.concurrent > 0) {
        int taken = wait_for_slots(granted, deadline);
        granted = taken > 0 ? taken : 1;
    }
    wait_for_place(granted, deadline);
    *waited = clock_now() - began;
    return granted;
}

bool throttle_open(const char *path, const struct throttle_limits *wanted, struct fault *fault)
{
    throttle_close();
    struct fault why;
    file = private_open(path, true, &why);
    if (file < 0)
        return fault_set(fault, "throttle %s", why.text);
    limits = *wanted;
    if (limits.concurrent > MOST_SLOTS)
        limits.concurrent = MOST_SLOTS;
    return true;
}

void throttle_close(void)
{
    if (file >= 0)
        close(file); /* with it go its locks */
    file = -1;
    ledger_is_lost = false;
    memset(held, 0, sizeof held);
}
