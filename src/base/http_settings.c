/* The settings of now, with their own copies of the texts. */
#include "http_settings.h"

#include <stdlib.h>
#include <string.h>

static struct http_settings settings = {
    .verify = true, .connect_timeout = 30, .request_timeout = 300, .max_body = HTTP_LARGEST_BODY,
    .upload = {PACE_RATE, PACE_WINDOW, PACE_ANSWER}};

/* Each text is this file's own copy. */
static const char **const texts[] = {&settings.ca_cert, &settings.ca_file, &settings.proxy, &settings.no_proxy};
#define TEXTS (sizeof texts / sizeof *texts)

bool http_configure(const struct http_settings *wanted)
{
    struct http_settings copy = *wanted;
    bool ok = true;

    http_settings_forget();
    settings = copy;
    if (settings.upload.window <= 0)
        settings.upload = pace_usual;
    for (size_t i = 0; i < TEXTS; i++)
        if (*texts[i])
            ok = (*texts[i] = strdup(*texts[i])) && ok;
    return ok;
}

const struct http_settings *http_settings(void)
{
    return &settings;
}

void http_settings_forget(void)
{
    for (size_t i = 0; i < TEXTS; i++) {
        free((char *)*texts[i]);
        *texts[i] = NULL;
    }
}
