/*
 * base/store.c on disks that fail (faulty_vfs.h): a life of a store, struck at its every operation by every fault, once and
 * for good. A call that said it went well has done so whatever came after; one that failed says which file and why.
 */
#include "../../src/base/store.h"

#include "../../src/base/clock.h"
#include "check.h"
#include "faulty_vfs.h"

#include <stdlib.h>
#include <sys/mman.h>

static char directory[] = "/tmp/store_faults.XXXXXX";
static char path[64];

/* ---- a life, and what it was told ------------------------------------------------------------------------------------ */

#define BIG 9000

static char big[BIG + 1];

/* Of a key: the value that was confirmed last, and the one that was asked for since. NULL: none. */
static const struct step {
    const char *table, *key, *old, *value;
} steps[] = {
    {"journal", "a", NULL, "1"},    {"journal", "b", NULL, "1"},  {"journal", "a", "1", "2"}, {"registry", "r", NULL, big},
    {"registry", "r", big, "small"}, {"journal", "b", "1", NULL}, {"journal", "c", NULL, big}, {"journal", "a", "2", NULL},
    {"cache", "k", NULL, big},      {"journal", "c", big, "3"},
};
#define STEPS ((int)(sizeof steps / sizeof *steps))

/* Shared with a child that dies. */
static struct diary {
    bool ok[STEPS];
    int begun, failures, badly_told;
    char bad_text[512];
} *diary;

/* What no operator should have to read. */
static const char *const raw[] = {"database is locked", "disk I/O error", "unable to open", "readonly database", "not an error"};

static void note_failure(const struct fault *fault)
{
    char head[80];
    int length = snprintf(head, sizeof head, "store %s: ", path);
    bool is_bad = strncmp(fault->text, head, (size_t)length) != 0 || strlen(fault->text) < (size_t)length + 8;

    diary->failures++;
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++)
        is_bad = is_bad || strstr(fault->text, raw[i]);
    if (is_bad) {
        diary->badly_told++;
        snprintf(diary->bad_text, sizeof diary->bad_text, "%s", fault->text);
    }
}

static bool do_step(const struct step *step, struct fault *fault)
{
    bool replaced = true;

    if (!step->value)
        return store_delete(step->table, step->key, 1, fault);
    if (!step->old || strcmp(step->table, "registry") != 0)
        return store_put(step->table, step->key, 1, step->value, strlen(step->value), fault);
    bool ok = store_replace(step->table, step->key, 1, step->old, strlen(step->old), step->value, strlen(step->value),
                            &replaced, fault);
    if (ok && !replaced)
        snprintf(fault->text, sizeof fault->text, "store %s: nothing to replace", path);
    return ok && replaced;
}

static bool glance(void *context, const char *key, size_t key_length, const char *value, size_t length)
{
    (void)key;
    (void)value;
    *(size_t *)context += key_length + length;
    return true;
}

static void live(void)
{
    struct fault fault = {""};
    struct buf value = buf_new(0);
    size_t seen = 0;
    bool found;

    memset(diary, 0, sizeof *diary);
    if (!store_open(path, &fault)) {
        note_failure(&fault);
        return;
    }
    for (int i = 0; i < STEPS; i++) {
        diary->begun = i + 1;
        fault.text[0] = '\0';
        diary->ok[i] = do_step(&steps[i], &fault);
        if (!diary->ok[i])
            note_failure(&fault);
    }
    buf_clear(&value);
    if (!store_get("journal", "c", 1, &value, &found, &fault))
        note_failure(&fault);
    if (!store_each("journal", glance, &seen, &fault))
        note_failure(&fault);
    buf_free(&value);
    store_close();
}

/* ---- what is there afterwards ---------------------------------------------------------------------------------------- */

static bool same(const char *one, const char *other)
{
    return one == other || (one && other && strcmp(one, other) == 0);
}

/* May the key have that value? It is the last confirmed one, or one that was asked for after that, in vain or in the dark. */
static bool may_be(const char *table, const char *key, const char *value)
{
    bool possible = value == NULL;

    for (int i = 0; i < diary->begun; i++) {
        if (strcmp(steps[i].table, table) != 0 || strcmp(steps[i].key, key) != 0)
            continue;
        bool is_it = same(steps[i].value, value);
        possible = diary->ok[i] ? is_it : possible || is_it;
    }
    return possible;
}

