/* Why something failed, in words. */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

struct fault {
    char text[512];
};

/* Writes the text, cut to what fits; returns false, so that `return fault_set(...)` reads well. */
bool fault_set(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
