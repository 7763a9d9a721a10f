/* What holds for every request: whom to believe, which way to go, how long to wait. */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include "pace.h"

#include <stddef.h>

#define HTTP_LARGEST_BODY ((size_t)32 << 20) /* several times a page of 500 rows, or the longest list without pages */

struct http_settings {
    const char *ca_cert;  /* PEM text of the authorities to believe; NULL: the system's */
    const char *ca_file;  /* the same in a file */
    bool verify;          /* whether the certificate must be good and for that host */
    const char *proxy;    /* NULL: none, whatever the environment says */
    const char *no_proxy; /* hosts that are reached without it */
    double connect_timeout; /* seconds */
    double request_timeout; /* seconds */
    size_t max_body;        /* bytes of an answer */
    struct pace_limits upload; /* all 0: those of pace.h */
};

/* Sets what holds for everything sent from now on; the texts are copied. False when there is no memory for them. */
bool http_configure(const struct http_settings *settings);

/* The settings of now. */
const struct http_settings *http_settings(void);

/* Forgets the texts. */
void http_settings_forget(void);

#endif
