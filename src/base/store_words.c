/* What went wrong with the store, in words that say what to do. */
#include "store_words.h"

#include "store_files.h"

#include <errno.h>
#include <string.h>

/* SQLITE_PROTOCOL: it has tried for long to get at the log while another process was at it. */
bool store_is_busy(int code)
{
    return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}

/* What an I/O error was about. */
static const char *attempt_of(int code)
{
    switch (code) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMSIZE:
        return "written to";
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
        return "brought to the disk";
    default:
        return "read";
    }
}

/* The trouble with the open database, or with what opening it came to. */
bool store_refuse(sqlite3 *database, const char *name, double patience, struct fault *fault)
{
    int code = database ? sqlite3_extended_errcode(database) : SQLITE_OK;
    int reason = database ? sqlite3_system_errno(database) : 0;
    const char *why = reason ? strerror(reason) : "the disk reports an error";

    if (!database)
        return fault_set(fault, "store %s: it is not open", name);
    if (store_is_busy(code))
        return fault_set(fault, "store %s: another process keeps it locked, for longer than %g s; fuser names it", name,
                         patience);
    if ((code & 0xff) == SQLITE_FULL || ((code & 0xff) == SQLITE_IOERR && (reason == ENOSPC || reason == EDQUOT)))
        return fault_set(fault, "store %s: the disk is full; make room", name);
    switch (code & 0xff) {
    case SQLITE_READONLY:
        return fault_set(fault, "store %s: it cannot be written to; the file and its directory must be the CPI's to write",
                         name);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fault_set(fault, "store %s: it is damaged (%s); put it aside, with its -wal and -shm", name,
                         sqlite3_errmsg(database));
    case SQLITE_CANTOPEN:
        if (*store_files_refusal())
            return fault_set(fault, "store %s: %s", name, store_files_refusal()); /* its -wal, say */
        return fault_set(fault, "store %s: it, or its -wal or -shm, cannot be opened: %s", name, why);
    case SQLITE_IOERR:
        return fault_set(fault, "store %s: it cannot be %s: %s", name, attempt_of(code), why);
    default:
        return fault_set(fault, "store %s: %s", name, sqlite3_errmsg(database));
    }
}
