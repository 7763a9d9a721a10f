/* The select loop of a daemon: signals, HTTP, what falls due, guests. */
#ifndef LOOP_H
#define LOOP_H

#include "daemon.h"
#include "guest.h"
#include "model.h"

/* One turn: what is due, then wait, then what has come. guests may be NULL. */
void loop_turn(struct daemon *daemon, struct model *model, struct guests *guests);

/* Turns until no client waits for an answer, for so many seconds at most; new connections are refused. */
void loop_drain(struct daemon *daemon, struct model *model, double seconds);

#endif
