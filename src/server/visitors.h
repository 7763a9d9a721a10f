/*
 * The connections: how many from which address, the stage of each, which are out of time, and which must go when there is
 * no more room. libmicrohttpd reads and writes the sockets. To end a visit its socket is shut down: libmicrohttpd finds
 * the end there and closes it, whatever state it is in.
 */
#ifndef VISITORS_H
#define VISITORS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* In the order in which they are ended when there is no room: the one that loses least comes first. */
enum visit_stage {
    VISIT_IDLE,    /* had an answer; the next request may come */
    VISIT_HEADERS, /* has come (a TLS handshake included), and its first headers are not whole */
    VISIT_BODY,    /* the body is being sent to us */
    VISIT_ANSWER,  /* waits for its answer, or takes it: never ended from here */
};

struct visitor;
struct visitors;

/* At most so many at once, and so many from one address (a /64 of IPv6). NULL when out of memory. */
struct visitors *visitors_new(size_t most, size_t most_of_one);

/*
 * A new one, with its headers still to come. Where it is one too many another is ended: of the same address where that has
 * its share already, so that a crowd behind one address costs its own; else of all, from the address with the most.
 * NULL when no visit can be ended, or out of memory.
 */
struct visitor *visitors_enter(struct visitors *visitors, int fd, const struct sockaddr *address);

/*
 * The visitor of that socket whose connection libmicrohttpd begins now, which may be a while after it was let in; NULL when it
 * was met before, or was never let in. Until then its visit is not ended from here.
 */
struct visitor *visitors_meet(struct visitors *visitors, int fd);

/*
 * Seconds until the next one may be let in; 0: now. Where others have to go for it they come at a bounded pace: whoever is
 * let in has time to send its headers, however many push in behind it, and those wait in the system's queue.
 */
double visitors_pause(const struct visitors *visitors);

/* Its socket is about to be closed. */
void visitors_leave(struct visitors *visitors, struct visitor *visitor);

/* A stage begins. Deadlines of headers and body are absolute: a byte now and then moves them no further. */
void visitor_at(struct visitor *visitor, enum visit_stage stage);

/* More of its body has come: it has a little longer, by the least rate that a body must keep. */
void visitor_sent(struct visitor *visitor, size_t bytes);

/* Ends a visit to make room. */
void visitors_end(struct visitors *visitors, struct visitor *visitor);

/* Ends the visits whose time is over; returns the seconds until the next one's is. */
double visitors_check(struct visitors *visitors);

/* Writes a line to the log where visits were ended, once in a minute at most; returns the seconds until the next line is
 * due. */
double visitors_report(struct visitors *visitors);

/* NULL is accepted. */
void visitors_free(struct visitors *visitors);

#endif
