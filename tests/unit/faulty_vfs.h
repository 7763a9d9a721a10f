/*
 * Disks that fail, below SQLite: the default VFS, where the nth operation of a kind (or each from there on) goes wrong as
 * `faulty` says. Also told: how often each kind was asked for. It never sleeps nor syncs, and it checkpoints every few pages.
 */
#ifndef FAULTY_VFS_H
#define FAULTY_VFS_H

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum operation { OP_OPEN, OP_READ, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_SIZE, OP_LOCK, OP_SHM_MAP, OP_SHM_LOCK, OP_DELETE, OP_ACCESS,
                 OPERATIONS };

enum way { FAILS, HALF_DONE, ALTERED, DIES };

static struct {
    enum operation operation;
    int nth;      /* from 1 on; 0: nothing fails */
    bool lasting; /* and all that follow */
    enum way way; /* DIES: the process does, at the nth operation of any kind */
    int code;     /* what SQLite is told */
} faulty;

static int faulty_count[OPERATIONS], faulty_all;
static sqlite3_vfs *faulty_below;
static sqlite3 *faulty_database;

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *below; /* it lies right behind */
};

/*
 * Waits for kill -9, which comes from outside, as in life (faulty_killed). A process that kills itself is searched for leaks
 * by valgrind, without its stack: what SQLite is just about to make would be lost.
 */
static void faulty_die(void) { raise(SIGSTOP); }

/* In the parent: kills the child where faulty_die stopped it, or lets it come to its end; its status. */
static int faulty_killed(pid_t child)
{
    int status = 0;

    waitpid(child, &status, WUNTRACED);
    if (WIFSTOPPED(status)) {
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    return status;
}

/* Counts the operation; whether it is the one to go wrong. */
static bool faulty_strikes(enum operation operation)
{
    int count = faulty.way == DIES ? ++faulty_all : faulty_count[operation] + 1;

    faulty_count[operation]++;
    if (faulty.nth == 0 || (faulty.way != DIES && operation != faulty.operation))
        return false;
    return count == faulty.nth || (faulty.lasting && count > faulty.nth);
}

static bool faulty_fails(enum operation operation)
{
    if (!faulty_strikes(operation))
        return false;
    if (faulty.way == DIES)
        faulty_die();
    return true;
}

static sqlite3_file *below(sqlite3_file *file) { return ((struct faulty_file *)file)->below; }

static int faulty_close(sqlite3_file *file) { return below(file)->pMethods->xClose(below(file)); }

static int faulty_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 at)
{
    bool fails = faulty_fails(OP_READ);

    if (fails && faulty.way == FAILS)
        return faulty.code;
    int code = below(file)->pMethods->xRead(below(file), bytes, count, at);
    if (fails && faulty.way == HALF_DONE) {
        memset((char *)bytes + count / 2, 0, (size_t)(count - count / 2));
        return SQLITE_IOERR_SHORT_READ;
    }
    if (fails)
        for (int i = 0; i < count; i += 7)
            ((unsigned char *)bytes)[i] ^= 0x5a;
    return code;
}

static int faulty_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 at)
{
    if (faulty_strikes(OP_WRITE)) {
        if (faulty.way == HALF_DONE || faulty.way == DIES)
            below(file)->pMethods->xWrite(below(file), bytes, count / 2, at);
        if (faulty.way == DIES)
            faulty_die();
        return faulty.code;
    }
    return below(file)->pMethods->xWrite(below(file), bytes, count, at);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return faulty_fails(OP_TRUNCATE) ? faulty.code : below(file)->pMethods->xTruncate(below(file), size);
}

/* The kernel has it, and no test pulls the plug. */
static int faulty_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return faulty_fails(OP_SYNC) ? faulty.code : SQLITE_OK;
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return faulty_fails(OP_SIZE) ? faulty.code : below(file)->pMethods->xFileSize(below(file), size);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return faulty_fails(OP_LOCK) ? faulty.code : below(file)->pMethods->xLock(below(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level) { return below(file)->pMethods->xUnlock(below(file), level); }

static int faulty_reserved(sqlite3_file *file, int *is_reserved)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), is_reserved);
}

/* SQLite lends its handle when it opens a database, and asks before it does a pragma. */
static int faulty_control(sqlite3_file *file, int what, void *argument)
{
    if (what == SQLITE_FCNTL_PDB)
        faulty_database = *(sqlite3 **)argument;
    if (what == SQLITE_FCNTL_PRAGMA && faulty_database)
        sqlite3_wal_autocheckpoint(faulty_database, 6);
    return below(file)->pMethods->xFileControl(below(file), what, argument);
}

static int faulty_sector(sqlite3_file *file) { return below(file)->pMethods->xSectorSize(below(file)); }

static int faulty_traits(sqlite3_file *file) { return below(file)->pMethods->xDeviceCharacteristics(below(file)); }

static int faulty_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **where)
{
    if (faulty_fails(OP_SHM_MAP))
        return faulty.code;
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, where);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    /* To give a lock back does not fail. */
    if (!(flags & SQLITE_SHM_UNLOCK) && faulty_fails(OP_SHM_LOCK))
        return faulty.code;
    return below(file)->pMethods->xShmLock(below(file), offset, count, flags);
}

static void faulty_barrier(sqlite3_file *file) { below(file)->pMethods->xShmBarrier(below(file)); }

static int faulty_shm_unmap(sqlite3_file *file, int remove)
{
    return below(file)->pMethods->xShmUnmap(below(file), remove);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2, .xClose = faulty_close, .xRead = faulty_read, .xWrite = faulty_write, .xTruncate = faulty_truncate,
    .xSync = faulty_sync, .xFileSize = faulty_size, .xLock = faulty_lock, .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_reserved, .xFileControl = faulty_control, .xSectorSize = faulty_sector,
    .xDeviceCharacteristics = faulty_traits, .xShmMap = faulty_shm_map, .xShmLock = faulty_shm_lock,
    .xShmBarrier = faulty_barrier, .xShmUnmap = faulty_shm_unmap,
};

static int faulty_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *given)
{
    struct faulty_file *own = (struct faulty_file *)file;

    (void)vfs;
    own->base.pMethods = NULL;
    if (faulty_fails(OP_OPEN))
        return faulty.code;
    own->below = (sqlite3_file *)(own + 1);
    int code = faulty_below->xOpen(faulty_below, path, own->below, flags, given);
    own->base.pMethods = own->below->pMethods ? &faulty_methods : NULL;
    return code;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    (void)sync;
    return faulty_fails(OP_DELETE) ? faulty.code : faulty_below->xDelete(faulty_below, path, 0);
}

static int faulty_access(sqlite3_vfs *vfs, const char *path, int flags, int *result)
{
    (void)vfs;
    return faulty_fails(OP_ACCESS) ? faulty.code : faulty_below->xAccess(faulty_below, path, flags, result);
}

static int faulty_path(sqlite3_vfs *vfs, const char *path, int size, char *full)
{
    (void)vfs;
    return faulty_below->xFullPathname(faulty_below, path, size, full);
}

static int faulty_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

/* Every file that SQLite opens from now on is on such a disk. */
static void faulty_register(void)
{
    static sqlite3_vfs vfs;

    faulty_below = sqlite3_vfs_find(NULL);
    vfs = *faulty_below;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file) + faulty_below->szOsFile;
    vfs.xOpen = faulty_open;
    vfs.xDelete = faulty_delete;
    vfs.xAccess = faulty_access;
    vfs.xFullPathname = faulty_path;
    vfs.xSleep = faulty_sleep;
    sqlite3_vfs_register(&vfs, 1);
}

#endif
