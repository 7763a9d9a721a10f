/* What is to go out, built piece by piece. */
#include "reply.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void to_header_text(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

bool reply_set(struct reply *reply, unsigned status, const char *type, const char *body, size_t size)
{
    char *type_copy = type ? strdup(type) : NULL;
    char *body_copy = malloc(size + 1);

    if ((type && !type_copy) || !body_copy) {
        free(type_copy);
        free(body_copy);
        return false;
    }
    if (type_copy)
        to_header_text(type_copy);
    memcpy(body_copy, body, size);
    body_copy[size] = '\0';
    free(reply->type);
    free(reply->body);
    reply->status = status;
    reply->type = type_copy;
    reply->body = body_copy;
    reply->body_size = size;
    return true;
}

bool reply_header(struct reply *reply, const char *name, const char *value)
{
    struct reply_header *headers = realloc(reply->headers, (reply->header_count + 1) * sizeof *headers);

    if (!headers)
        return false;
    reply->headers = headers;
    struct reply_header *header = &headers[reply->header_count];
    header->name = strdup(name);
    header->value = strdup(value);
    if (!header->name || !header->value) {
        free(header->name);
        free(header->value);
        return false;
    }
    to_header_text(header->name);
    to_header_text(header->value);
    reply->header_count++;
    return true;
}

void reply_clear(struct reply *reply)
{
    for (size_t i = 0; i < reply->header_count; i++) {
        free(reply->headers[i].name);
        free(reply->headers[i].value);
    }
    free(reply->headers);
    free(reply->type);
    free(reply->body);
    if (reply->has_file)
        close(reply->file);
    memset(reply, 0, sizeof *reply);
}
