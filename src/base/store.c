/*
 * Key to text, in named tables of a SQLite file. Write-ahead log and busy timeout let a hundred short processes
 * share it; where SQLite says "locked" without having waited (while the log is switched on, or recovered), we wait.
 */
#include "store.h"

#include "clock.h"
#include "random.h"
#include "store_files.h"
#include "store_words.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA_VERSION 3 /* 1 had no durations, 2 nothing parked */
#define PATIENCE 10.0  /* seconds that a call waits for other processes */
#define IMPATIENCE 0.1 /* the same after one has waited in vain, until one succeeds: so that not every call waits */
#define CLEANING 1.0   /* seconds that a deletion waits to cut the log */
#define SHORTEST_PAUSE 0.002

static const char *const tables[] = {"registry", "journal", "cache", "durations", "parked", "metrics"};
static const char confidential[] = "registry"; /* the table with the settings of agents, passwords among them */
#define TABLES (sizeof tables / sizeof *tables)

static sqlite3 *database;
static char name[256]; /* of the file, for messages */
static double full_patience = PATIENCE, patience = PATIENCE;
static bool was_locked; /* the last failure's reason */

bool store_has_table(const char *table)
{
    for (size_t i = 0; i < TABLES; i++)
        if (strcmp(tables[i], table) == 0)
            return true;
    return false;
}

static bool refuse(struct fault *fault)
{
    was_locked = database && store_is_busy(sqlite3_extended_errcode(database));
    return store_refuse(database, name, full_patience, fault);
}

/* ---- waiting for other processes ------------------------------------------------------------------------------------ */

void store_patience(double seconds)
{
    full_patience = patience = seconds;
    if (database)
        sqlite3_busy_timeout(database, (int)(seconds * 1000));
}

bool store_was_locked(void)
{
    return was_locked;
}

static double deadline_from_now(void)
{
    return clock_now() + patience;
}

static void be_patient(double seconds)
{
    if (seconds != patience)
        sqlite3_busy_timeout(database, (int)(seconds * 1000));
    patience = seconds;
}

/* A call that has waited in vain makes the next ones impatient, until a write succeeds. */
static int ended(int code, bool is_write)
{
    if (store_is_busy(code))
        be_patient(IMPATIENCE < full_patience ? IMPATIENCE : full_patience);
    else if (is_write && (code == SQLITE_OK || code == SQLITE_DONE))
        be_patient(full_patience);
    return code;
}

/* Waits a little, each process another while; false when the time is over. */
static bool pause_until(double deadline)
{
    unsigned char chance = 0;
    double left = deadline - clock_now();

    if (left <= 0)
        return false;
    random_bytes(&chance, sizeof chance);
    double pause = SHORTEST_PAUSE + chance / 10000.0;
    clock_sleep(pause < left ? pause : left);
    return true;
}

/* Runs SQL that returns no rows. */
static bool execute(const char *sql, struct fault *fault)
{
    double deadline = deadline_from_now();
    int code;

    do
        code = sqlite3_exec(database, sql, NULL, NULL, NULL);
    while (store_is_busy(code) && pause_until(deadline));
    return ended(code, true) == SQLITE_OK || refuse(fault);
}

/* ---- statements ---------------------------------------------------------------------------------------------------- */

/* "... %s ..." with the name of a table that store_has_table knows. */
static sqlite3_stmt *prepare(const char *format, const char *table, struct fault *fault)
{
    char sql[160];
    sqlite3_stmt *statement = NULL;
    double deadline = deadline_from_now();
    int code;

    if (!database) {
        refuse(fault);
        return NULL;
    }
    if (!store_has_table(table)) {
        fault_set(fault, "the store has no table '%.40s'", table);
        return NULL;
    }
    snprintf(sql, sizeof sql, format, table);
    do
        code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    while (store_is_busy(code) && pause_until(deadline));
    if (ended(code, false) != SQLITE_OK)
        refuse(fault);
    return statement;
}

/* One step, waiting while others are in the way. */
static int step(sqlite3_stmt *statement)
{
    double deadline = deadline_from_now();
    int code = sqlite3_step(statement);

    while (store_is_busy(code) && pause_until(deadline)) {
        sqlite3_reset(statement);
        code = sqlite3_step(statement);
    }
    return ended(code, !sqlite3_stmt_readonly(statement));
}

