/* What libmicrohttpd knows of a request: its headers, its body's length, its client. */
#include "request.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

struct visit {
    void (*function)(void *context, const char *name, const char *value);
    void *context;
};

static enum MHD_Result visit_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    const struct visit *visit = context;

    (void)kind;
    visit->function(visit->context, name, value ? value : "");
    return MHD_YES;
}

void request_headers(const struct request *request, void (*visit)(void *context, const char *name, const char *value),
                     void *context)
{
    struct visit each = {visit, context};

    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, visit_header, &each);
}

/* What Content-Length says, 0 where it is not there; libmicrohttpd has refused what is not a length. */
static unsigned long long length_of(struct MHD_Connection *connection)
{
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return length ? strtoull(length, NULL, 10) : 0;
}

bool request_has_body(struct MHD_Connection *connection)
{
    return length_of(connection) > 0 ||
           MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

bool request_is_longer(struct MHD_Connection *connection, size_t most)
{
    return length_of(connection) > most;
}

void request_client(struct MHD_Connection *connection, char *text, size_t size)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;

    text[0] = '\0';
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, (socklen_t)size);
    else if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, (socklen_t)size);
}
