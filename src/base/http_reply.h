/* What came of one request: the server's answer, or the fault that there is instead. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "buf.h"

struct http_reply {
    const char *fault;  /* NULL when there is an answer; else resolve connect tls timeout closed toolarge
                         * interrupted (an upload) other */
    char text[256];     /* the fault in words */
    bool sent;          /* whether the server may have acted: false when it cannot have had the request */
    bool complete;      /* of an upload: whether its last byte has left */
    double seconds;     /* how long it took */
    long status;
    char type[128];     /* the header Content-Type; "" without one */
    char location[512]; /* where a redirect leads, as its header says it; "" without one */
    char date[40];      /* the server's clock, as its header says it; "" without one */
    struct buf body;
};

/* Notes a line of the answer's head, as it came: the first line forgets the head before it, which was a proxy's. */
void http_reply_take_header(struct http_reply *reply, const char *line, size_t length);

/* Sets the fault (not copied) and the text (copied, cut where it is too long), with secrets masked in it. */
void http_reply_set_fault(struct http_reply *reply, const char *fault, const char *text);

#endif
