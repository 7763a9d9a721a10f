/* The requests that are under way, each from its first line to the last byte of its answer. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include "daemon_options.h"
#include "visitors.h"

#include <microhttpd.h>
#include <sys/select.h>

struct exchange;

/* All of them. The owner sets options and visitors, and quiet and closing when it comes to that. */
struct exchanges {
    const struct daemon_options *options;
    struct visitors *visitors;
    bool quiet;                /* every answer closes its connection */
    bool closing;              /* nothing is answered any more */
    struct exchange *first;
    struct exchange *waiting;  /* those whose answer is not due yet */
    size_t under_way;
    size_t held;               /* bytes of memory that bodies take */
};

/* What one connection is to us; it is libmicrohttpd's socket context. */
struct line {
    struct visitor *visitor;
    bool unread;               /* it was answered before its body was read */
};

/* Callbacks of libmicrohttpd; context is the struct exchanges. */
void *exchange_begin(void *context, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_go_on(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                               const char *version, const char *data, size_t *size, void **slot);
void exchange_end(void *context, struct MHD_Connection *connection, void **slot, enum MHD_RequestTerminationCode code);

/* Adds the descriptors of clients whose answer waits; returns the seconds until the next answer is due. */
double exchanges_prepare(const struct exchanges *exchanges, fd_set *readable, int *max_fd);

/* Lets those go on whose answer is due, or whose client has gone. */
void exchanges_resume(struct exchanges *exchanges, const fd_set *readable);

/* Lets all of them go on. */
void exchanges_resume_all(struct exchanges *exchanges);

#endif