static void check_kept(const char *what, int nth, bool lasting)
{
    static const char *const keys[][2] = {{"journal", "a"}, {"journal", "b"}, {"journal", "c"}, {"registry", "r"}, {"cache", "k"}};
    struct fault fault = {""};
    struct buf value = buf_new(0);
    bool found, missing;

    faulty.nth = 0;
    bool opens = store_open(path, &fault);
    check(opens, "%s at %d%s: it opens afterwards: %s", what, nth, lasting ? " and on" : "", fault.text);
    for (size_t i = 0; opens && i < sizeof keys / sizeof *keys; i++) {
        buf_clear(&value);
        bool ok = store_get(keys[i][0], keys[i][1], 1, &value, &found, &fault);
        check(ok && may_be(keys[i][0], keys[i][1], found ? buf_string(&value) : NULL), "%s at %d%s: %s %s is '%.20s' %s", what,
              nth, lasting ? " and on" : "", keys[i][0], keys[i][1], found ? buf_string(&value) : "(none)", ok ? "" : fault.text);
    }
    check(!opens || store_put("journal", "z", 1, "z", 1, &fault), "%s at %d: it takes more: %s", what, nth, fault.text);
    store_close();
    check(store_check(path, &missing, &fault), "%s at %d: sound: %s", what, nth, fault.text);
    buf_free(&value);
}

static void clear(void)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    char name[80];

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    memset(faulty_count, 0, sizeof faulty_count);
    faulty_all = 0;
}

/* ---- faults ---------------------------------------------------------------------------------------------------------- */

static const struct fault_kind {
    const char *what;
    enum operation operation;
    enum way way;
    int code;
    const char *words; /* one of its messages has them; NULL: it may go unnoticed */
} kinds[] = {
    {"a full disk", OP_WRITE, FAILS, SQLITE_FULL, "the disk is full; make room"},
    {"half a write", OP_WRITE, HALF_DONE, SQLITE_FULL, "the disk is full; make room"},
    {"a failed write", OP_WRITE, FAILS, SQLITE_IOERR_WRITE, "it cannot be written to: "},
    {"a read-only disk", OP_WRITE, FAILS, SQLITE_READONLY, "must be the CPI's to write"},
    {"a failed read", OP_READ, FAILS, SQLITE_IOERR_READ, "it cannot be read: "},
    {"a short read", OP_READ, HALF_DONE, 0, NULL},
    {"wrong bytes", OP_READ, ALTERED, 0, NULL},
    {"a damaged page", OP_READ, FAILS, SQLITE_CORRUPT, "it is damaged"},
    {"a failed sync", OP_SYNC, FAILS, SQLITE_IOERR_FSYNC, "it cannot be brought to the disk: "},
    {"a failed truncation", OP_TRUNCATE, FAILS, SQLITE_IOERR_TRUNCATE, NULL},
    {"an unknown size", OP_SIZE, FAILS, SQLITE_IOERR_FSTAT, "it cannot be read: "},
    {"a file that does not open", OP_OPEN, FAILS, SQLITE_CANTOPEN, "cannot be opened: "},
    {"a lock that another has", OP_LOCK, FAILS, SQLITE_BUSY, "another process keeps it locked"},
    {"a lock that fails", OP_LOCK, FAILS, SQLITE_IOERR_LOCK, "it cannot be read: "},
    {"shared memory without room", OP_SHM_MAP, FAILS, SQLITE_IOERR_SHMSIZE, "it cannot be written to: "},
    {"no shared memory", OP_SHM_MAP, FAILS, SQLITE_IOERR_SHMMAP, "it cannot be read: "},
    {"a writer that never ends", OP_SHM_LOCK, FAILS, SQLITE_BUSY, "another process keeps it locked"},
    {"a companion that stays", OP_DELETE, FAILS, SQLITE_IOERR_DELETE, NULL},
    {"a directory that nobody may read", OP_ACCESS, FAILS, SQLITE_IOERR_ACCESS, "it cannot be read: "},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* One life with the fault at the nth operation of its kind; whether that was reached. */
static bool strike(const struct fault_kind *kind, int nth, bool lasting, bool *is_told)
{
    clear();
    faulty.operation = kind->operation;
    faulty.way = kind->way;
    faulty.code = kind->code;
    faulty.nth = nth;
    faulty.lasting = lasting;
    live();
    bool is_reached = faulty_count[kind->operation] >= nth;
    check(diary->badly_told == 0, "%s at %d: '%s'", kind->what, nth, diary->bad_text);
    *is_told = *is_told || diary->failures > 0;
    /* What was read wrong may have been written back: only the disk can mend that. */
    if (kind->way == ALTERED || kind->way == HALF_DONE)
        faulty.nth = 0;
    if (kind->way != ALTERED && !(kind->way == HALF_DONE && kind->operation == OP_READ))
        check_kept(kind->what, nth, lasting);
    return is_reached;
}

static int strike_everywhere(const struct fault_kind *kind)
{
    int lives = 0;
    bool is_told = false;

    for (int lasting = 0; lasting <= 1; lasting++)
        for (int nth = 1; strike(kind, nth, lasting, &is_told); nth++)
            lives++;
    check(lives > 0, "%s: it never came to that", kind->what);
    check(is_told || !kind->words, "%s: nobody said so", kind->what);
    return lives;
}

/* The words of a fault that stays: found in what one of the calls says. */
static void say(const struct fault_kind *kind)
{
    struct fault fault = {""};
    bool is_said = false;

    for (int nth = 1; nth < 60 && !is_said; nth++) {
        clear();
        faulty.operation = kind->operation;
        faulty.way = kind->way;
        faulty.code = kind->code;
        faulty.nth = nth;
        faulty.lasting = true;
        bool ok = store_open(path, &fault);
        for (int i = 0; ok && i < STEPS; i++)
            ok = do_step(&steps[i], &fault);
        is_said = !ok && strstr(fault.text, kind->words);
        store_close();
    }
    check(is_said, "%s: '%s', not '%s'", kind->what, fault.text, kind->words);
}

/* ---- a process that dies --------------------------------------------------------------------------------------------- */

static int die_everywhere(void)
{
    int lives = 0;
    bool is_over = false;

    for (int nth = 1; !is_over; nth++) {
        clear();
        faulty.way = DIES;
        faulty.nth = nth;
        faulty.lasting = false;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            live();
            _exit(1); /* it lived to its end */
        }
        int status = faulty_killed(child);
        is_over = !WIFSIGNALED(status);
        check(is_over ? WEXITSTATUS(status) == 1 : WTERMSIG(status) == SIGKILL, "a life ended with %d", status);
        check_kept("kill", nth, false);
        lives++;
    }
    return lives;
}

