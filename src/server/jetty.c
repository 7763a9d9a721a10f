/* The answers that Jetty, the servlet container, gives before CloudStack sees the request: 405, 414 and its 404 page. */
#include "jetty.h"

#include <string.h>

#define MAX_TARGET 8192u
#define HTML "text/html;charset=iso-8859-1"

static const char too_long[] = "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>";

static const char form_too_large[] =
    "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=ISO-8859-1\"/>\n"
    "<title>Error 404 Not Found</title>\n</head>\n<body><h2>HTTP ERROR 404 Not Found</h2>\n<table>\n"
    "<tr><th>URI:</th><td>/client/api</td></tr>\n"
    "<tr><th>STATUS:</th><td>404</td></tr>\n"
    "<tr><th>MESSAGE:</th><td>Not Found</td></tr>\n"
    "<tr><th>SERVLET:</th><td>default</td></tr>\n"
    "<tr><th>CAUSED BY:</th><td>org.eclipse.jetty.http.BadMessageException: 400: Unable to parse form content</td>"
    "</tr>\n"
    "<tr><th>CAUSED BY:</th><td>java.lang.IllegalStateException: Form is larger than max length 1048576</td></tr>\n"
    "</table>\n\n</body>\n</html>\n";

/* The simulator's own switches are not behind Jetty: one of them is taken back by DELETE. */
static bool is_known(const char *method, const char *target)
{
    if (strcmp(method, "DELETE") == 0)
        return strncmp(target, "/sim/", 5) == 0;
    return strcmp(method, "GET") == 0 || strcmp(method, "POST") == 0 || strcmp(method, "HEAD") == 0;
}

bool jetty_refuses(const struct request *request, struct reply *reply)
{
    if (strlen(request->target) > MAX_TARGET) {
        reply->close = true;
        return reply_set(reply, 414, HTML, too_long, sizeof too_long - 1);
    }
    if (!is_known(request->method, request->target))
        return reply_set(reply, 405, NULL, "", 0);
    if (request->body_too_large) {
        reply->close = true;
        return reply_set(reply, 404, HTML, form_too_large, sizeof form_too_large - 1) &&
               reply_header(reply, "Cache-Control", "must-revalidate,no-cache,no-store");
    }
    return false;
}