/* The end of a statement: its failure is noted before it is gone. */
static bool finish(sqlite3_stmt *statement, bool ok, struct fault *fault)
{
    if (!ok)
        refuse(fault);
    sqlite3_finalize(statement);
    return ok;
}

static bool bind(sqlite3_stmt *statement, int index, const char *text, size_t length)
{
    return sqlite3_bind_text64(statement, index, text, length, SQLITE_STATIC, SQLITE_UTF8) == SQLITE_OK;
}

bool store_get(const char *table, const char *key, size_t key_length, struct buf *value, bool *found,
               struct fault *fault)
{
    sqlite3_stmt *statement = prepare("SELECT value FROM %s WHERE key = ?1", table, fault);

    *found = false;
    if (!statement)
        return false;
    int code = bind(statement, 1, key, key_length) ? step(statement) : SQLITE_ERROR;
    if (code == SQLITE_ROW) {
        *found = true;
        const void *text = sqlite3_column_text(statement, 0);
        buf_append(value, text ? text : "", (size_t)sqlite3_column_bytes(statement, 0));
    }
    bool ok = finish(statement, code == SQLITE_ROW || code == SQLITE_DONE, fault);
    return ok && (!value->failed || fault_set(fault, "not enough memory"));
}

bool store_put(const char *table, const char *key, size_t key_length, const char *value, size_t length,
               struct fault *fault)
{
    sqlite3_stmt *statement = prepare("INSERT INTO %s (key, value) VALUES (?1, ?2)"
                                      " ON CONFLICT (key) DO UPDATE SET value = excluded.value", table, fault);

    if (!statement)
        return false;
    bool ok = bind(statement, 1, key, key_length) && bind(statement, 2, value, length);
    return finish(statement, ok && step(statement) == SQLITE_DONE, fault);
}

bool store_replace(const char *table, const char *key, size_t key_length, const char *old, size_t old_length,
                   const char *value, size_t length, bool *replaced, struct fault *fault)
{
    sqlite3_stmt *statement = prepare("UPDATE %s SET value = ?3 WHERE key = ?1 AND value = ?2", table, fault);

    *replaced = false;
    if (!statement)
        return false;
    bool ok = bind(statement, 1, key, key_length) && bind(statement, 2, old, old_length) &&
              bind(statement, 3, value, length) && step(statement) == SQLITE_DONE;
    *replaced = ok && sqlite3_changes(database) > 0;
    return finish(statement, ok, fault);
}

/*
 * What was deleted is overwritten in the database (secure_delete), but the log keeps the pages as they were: it is brought
 * into the database and cut. Where others have it in use for longer than that, the next deletion does it.
 */
static void forget_deleted(void)
{
    sqlite3_busy_timeout(database, (int)((patience < CLEANING ? patience : CLEANING) * 1000));
    sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(database, (int)(patience * 1000));
}

bool store_delete(const char *table, const char *key, size_t key_length, struct fault *fault)
{
    sqlite3_stmt *statement = prepare("DELETE FROM %s WHERE key = ?1", table, fault);

    if (!statement)
        return false;
    bool ok = bind(statement, 1, key, key_length) && step(statement) == SQLITE_DONE;
    bool deleted = ok && sqlite3_changes(database) > 0;
    ok = finish(statement, ok, fault);
    if (deleted && strcmp(table, confidential) == 0)
        forget_deleted();
    return ok;
}

bool store_each(const char *table, bool (*row)(void *context, const char *key, size_t key_length, const char *value,
                                               size_t length),
                void *context, struct fault *fault)
{
    sqlite3_stmt *statement = prepare("SELECT key, value FROM %s ORDER BY key", table, fault);

    if (!statement)
        return false;
    int code = step(statement);
    while (code == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(statement, 0);
        const char *value = (const char *)sqlite3_column_text(statement, 1);
        size_t key_length = (size_t)sqlite3_column_bytes(statement, 0);
        size_t length = (size_t)sqlite3_column_bytes(statement, 1);
        bool more = row(context, key ? key : "", key_length, value ? value : "", length);
        code = more ? sqlite3_step(statement) : SQLITE_DONE;
    }
    return finish(statement, code == SQLITE_DONE, fault);
}

