/* The connections, how long each may last, and which is ended for another; see visitors.h. */
#include "visitors.h"

#include "../base/clock.h"
#include "../base/log.h"

#include <math.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_SECONDS 30.0    /* between an answer and the next request's headers, as Jetty's idle time */
#define HEADERS_SECONDS 10.0 /* from the connection to the end of the first headers */
#define BODY_SECONDS 10.0    /* for a body, and what the least rate gives it */
#define LEAST_RATE 16384.0   /* bytes a second */
#define PACE_SECONDS 0.01    /* in which at most PACE_VISITORS are displaced: with 256 of one address a newcomer has 0.1 s */
#define PACE_VISITORS 20
#define REPORT_SECONDS 60.0

/* What counts as one address. */
struct origin {
    unsigned char bytes[8]; /* the first 64 bits of an IPv6 address; an IPv4 address and zeros */
    sa_family_t family;
    size_t count;           /* of those that were not ended */
    size_t present;         /* of all */
    struct origin *next;
};

struct visitor {
    int fd;
    struct origin *origin;
    enum visit_stage stage;
    double since; /* when the stage began */
    size_t sent;  /* bytes of the body */
    bool met;     /* libmicrohttpd has begun its connection */
    bool ended;
    struct visitor *next, *previous;
};

struct visitors {
    size_t most, most_of_one, count; /* those that were ended count no more, though they are still in the list */
    struct visitor *first;
    struct origin *origins;
    size_t late, displaced; /* since the last report */
    double next_report;
    double pace_began;
    size_t pace_count;
};

struct visitors *visitors_new(size_t most, size_t most_of_one)
{
    struct visitors *visitors = calloc(1, sizeof *visitors);

    if (visitors) {
        visitors->most = most;
        visitors->most_of_one = most_of_one;
    }
    return visitors;
}

/* ---- origins ---------------------------------------------------------------------------------------------------- */

static struct origin origin_of(const struct sockaddr *address)
{
    struct origin origin = {.family = AF_INET};

    if (address->sa_family == AF_INET) {
        memcpy(origin.bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *wide = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        bool is_narrow = IN6_IS_ADDR_V4MAPPED(wide);
        origin.family = is_narrow ? AF_INET : AF_INET6;
        memcpy(origin.bytes, (const unsigned char *)wide + (is_narrow ? 12 : 0), is_narrow ? 4 : 8);
    }
    return origin;
}

/* The one on record; NULL when out of memory. */
static struct origin *record(struct visitors *visitors, const struct sockaddr *address)
{
    struct origin wanted = origin_of(address);

