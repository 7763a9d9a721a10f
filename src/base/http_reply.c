/* What came of one request: headers that are kept, and faults. */
#include "http_reply.h"

#include "log.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Copies the value of the header, without blanks around it, when the line has that name; cut where it has no room. */
static void take_header(const char *line, size_t length, const char *name, char *value, size_t room)
{
    size_t at = strlen(name), end = length;

    if (length <= at || strncasecmp(line, name, at) != 0)
        return;
    while (at < end && (line[at] == ' ' || line[at] == '\t'))
        at++;
    while (end > at && (unsigned char)line[end - 1] <= ' ')
        end--;
    snprintf(value, room, "%.*s", (int)(end - at), line + at);
}

void http_reply_take_header(struct http_reply *reply, const char *line, size_t length)
{
    if (length > 5 && memcmp(line, "HTTP/", 5) == 0)
        reply->date[0] = reply->location[0] = '\0';
    take_header(line, length, "Date:", reply->date, sizeof reply->date);
    take_header(line, length, "Location:", reply->location, sizeof reply->location);
}

void http_reply_set_fault(struct http_reply *reply, const char *fault, const char *text)
{
    size_t length;
    const char *clean = log_mask(text, strlen(text), &length);

    reply->fault = fault;
    snprintf(reply->text, sizeof reply->text, "%.*s", (int)length, clean);
}