/* ---- opening -------------------------------------------------------------------------------------------------------- */

static bool schema_version(int *version, struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    double deadline = deadline_from_now();
    int code;

    do {
        sqlite3_finalize(statement);
        code = sqlite3_prepare_v2(database, "PRAGMA user_version", -1, &statement, NULL);
        code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    } while (store_is_busy(code) && pause_until(deadline));
    if (ended(code, false) == SQLITE_ROW)
        *version = sqlite3_column_int(statement, 0);
    return finish(statement, code == SQLITE_ROW, fault);
}

/* Several processes may find the file new; the tables are made once, by whoever locks it first. */
static bool make_schema(struct fault *fault)
{
    char sql[120];

    if (!execute("BEGIN IMMEDIATE", fault))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < TABLES; i++) {
        snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
                 tables[i]);
        ok = execute(sql, fault);
    }
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", SCHEMA_VERSION);
    if (ok && execute(sql, fault) && execute("COMMIT", fault))
        return true;
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static bool prepare_file(struct fault *fault)
{
    int version = 0;

    /* A switch to the log that others use already costs nothing. Not synced at every commit: what a crash of the
     * whole machine may lose is found again in CloudStack. No temporary files: store_files.c has none. */
    if (!schema_version(&version, fault))
        return false;
    if (version > SCHEMA_VERSION)
        return fault_set(fault, "store %s: its schema is version %d, this program knows %d", name, version,
                         SCHEMA_VERSION);
    if (!execute("PRAGMA journal_mode = WAL", fault) || !execute("PRAGMA synchronous = NORMAL", fault) ||
        !execute("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY", fault))
        return false;
    return version == SCHEMA_VERSION || make_schema(fault);
}

bool store_open(const char *path, struct fault *fault)
{
    struct fault why;

    store_close();
    snprintf(name, sizeof name, "%s", path);
    if (!store_files_open(path, true, &why))
        return fault_set(fault, "store %s", why.text);
    if (sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        refuse(fault);
        store_close();
        return false;
    }
    sqlite3_busy_timeout(database, (int)(patience * 1000));
    /* The last process would clean up under a lock, and another that opens the file just then would fail. */
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (prepare_file(fault))
        return true;
    store_close();
    return false;
}

/* "file:PATH?immutable=1": nothing is locked, no companion file is made. Others may write meanwhile, but for one look. */
static bool open_untouched(const char *path, struct fault *fault)
{
    char uri[4096];
    size_t at = (size_t)snprintf(uri, sizeof uri, "file:");

    for (; *path && at < sizeof uri - 20; path++)
        at += (size_t)snprintf(uri + at, sizeof uri - at, strchr("?#%", *path) ? "%%%02x" : "%c", (unsigned char)*path);
    snprintf(uri + at, sizeof uri - at, "?immutable=1");
    return sqlite3_open_v2(uri, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL) == SQLITE_OK
           || refuse(fault);
}

/* The text that quick_check returns for a sound file. */
static bool is_sound(struct fault *fault)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL);

    code = code == SQLITE_OK ? sqlite3_step(statement) : code;
    const char *text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool ok = text && strcmp(text, "ok") == 0;
    if (text && !ok)
        fault_set(fault, "store %s: %s", name, text);
    else if (!ok)
        refuse(fault);
    sqlite3_finalize(statement);
    return ok;
}

bool store_check(const char *path, bool *missing, struct fault *fault)
{
    struct fault why;
    int version = 0;

    store_close();
    snprintf(name, sizeof name, "%s", path);
    *missing = false;
    if (!store_files_are_usable(path, &why) || !store_files_open(path, false, &why)) {
        *missing = errno == ENOENT;
        return fault_set(fault, "store %s", why.text);
    }
    bool ok = open_untouched(path, fault) && is_sound(fault) && schema_version(&version, fault);
    store_close();
    if (ok && version > SCHEMA_VERSION)
        return fault_set(fault, "store %s: its schema is version %d, this program knows %d", name, version, SCHEMA_VERSION);
    return ok;
}

void store_close(void)
{
    sqlite3_close(database);
    database = NULL;
    store_files_close();
}