    for (struct origin *at = visitors->origins; at; at = at->next)
        if (at->family == wanted.family && memcmp(at->bytes, wanted.bytes, sizeof wanted.bytes) == 0)
            return at;
    struct origin *origin = malloc(sizeof *origin);
    if (!origin)
        return NULL;
    *origin = wanted;
    origin->next = visitors->origins;
    visitors->origins = origin;
    return origin;
}

static void forget_unused(struct visitors *visitors, struct origin *origin)
{
    struct origin **at = &visitors->origins;

    if (origin->present > 0)
        return;
    while (*at != origin)
        at = &(*at)->next;
    *at = origin->next;
    free(origin);
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

static void end(struct visitors *visitors, struct visitor *visitor, size_t *reason)
{
    if (visitor->ended)
        return;
    visitor->ended = true;
    visitor->origin->count--;
    visitors->count--;
    (*reason)++;
    shutdown(visitor->fd, SHUT_RDWR);
}

void visitors_end(struct visitors *visitors, struct visitor *visitor)
{
    end(visitors, visitor, &visitors->displaced);
}

/* Does `one` go before `other`? */
static bool goes_first(const struct visitor *one, const struct visitor *other)
{
    if (one->stage != other->stage)
        return one->stage < other->stage;
    if (one->origin->count != other->origin->count)
        return one->origin->count > other->origin->count;
    return one->since < other->since;
}

static void keep_pace(struct visitors *visitors)
{
    double now = clock_now();

    if (now - visitors->pace_began >= PACE_SECONDS) {
        visitors->pace_began = now;
        visitors->pace_count = 0;
    }
    visitors->pace_count++;
}

double visitors_pause(const struct visitors *visitors)
{
    double left = visitors->pace_began + PACE_SECONDS - clock_now();

    return visitors->pace_count >= PACE_VISITORS && left > 0 ? left : 0;
}

/* Ends one visit, of that origin unless it is NULL; false when none can be ended. */
static bool make_room(struct visitors *visitors, const struct origin *origin)
{
    struct visitor *chosen = NULL;

    for (struct visitor *at = visitors->first; at; at = at->next)
        if (at->met && !at->ended && at->stage != VISIT_ANSWER && (!origin || at->origin == origin) &&
            (!chosen || goes_first(at, chosen)))
            chosen = at;
    if (!chosen)
        return false;
    visitors_end(visitors, chosen);
    keep_pace(visitors);
    return true;
}

static double deadline_of(const struct visitor *visitor)
{
    switch (visitor->stage) {
    case VISIT_IDLE:
        return visitor->since + IDLE_SECONDS;
    case VISIT_HEADERS:
        return visitor->since + HEADERS_SECONDS;
    case VISIT_BODY:
        return visitor->since + BODY_SECONDS + (double)visitor->sent / LEAST_RATE;
    default:
        return HUGE_VAL;
    }
}

double visitors_check(struct visitors *visitors)
{
    double now = clock_now(), next = HUGE_VAL;

    for (struct visitor *at = visitors->first; at; at = at->next) {
        double deadline = at->met && !at->ended ? deadline_of(at) : HUGE_VAL;
        if (deadline <= now)
            end(visitors, at, &visitors->late);
        else
            next = fmin(next, deadline);
    }
    return next - now;
}

double visitors_report(struct visitors *visitors)
{
    double now = clock_now();

    if (visitors->late + visitors->displaced == 0)
        return HUGE_VAL;
    if (now < visitors->next_report)
        return visitors->next_report - now;
    log_line(LOG_WARN, "connections closed: %zu too slow, %zu to make room for others", visitors->late, visitors->displaced);
    visitors->late = visitors->displaced = 0;
    visitors->next_report = now + REPORT_SECONDS;
    return HUGE_VAL;
}

/* ---- visits ----------------------------------------------------------------------------------------------------- */

/* Makes room for one more of that origin, by ending a visit when it must. */
static bool has_room(struct visitors *visitors, const struct origin *origin)
{
    return (origin->count < visitors->most_of_one || make_room(visitors, origin)) &&
           (visitors->count < visitors->most || make_room(visitors, NULL));
}

static struct visitor *unmet(const struct visitors *visitors, int fd)
{
    struct visitor *at = visitors->first;

    while (at && (at->met || at->fd != fd))
        at = at->next;
    return at;
}

struct visitor *visitors_meet(struct visitors *visitors, int fd)
{
    struct visitor *visitor = unmet(visitors, fd);

    if (visitor)
        visitor->met = true;
    return visitor;
}

struct visitor *visitors_enter(struct visitors *visitors, int fd, const struct sockaddr *address)
{
    struct visitor *stale = unmet(visitors, fd);

    if (stale) /* libmicrohttpd closed that socket and never began with it */
        visitors_leave(visitors, stale);
    struct origin *origin = record(visitors, address);
    struct visitor *visitor = origin && has_room(visitors, origin) ? calloc(1, sizeof *visitor) : NULL;

    if (!visitor) {
        if (origin)
            forget_unused(visitors, origin);
        return NULL;
    }
    visitor->fd = fd;
    visitor->origin = origin;
    visitor_at(visitor, VISIT_HEADERS);
    visitor->next = visitors->first;
    if (visitor->next)
        visitor->next->previous = visitor;
    visitors->first = visitor;
    origin->count++;
    origin->present++;
    visitors->count++;
    return visitor;
}

void visitors_leave(struct visitors *visitors, struct visitor *visitor)
{
    struct origin *origin = visitor->origin;

    if (!visitor->ended) {
        origin->count--;
        visitors->count--;
    }
    if (visitor->previous)
        visitor->previous->next = visitor->next;
    else
        visitors->first = visitor->next;
    if (visitor->next)
        visitor->next->previous = visitor->previous;
    free(visitor);
    origin->present--;
    forget_unused(visitors, origin);
}

void visitor_at(struct visitor *visitor, enum visit_stage stage)
{
    visitor->stage = stage;
    visitor->since = clock_now();
    visitor->sent = 0;
}

void visitor_sent(struct visitor *visitor, size_t bytes)
{
    visitor->sent += bytes;
}

void visitors_free(struct visitors *visitors)
{
    while (visitors && visitors->first)
        visitors_leave(visitors, visitors->first);
    free(visitors);
}
