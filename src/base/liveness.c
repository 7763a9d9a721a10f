/* See liveness.h. The file holds a random name of itself: a lock says nothing of one that was taken on an earlier file. */
#include "liveness.h"

#include "buf.h"
#include "clock.h"
#include "file.h"
#include "private_file.h"
#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "cloudstack_cpi locks "
#define NAME_SIZE RANDOM_UUID_SIZE
#define HEAD_SIZE (sizeof HEAD - 1 + NAME_SIZE - 1)
#define BOOT_SIZE 37
#define TRIES 12
#define LOOKS 9 /* tries after which a file that still has no head is replaced; the rest are for the new one */
#define PAUSE 0.01 /* seconds in which the maker of a file writes its head */

/* A lock reaches beyond the end of a file without making it longer, so each process has a byte of its own by chance. */
#define FIRST_BYTE 4096
#define BYTE_BITS 48

static char path[PATH_MAX];
static int file = -1;
static char name[NAME_SIZE]; /* what the open file calls itself */
static char own[LIVENESS_IDENTITY_SIZE];

/* Which boot of the machine this is, "-" where the kernel does not say. */
static void read_boot(char boot[BOOT_SIZE])
{
    struct fault ignored;
    struct buf text = buf_new(256);

    boot[0] = '\0';
    if (file_read("/proc/sys/kernel/random/boot_id", &text, NULL, &ignored))
        snprintf(boot, BOOT_SIZE, "%s", buf_string(&text));
    boot[strcspn(boot, "\n")] = '\0';
    if (!*boot)
        strcpy(boot, "-");
    buf_free(&text);
}

/* ---- the file ------------------------------------------------------------------------------------------------------- */

static bool read_name(int fd)
{
    char head[HEAD_SIZE + 1] = "";

    if (pread(fd, head, HEAD_SIZE, 0) != (ssize_t)HEAD_SIZE || memcmp(head, HEAD, sizeof HEAD - 1) != 0)
        return false;
    memcpy(name, head + sizeof HEAD - 1, NAME_SIZE);
    return true;
}

/* Gives the new file its name for itself; closes it. */
static bool write_head(int fd, struct fault *fault)
{
    char uuid[RANDOM_UUID_SIZE], head[HEAD_SIZE + 1];

    bool ok = random_uuid(uuid);
    snprintf(head, sizeof head, "%s%s", HEAD, uuid);
    ok = ok && file_write_stream(fd, head, HEAD_SIZE);
    int why = errno;
    close(fd);
    return ok || fault_set(fault, "%s: %s", path, strerror(why));
}

/* Makes the file; another process may be faster, or see it before it has its head. */
static bool make_file(int directory, const char *entry, struct fault *fault)
{
    int fd = private_make_at(directory, entry, path, fault);

    if (fd < 0)
        return errno == EEXIST;
    return write_head(fd, fault);
}

/* Puts a whole file in the place of one whose maker died before it had its head. */
static bool replace_file(int directory, const char *entry, struct fault *fault)
{
    char draft[PRIVATE_NAME + RANDOM_UUID_SIZE + 1], uuid[RANDOM_UUID_SIZE];

    if (!random_uuid(uuid))
        return fault_set(fault, "%s: no random numbers", path);
    snprintf(draft, sizeof draft, "%s.%s", entry, uuid);
    int fd = private_make_at(directory, draft, path, fault);
    if (fd < 0 || !write_head(fd, fault))
        return false;
    return private_replace_at(directory, draft, entry, path, fault);
}

/* Opens what is there, for looking at locks; whose file it is and how it got there is looked at as when it is made. */
static bool open_to_look(void)
{
    struct fault ignored;

    if (file >= 0)
        return true;
    int fd = *path ? private_open(path, false, &ignored) : -1;
    if (fd >= 0 && read_name(fd))
        file = fd;
    else if (fd >= 0)
        close(fd);
    return file >= 0;
}

/* ---- locks ---------------------------------------------------------------------------------------------------------- */

static bool lock_call(int command, struct flock *what)
{
    int result;

    do
        result = fcntl(file, command, what);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static struct flock lock_on(uint64_t byte)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
}

/* A byte that is free and now ours; 0 where none can be locked. */
static uint64_t take_byte(void)
{
    uint64_t byte;

    for (int i = 0; i < TRIES; i++) {
        if (!random_bytes(&byte, sizeof byte))
            return 0;
        byte = FIRST_BYTE + (byte >> (64 - BYTE_BITS));
        struct flock what = lock_on(byte);
        if (lock_call(F_SETLK, &what))
            return byte;
    }
    return 0;
}