/* ---- waiting --------------------------------------------------------------------------------------------------------- */

/* Seconds of a write that is in vain. */
static double wait_in_vain(void)
{
    struct fault fault;
    double began = clock_now();

    check(!store_put("cache", "k", 1, "2", 1, &fault), "locked");
    char expected[160];
    snprintf(expected, sizeof expected, "store %s: another process keeps it locked, for longer than 0.3 s; fuser names it", path);
    check_text(expected, fault.text);
    return clock_now() - began;
}

/* Who has waited in vain does not wait as long at every call; who gets through is patient again. */
static void grows_impatient(void)
{
    struct fault fault;
    struct buf value = buf_new(0);
    bool found;
    sqlite3 *other;

    clear();
    faulty.nth = 0;
    store_patience(0.3);
    check(store_open(path, &fault) && store_put("cache", "k", 1, "1", 1, &fault), "%s", fault.text);
    check(sqlite3_open(path, &other) == SQLITE_OK && sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK,
          "another writer");
    check(wait_in_vain() >= 0.3, "it waits");
    double shortest = 1;
    for (int i = 0; i < 3; i++) {
        double waited = wait_in_vain();
        shortest = waited < shortest ? waited : shortest;
        check(store_get("cache", "k", 1, &value, &found, &fault) && found, "reading goes on: %s", fault.text);
    }
    check(shortest < 0.3, "not as long again, and a read makes nobody patient: %f", shortest);
    sqlite3_exec(other, "COMMIT", NULL, NULL, NULL);
    check(store_put("cache", "k", 1, "3", 1, &fault), "the other one is done: %s", fault.text);
    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    check(wait_in_vain() >= 0.3, "patient again");
    sqlite3_close(other);
    store_close();
    buf_free(&value);
}

int main(void)
{
    int lives = 0;

    diary = mmap(NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!mkdtemp(directory) || diary == MAP_FAILED)
        return 1;
    snprintf(path, sizeof path, "%s/store", directory);
    memset(big, 'x', BIG);
    faulty_register();
    store_patience(0);

    clear();
    live();
    check(diary->failures == 0 && diary->begun == STEPS, "a life without faults: %s", diary->bad_text);
    for (size_t i = 0; i < KINDS; i++) {
        lives += strike_everywhere(&kinds[i]);
        if (kinds[i].words)
            say(&kinds[i]);
    }
    int deaths = die_everywhere();
    printf("store faults: %zu kinds at every operation, %d lives; %d deaths\n", KINDS, lives, deaths);
    grows_impatient();
    clear();
    rmdir(directory);
    return check_report();
}
