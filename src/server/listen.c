/* Where a daemon listens: HOST:PORT to its parts, and to a URL. */

#include "listen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool listen_parse(const char *text, struct listen *listen)
{
    const char *colon = strrchr(text, ':');
    const char *host = text, *end = colon;
    if (!colon || colon == text || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        strlen(colon + 1) > 5 || atoi(colon + 1) > 65535)
        return false;
    if (*host == '[' && colon[-1] == ']') {
        host++;
        end--;
    }
    size_t length = (size_t)(end - host);
    if (length == 0 || length >= sizeof listen->host)
        return false;
    memcpy(listen->host, host, length);
    listen->host[length] = '\0';
    snprintf(listen->port, sizeof listen->port, "%s", colon + 1);
    return true;
}

void listen_url(const struct listen *listen, const char *scheme, unsigned port, char *url, size_t size)
{
    const char *host = listen->host;
    if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "*") == 0)
        host = "127.0.0.1";
    else if (strcmp(host, "::") == 0)
        host = "::1";
    snprintf(url, size, strchr(host, ':') ? "%s://[%s]:%u" : "%s://%s:%u", scheme, host, port);
}
