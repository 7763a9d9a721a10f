/* What every fuzz target needs: LLVMFuzzerTestOneInput() is called with one input after the other. */
#ifndef TARGET_H
#define TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends with a report when the claim does not hold: the fuzzer keeps the input then. */
#define must(claim, what)                                                          \
    do {                                                                           \
        if (!(claim)) {                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, what);      \
            abort();                                                               \
        }                                                                          \
    } while (0)

/* Warnings about bad input are not of interest here. */
#define fuzz_quiet() log_threshold(LOG_ERROR)

#endif
