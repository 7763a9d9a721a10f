/* Which process this is, and whether another one still lives: from /proc/PID/stat, or the kernel's table on macOS. */
#include "process.h"

#include "buf.h"
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOT_SIZE 33

#ifdef __APPLE__

#include <sys/proc.h>
#include <sys/sysctl.h>

static bool read_stat(long pid, char *state, unsigned long long *starttime)
{
    struct kinfo_proc row;
    size_t size = sizeof row;
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)pid};

    if (sysctl(name, sizeof name / sizeof *name, &row, &size, NULL, 0) != 0 || size == 0)
        return false;
    *state = row.kp_proc.p_stat == SZOMB ? 'Z' : 'R';
    *starttime = (unsigned long long)row.kp_proc.p_starttime.tv_sec * 1000000 +
                 (unsigned long long)row.kp_proc.p_starttime.tv_usec;
    return true;
}

#else

#define STATE_FIELD 3
#define STARTTIME_FIELD 22

/* The state letter and the start time of a pid; the name in field 2 may hold anything, so fields start at its ')'. */
static bool read_stat(long pid, char *state, unsigned long long *starttime)
{
    char path[64];
    struct fault fault;
    struct buf text = buf_new(4096);

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    const char *at = file_read(path, &text, NULL, &fault) ? strrchr(buf_string(&text), ')') : NULL;
    for (int field = STATE_FIELD; at; field++) {
        at = strchr(at + 1, ' ');
        if (at && field == STATE_FIELD)
            *state = at[1];
        if (at && field == STARTTIME_FIELD) {
            *starttime = strtoull(at + 1, NULL, 10);
            break;
        }
    }
    buf_free(&text);
    return at != NULL;
}

#endif

/* Which boot of the machine this is: pids and start times begin anew with each. "-" where nobody says. */
static void read_boot(char boot[BOOT_SIZE])
{
    struct fault fault;
    struct buf text = buf_new(256);
    size_t length = 0;

    if (file_read("/proc/sys/kernel/random/boot_id", &text, NULL, &fault))
        for (const char *at = buf_string(&text); *at && *at != '\n' && length < BOOT_SIZE - 1; at++)
            if (*at != '-')
                boot[length++] = *at;
    if (length == 0)
        boot[length++] = '-';
    boot[length] = '\0';
    buf_free(&text);
}

bool process_identity(char identity[PROCESS_IDENTITY_SIZE])
{
    char state, boot[BOOT_SIZE];
    unsigned long long starttime = 0;
    long pid = (long)getpid();
    bool ok = read_stat(pid, &state, &starttime);

    read_boot(boot);
    snprintf(identity, PROCESS_IDENTITY_SIZE, "%ld.%llu.%s", pid, starttime, boot);
    return ok;
}

bool process_alive(const char *identity)
{
    char *rest, state, boot[BOOT_SIZE], now_boot[BOOT_SIZE], end;
    unsigned long long then, now;
    long pid = strtol(identity, &rest, 10);

    if (pid <= 0 || sscanf(rest, ".%llu.%32[0-9a-f-]%c", &then, boot, &end) != 2)
        return false;
    read_boot(now_boot);
    if (strcmp(boot, now_boot) != 0)
        return false;
    return read_stat(pid, &state, &now) && now == then && state != 'Z' && state != 'X';
}
