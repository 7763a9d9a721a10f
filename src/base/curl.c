/*
 * libcurl, taken and initialised at the first use: else every start of the program would pay for it, even for a
 * request that sends nothing.
 */
#include "curl.h"

#include "library.h"

static struct curl_functions curl;

#define SYMBOL(name) LIBRARY_SYMBOL(curl_##name, struct curl_functions, name)
static const struct library_symbol symbols[] = {CURL_FUNCTIONS(SYMBOL)};

const struct curl_functions *curl_load(struct fault *fault)
{
    static bool ready;

    if (ready)
        return &curl;
    if (!library_load("libcurl.so.4", symbols, sizeof symbols / sizeof *symbols, &curl, fault))
        return NULL;
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        fault_set(fault, "libcurl cannot be initialised");
        return NULL;
    }
    ready = true;
    return &curl;
}