static bool is_still_the_file(int directory, const char *entry)
{
    struct stat here, there;

    return fstat(file, &here) == 0 && fstatat(directory, entry, &there, AT_SYMLINK_NOFOLLOW) == 0
           && here.st_ino == there.st_ino && here.st_dev == there.st_dev;
}

/* One try to open the file to take a lock; false with the file still closed where it was only made, or has no head yet. */
static bool open_to_claim(int directory, const char *entry, bool may_replace, struct fault *fault)
{
    if (file >= 0)
        close(file);
    file = -1;
    int fd = private_open_at(directory, entry, false, path, fault);
    if (fd < 0)
        return errno == ENOENT && make_file(directory, entry, fault);
    if (read_name(fd)) {
        file = fd;
        return true;
    }
    close(fd);
    if (may_replace)
        return replace_file(directory, entry, fault);
    clock_sleep(PAUSE);
    return true;
}

/* The byte that is ours now, in the file that others find under this name; 0 when none can be locked. */
static uint64_t claim_byte(int directory, const char *entry, struct fault *fault)
{
    fault_set(fault, "%s: it is replaced again and again", path);
    for (int i = 0; i < TRIES; i++) {
        if (!open_to_claim(directory, entry, i == LOOKS, fault))
            return 0;
        if (file < 0)
            continue;
        uint64_t byte = take_byte();
        if (byte == 0)
            fault_set(fault, "%s: no lock: %s", path, strerror(errno));
        if (byte == 0 || is_still_the_file(directory, entry))
            return byte;
    }
    return 0;
}

bool liveness_claim(char identity[LIVENESS_IDENTITY_SIZE], struct fault *fault)
{
    char boot[BOOT_SIZE], entry[PRIVATE_NAME];

    if (!*own) {
        int directory = private_directory(path, entry, fault);
        if (directory < 0)
            return false;
        uint64_t byte = claim_byte(directory, entry, fault);
        close(directory);
        if (byte == 0)
            return false;
        read_boot(boot);
        snprintf(own, sizeof own, "lock.%s.%llx.%s", name, (unsigned long long)byte, boot);
    }
    memcpy(identity, own, sizeof own);
    return true;
}

/* ---- looking -------------------------------------------------------------------------------------------------------- */

/* Whether the machine has been started again since: what is not known to be another boot is this one. */
static bool is_of_an_earlier_boot(const char *boot)
{
    char now[BOOT_SIZE], bare[BOOT_SIZE];
    size_t length = 0;

    read_boot(now);
    if (*boot == '-' || *now == '-')
        return false;
    /* The identities of earlier releases have no dashes in it. */
    for (const char *at = now; *at; at++)
        if (*at != '-')
            bare[length++] = *at;
    bare[length] = '\0';
    return strcmp(boot, now) != 0 && strcmp(boot, bare) != 0;
}

/* Whether a process holds the lock; true when the kernel cannot say. */
static bool is_held(uint64_t byte)
{
    struct flock what = lock_on(byte);

    return !lock_call(F_GETLK, &what) || what.l_type != F_UNLCK;
}

bool liveness_is_alive(const char *identity)
{
    char of_file[NAME_SIZE], boot[BOOT_SIZE], end;
    unsigned long long byte, starttime;
    long pid;

    if (*own && strcmp(identity, own) == 0)
        return true;
    if (sscanf(identity, "lock.%36[0-9a-f-].%llx.%36[0-9a-f-]%c", of_file, &byte, boot, &end) == 3) {
        if (open_to_look() && strcmp(of_file, name) == 0)
            return is_held(byte);
        return !is_of_an_earlier_boot(boot);
    }
    if (sscanf(identity, "%ld.%llu.%36[0-9a-f-]%c", &pid, &starttime, boot, &end) == 3)
        return !is_of_an_earlier_boot(boot);
    return true;
}

/* ---- the beginning and the end -------------------------------------------------------------------------------------- */

void liveness_use(const char *wanted)
{
    if (strcmp(wanted, path) == 0)
        return;
    liveness_close();
    snprintf(path, sizeof path, "%s", wanted);
}

void liveness_close(void)
{
    if (file >= 0)
        close(file); /* with it go its locks */
    file = -1;
    *path = *own = *name = '\0';
}
