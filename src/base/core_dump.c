/* See core_dump.h. The limit alone is not enough: a core_pattern that is a pipe ignores one of 0 on old kernels. */
#include "core_dump.h"

#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

void core_dump_forbid(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){.rlim_cur = 0, .rlim_max = 0});
#ifdef __linux__
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
