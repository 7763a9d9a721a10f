/* The whole of our test framework: check(claim, what) and, at the end of main, `return check_report();`. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

static int check_passed, check_failed;

/* Counts the claim, and tells where it does not hold. */
#define check(claim, ...)                                      \
    do {                                                       \
        if (claim) {                                           \
            check_passed++;                                    \
        } else {                                               \
            check_failed++;                                    \
            printf("%s:%d: not so: ", __FILE__, __LINE__);     \
            printf(__VA_ARGS__);                               \
            printf("\n");                                      \
        }                                                      \
    } while (0)

/* The same for two texts. */
#define check_text(expected, got)                                                                    \
    do {                                                                                             \
        const char *check_e = (expected), *check_g = (got);                                          \
        check(check_g && strcmp(check_e, check_g) == 0, "expected '%s', got '%s'", check_e,          \
              check_g ? check_g : "(NULL)");                                                         \
    } while (0)

static int check_report(void)
{
    printf("%d passed, %d failed\n", check_passed, check_failed);
    return check_failed > 0;
}

#endif
