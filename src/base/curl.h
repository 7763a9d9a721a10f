/* libcurl's functions behind pointers, filled in at the first use; transfer.c and http_upload.c call them. */
#ifndef CURL_H
#define CURL_H

#include "fault.h"

#include <curl/curl.h>

#define CURL_FUNCTIONS(FUNCTION)                                                                                      \
    FUNCTION(global_init)                                                                                             \
    FUNCTION(global_cleanup)                                                                                          \
    FUNCTION(easy_init)                                                                                               \
    FUNCTION(easy_cleanup)                                                                                            \
    FUNCTION(easy_reset)                                                                                              \
    FUNCTION(easy_setopt)                                                                                             \
    FUNCTION(easy_getinfo)                                                                                            \
    FUNCTION(easy_strerror)                                                                                           \
    FUNCTION(multi_init)                                                                                              \
    FUNCTION(multi_cleanup)                                                                                           \
    FUNCTION(multi_add_handle)                                                                                        \
    FUNCTION(multi_remove_handle)                                                                                     \
    FUNCTION(multi_perform)                                                                                           \
    FUNCTION(multi_poll)                                                                                              \
    FUNCTION(multi_info_read)                                                                                         \
    FUNCTION(multi_setopt)                                                                                            \
    FUNCTION(slist_append)                                                                                            \
    FUNCTION(slist_free_all)                                                                                          \
    FUNCTION(mime_init)                                                                                               \
    FUNCTION(mime_free)                                                                                               \
    FUNCTION(mime_addpart)                                                                                            \
    FUNCTION(mime_name)                                                                                               \
    FUNCTION(mime_data)                                                                                               \
    FUNCTION(mime_data_cb)                                                                                            \
    FUNCTION(mime_filedata)                                                                                           \
    FUNCTION(mime_filename)                                                                                           \
    FUNCTION(mime_type)

#define FIELD(name) __typeof__(curl_##name) *name;
struct curl_functions {
    CURL_FUNCTIONS(FIELD)
};
#undef FIELD

/* The functions, initialised; NULL and the reason without libcurl. */
const struct curl_functions *curl_load(struct fault *fault);

#endif
