/* Where a daemon listens: HOST:PORT to its parts, to a socket, and to a URL. */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

static int listen_at(const struct addrinfo *address, char *why, size_t why_size)
{
    int fd = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    int yes = 1;

    if (fd >= 0) {
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, O_NONBLOCK);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
            return fd;
    }
    snprintf(why, why_size, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int listen_open(const char *host, const char *port, char *why, size_t why_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found = NULL;
    int fd = -1, problem = getaddrinfo(host, port, &hints, &found);

    if (problem) {
        snprintf(why, why_size, "%s", gai_strerror(problem));
        return -1;
    }
    for (const struct addrinfo *address = found; address && fd < 0; address = address->ai_next)
        fd = listen_at(address, why, why_size);
    freeaddrinfo(found);
    return fd;
}

unsigned listen_port(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    if (address.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)&address)->sin_port);
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
