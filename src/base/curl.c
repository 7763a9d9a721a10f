/*
 * libcurl's functions, loaded at the first use: linked to it, the program would start five milliseconds later, even
 * for a request that sends nothing. A build with its own small libcurl links it (-DSTATIC_LIBRARIES) and only
 * initialises late.
 */
#include "curl.h"

#include "library.h"

static struct curl_functions curl;

#ifdef STATIC_LIBRARIES

/* libcurl has macros of some of these names; they are no good for taking an address. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define FUNCTION(name) curl.name = curl_##name

static bool load(struct fault *fault)
{
    (void)fault;
    FUNCTION(global_init);
    FUNCTION(global_cleanup);
    FUNCTION(easy_init);
    FUNCTION(easy_cleanup);
    FUNCTION(easy_reset);
    FUNCTION(easy_setopt);
    FUNCTION(easy_getinfo);
    FUNCTION(easy_strerror);
    FUNCTION(multi_init);
    FUNCTION(multi_cleanup);
    FUNCTION(multi_add_handle);
    FUNCTION(multi_remove_handle);
    FUNCTION(multi_perform);
    FUNCTION(multi_poll);
    FUNCTION(multi_info_read);
    FUNCTION(multi_setopt);
    FUNCTION(slist_append);
    FUNCTION(slist_free_all);
    FUNCTION(mime_init);
    FUNCTION(mime_free);
    FUNCTION(mime_addpart);
    FUNCTION(mime_name);
    FUNCTION(mime_data);
    FUNCTION(mime_filedata);
    FUNCTION(mime_filename);
    FUNCTION(mime_type);
    return true;
}

#else

#define FUNCTION(name) {"curl_" #name, offsetof(struct curl_functions, name)}

static const struct library_symbol symbols[] = {
    FUNCTION(global_init),
    FUNCTION(global_cleanup),
    FUNCTION(easy_init),
    FUNCTION(easy_cleanup),
    FUNCTION(easy_reset),
    FUNCTION(easy_setopt),
    FUNCTION(easy_getinfo),
    FUNCTION(easy_strerror),
    FUNCTION(multi_init),
    FUNCTION(multi_cleanup),
    FUNCTION(multi_add_handle),
    FUNCTION(multi_remove_handle),
    FUNCTION(multi_perform),
    FUNCTION(multi_poll),
    FUNCTION(multi_info_read),
    FUNCTION(multi_setopt),
    FUNCTION(slist_append),
    FUNCTION(slist_free_all),
    FUNCTION(mime_init),
    FUNCTION(mime_free),
    FUNCTION(mime_addpart),
    FUNCTION(mime_name),
    FUNCTION(mime_data),
    FUNCTION(mime_filedata),
    FUNCTION(mime_filename),
    FUNCTION(mime_type),
};

static bool load(struct fault *fault)
{
    return library_load("libcurl.so.4", symbols, sizeof symbols / sizeof *symbols, &curl, fault);
}

#endif

const struct curl_functions *curl_load(struct fault *fault)
{
    static bool ready;

    if (ready)
        return &curl;
    if (!load(fault))
        return NULL;
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fault_set(fault, "libcurl cannot be initialised");
        return NULL;
    }
    ready = true;
    return &curl;
}
