/* The answers that the servlet container gives before CloudStack sees the request. */
#ifndef JETTY_H
#define JETTY_H

#include "daemon.h"

#define JETTY_MAX_FORM ((size_t)1048576)

/* True when the request goes no further; the reply is set then. */
bool jetty_refuses(const struct request *request, struct reply *reply);

#endif
