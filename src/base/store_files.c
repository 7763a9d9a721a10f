/*
 * SQLite's own system calls for files, replaced. It opens by path, would follow what another user puts there, and a
 * journal that this user writes can name any file of the machine to it, to be opened and even removed.
 */
#include "store_files.h"

#include "private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const companions[] = {"", "-wal", "-shm", "-journal"};
#define COMPANIONS (sizeof companions / sizeof *companions)

/* What SQLite opens besides; where random bytes come from, and what plugs a closed standard descriptor. */
static const char *const devices[] = {"/dev/urandom", "/dev/null"};

static int directory = -1;
static char name[PRIVATE_NAME]; /* of the database in it */
static char path[PATH_MAX];
static char resolved[PATH_MAX]; /* the directory as SQLite calls it, which goes by the path without symlinks */
static struct fault refusal;

static const char *last_word(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

/* What the word adds to the database's name; NULL for another file. */
static const char *companion_of(const char *word)
{
    size_t length = strlen(name);

    if (directory < 0 || strncmp(word, name, length) != 0)
        return NULL;
    for (size_t i = 0; i < COMPANIONS; i++)
        if (strcmp(word + length, companions[i]) == 0)
            return companions[i];
    return NULL;
}

static int refuse(const char *file)
{
    fault_set(&refusal, "%s leads SQLite to another file, %s; put it aside, with its -wal, -shm and -journal", path, file);
    errno = EACCES;
    return -1;
}

static bool is_device(const char *file)
{
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (strcmp(file, devices[i]) == 0)
            return true;
    return false;
}

static bool is_directory(const char *file)
{
    size_t length = strlen(file);
    return strncmp(file, resolved, length) == 0 && (resolved[length] == '\0' || strcmp(resolved + length, "/") == 0);
}

/* In place of open(). */
static int open_for_sqlite(const char *file, int flags, int mode)
{
    const char *word = last_word(file), *companion = companion_of(word);
    char whole[PATH_MAX + 16];
    (void)mode; /* always for the owner alone */

    refusal.text[0] = '\0';
    if (!companion && is_device(file))
        return open(file, flags | O_CLOEXEC);
    if (!companion && is_directory(file))
        return openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!companion)
        return refuse(file);
    if (!*companion)
        snprintf(resolved, sizeof resolved, "%.*s", (int)(word - file), file);
    snprintf(whole, sizeof whole, "%s%s", path, companion);
    int fd = private_open_at(directory, word, (flags & O_CREAT) != 0, whole, &refusal);
    if (fd >= 0 || errno == ENOENT) /* SQLite looks for a journal that need not exist */
        refusal.text[0] = '\0';
    return fd;
}

/* In place of unlink(). */
static int unlink_for_sqlite(const char *file)
{
    const char *word = last_word(file);

    return companion_of(word) ? unlinkat(directory, word, 0) : refuse(file);
}

/* NULL gives SQLite its own calls back. */
static bool set_calls(sqlite3_syscall_ptr opens, sqlite3_syscall_ptr unlinks)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");

    return vfs && vfs->iVersion >= 3 && vfs->xSetSystemCall(vfs, "open", opens) == SQLITE_OK &&
           vfs->xSetSystemCall(vfs, "unlink", unlinks) == SQLITE_OK;
}

bool store_files_open(const char *file, bool make, struct fault *fault)
{
    store_files_close();
    if (!set_calls((sqlite3_syscall_ptr)open_for_sqlite, (sqlite3_syscall_ptr)unlink_for_sqlite)) {
        errno = ENOSYS;
        return fault_set(fault, "this SQLite opens its files by itself");
    }
    if (snprintf(path, sizeof path, "%s", file) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return fault_set(fault, "%s", strerror(errno));
    }
    directory = private_directory(file, name, fault);
    int fd = directory < 0 ? -1 : private_open_at(directory, name, make, file, fault);
    if (fd >= 0)
        return close(fd) == 0;
    int why = errno;
    store_files_close();
    errno = why;
    return false;
}

bool store_files_are_usable(const char *file, struct fault *fault)
{
    char base[PRIVATE_NAME], word[PRIVATE_NAME + 16], whole[PATH_MAX + 16];
    int there = private_directory(file, base, fault);
    bool ok = there >= 0;

    for (size_t i = 0; ok && i < COMPANIONS; i++) {
        snprintf(word, sizeof word, "%s%s", base, companions[i]);
        snprintf(whole, sizeof whole, "%s%s", file, companions[i]);
        ok = private_is_usable(there, word, whole, file, fault);
    }
    int why = errno;
    if (there >= 0)
        close(there);
    errno = why;
    return ok;
}

const char *store_files_refusal(void)
{
    return refusal.text;
}

void store_files_close(void)
{
    if (directory >= 0)
        close(directory);
    directory = -1;
    set_calls(NULL, NULL);
    resolved[0] = '\0';
    refusal.text[0] = '\0';
}
