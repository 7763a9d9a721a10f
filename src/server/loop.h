#ifndef SERVER_LOOP_H
#define SERVER_LOOP_H

/* The select loop of a daemon: signals, HTTP, what falls due, guests. */

#include "daemon.h"
#include "guest.h"
#include "route.h"

/* One turn: what is due, then wait, then what has come. guests may be NULL. */
void loop_turn(struct daemon *daemon, struct route *route, struct guests *guests);

/* Turns until nobody waits for an answer, for so many seconds at most; who comes now is refused. */
void loop_drain(struct daemon *daemon, struct route *route, double seconds);

#endif
