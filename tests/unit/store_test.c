/* base/store.c: keys, tables, versions, modes, and many processes at once. */
#include "../../src/base/store.h"

#include "check.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/store_test.XXXXXX";
static char path[64];

static void reads_and_writes(void)
{
    struct fault fault = {""};
    struct buf value = buf_new(0);
    bool found;

    check(store_open(path, &fault), "opens: %s", fault.text);
    check(store_get("registry", "k", 1, &value, &found, &fault) && !found, "nothing at first");
    check(store_put("registry", "k", 1, "v1", 2, &fault) && store_put("registry", "k", 1, "v2", 2, &fault), "puts");
    check(store_get("registry", "k", 1, &value, &found, &fault) && found, "gets");
    check_text("v2", buf_string(&value));
    buf_clear(&value);
    check(store_get("journal", "k", 1, &value, &found, &fault) && !found, "tables are apart");
    check(store_put("cache", "a\0b", 3, "x\0y", 3, &fault), "bytes");
    check(store_get("cache", "a\0b", 3, &value, &found, &fault) && found && value.length == 3, "come back");
    bool replaced;
    buf_clear(&value);
    check(store_replace("registry", "k", 1, "v1", 2, "v3", 2, &replaced, &fault) && !replaced, "not what is there");
    check(store_replace("registry", "k", 1, "v2", 2, "v3", 2, &replaced, &fault) && replaced, "what is there");
    check(store_replace("registry", "x", 1, "v2", 2, "v3", 2, &replaced, &fault) && !replaced, "nothing there");
    check(store_get("registry", "k", 1, &value, &found, &fault) && found, "gets");
    check_text("v3", buf_string(&value));
    buf_clear(&value);
    check(store_delete("registry", "k", 1, &fault) && store_delete("registry", "k", 1, &fault), "deletes, twice");
    check(store_get("registry", "k", 1, &value, &found, &fault) && !found, "is gone");
    check(!store_get("sqlite_master", "k", 1, &value, &found, &fault), "no other table");
    check_text("the store has no table 'sqlite_master'", fault.text);
    buf_free(&value);
}

static bool join(void *context, const char *key, size_t key_length, const char *value, size_t length)
{
    (void)key_length;
    (void)length;
    buf_format(context, "%s=%s;", key, value);
    return true;
}

static void lists_in_order(void)
{
    struct fault fault;
    struct buf rows = buf_new(0);

    store_put("journal", "b", 1, "2", 1, &fault);
    store_put("journal", "a", 1, "1", 1, &fault);
    store_put("journal", "B", 1, "3", 1, &fault);
    check(store_each("journal", join, &rows, &fault), "rows");
    check_text("B=3;a=1;b=2;", buf_string(&rows));
    buf_free(&rows);
}

static void belongs_to_its_owner(void)
{
    struct stat status;
    char companion[80];

    check(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600, "mode %o", status.st_mode & 0777);
    snprintf(companion, sizeof companion, "%s-wal", path);
    check(stat(companion, &status) == 0 && (status.st_mode & 0777) == 0600, "mode of the log");
}

static void keeps_between_processes(void)
{
    struct fault fault;
    struct buf value = buf_new(0);
    bool found;

    store_put("journal", "kept", 4, "yes", 3, &fault);
    store_close();
    check(!store_get("journal", "kept", 4, &value, &found, &fault), "closed is closed");
    check(strstr(fault.text, "not open") != NULL, "%s", fault.text);
    check(store_open(path, &fault) && store_get("journal", "kept", 4, &value, &found, &fault) && found, "is there");
    buf_free(&value);
    store_close();
}

static void says_what_is_wrong(void)
{
    struct fault fault;
    char other[80];

    check(!store_open("/nonexistent/directory/store", &fault), "no directory");
    check_text("store /nonexistent/directory/store: No such file or directory", fault.text);
    check(!store_open(directory, &fault), "a directory");
    snprintf(other, sizeof other, "%s/garbage", directory);
    FILE *file = fopen(other, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    check(!store_open(other, &fault) && strstr(fault.text, "not a database"), "garbage: %s", fault.text);
    check(!store_open("/dev/null", &fault), "a device");
}

static void refuses_a_newer_schema(void)
{
    struct fault fault;
    char other[80];
    sqlite3 *database;

    snprintf(other, sizeof other, "%s/newer", directory);
    sqlite3_open(other, &database);
    sqlite3_exec(database, "PRAGMA user_version = 4", NULL, NULL, NULL);
    sqlite3_close(database);
    check(!store_open(other, &fault) && strstr(fault.text, "schema is version 4, this program knows 3"), "%s", fault.text);
}

/* A file of the release before has its rows, and gets the tables that it lacks. */
static void extends_an_older_schema(void)
{
    struct fault fault;
    struct buf value = buf_new(0);
    char other[80];
    sqlite3 *database;
    bool found;

    snprintf(other, sizeof other, "%s/older", directory);
    sqlite3_open(other, &database);
    sqlite3_exec(database, "CREATE TABLE journal (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
                           "INSERT INTO journal VALUES ('k', 'v'); PRAGMA user_version = 1", NULL, NULL, NULL);
    sqlite3_close(database);
    check(store_open(other, &fault), "opens: %s", fault.text);
    check(store_get("journal", "k", 1, &value, &found, &fault) && found, "its row");
    check(store_put("durations", "k", 1, "v", 1, &fault), "a table that it lacked: %s", fault.text);
    check(store_put("parked", "k", 1, "v", 1, &fault), "another: %s", fault.text);
    buf_free(&value);
    store_close();
    check(store_open(other, &fault), "opens again: %s", fault.text);
}

/* Whether the text is anywhere in a file. */
static bool holds(const char *file, const char *text)
{
    static char bytes[1 << 20];
    FILE *stream = fopen(file, "r");
    size_t length = stream ? fread(bytes, 1, sizeof bytes, stream) : 0, size = strlen(text);
    bool found = false;

    if (stream)
        fclose(stream);
    for (size_t at = 0; !found && at + size <= length; at++)
        found = memcmp(bytes + at, text, size) == 0;
    return found;
}

/* A VM's settings are nowhere once they are deleted: neither in the database nor in its log; what was not deleted is. */
static void forgets_what_is_deleted(void)
{
    static const char secret[] = "password-of-an-agent", other_secret[] = "password-of-another";
    char file[80], log[96];
    struct fault fault = {""};

    snprintf(file, sizeof file, "%s/forgets", directory);
    snprintf(log, sizeof log, "%s-wal", file);
    check(store_open(file, &fault) && store_put("registry", "vm", 2, secret, strlen(secret), &fault), "%s", fault.text);
    check(store_put("registry", "other", 5, other_secret, strlen(other_secret), &fault), "%s", fault.text);
    check(holds(log, secret) && holds(log, other_secret), "both are in the log");
    check(store_delete("registry", "vm", 2, &fault), "%s", fault.text);
    check(!holds(log, secret) && !holds(file, secret), "what was deleted is nowhere");
    check(holds(file, other_secret), "the other is where it was");
    store_close();
}

static size_t put_number(unsigned char *at, unsigned long number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(number >> (24 - 8 * i));
    return 4;
}

/* A journal of a transaction over several databases that was cut off: it names the journal above it, which SQLite opens and
 * in the end removes. */
static void write_journal(const char *journal, const char *above)
{
    static const unsigned char magic[] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7};
    unsigned char bytes[1024] = {0};
    size_t length = strlen(above), at = 512;
    unsigned long sum = 0;
    FILE *file = fopen(journal, "w");

    memcpy(bytes, magic, sizeof magic);
    put_number(bytes + 16, 4);    /* pages of the database */
    put_number(bytes + 20, 512);  /* bytes of a sector */
    put_number(bytes + 24, 4096); /* and of a page */
    at += put_number(bytes + at, 0x40000000 / 4096 + 1);
    memcpy(bytes + at, above, length);
    for (size_t i = 0; i < length; i++)
        sum += bytes[at + i];
    at += length;
    at += put_number(bytes + at, length);
    at += put_number(bytes + at, sum);
    memcpy(bytes + at, magic, sizeof magic);
    fwrite(bytes, 1, at + sizeof magic, file);
    fclose(file);
}

/* What another user writes beside the store leads to no file elsewhere. */
static void is_not_led_away(void)
{
    char file[80], journal[96], victim[80];
    struct fault fault = {""};

    snprintf(file, sizeof file, "%s/led", directory);
    snprintf(journal, sizeof journal, "%s-journal", file);
    snprintf(victim, sizeof victim, "%s/victim", directory);
    check(store_open(file, &fault), "%s", fault.text);
    store_close();
    FILE *precious = fopen(victim, "w");
    fputs("precious", precious);
    fclose(precious);
    write_journal(journal, victim);
    check(!store_open(file, &fault), "it does not open");
    check(strstr(fault.text, file) && strstr(fault.text, "leads SQLite to another file") && strstr(fault.text, victim) &&
          strstr(fault.text, "put it aside"), "told: %s", fault.text);
    check(access(victim, F_OK) == 0, "what it named is there");
    unlink(victim);
    unlink(journal);
}

#define WRITERS 20
#define ROUNDS 25

static int write_rounds(const char *file, int writer)
{
    struct fault fault;

    for (int round = 0; round < ROUNDS; round++) {
        char key[32];
        int length = snprintf(key, sizeof key, "%02d.%02d", writer, round);
        bool ok = store_open(file, &fault) && store_put("registry", "gone", 4, key, (size_t)length, &fault) &&
                  store_delete("registry", "gone", 4, &fault) &&
                  store_put("registry", key, (size_t)length, key, (size_t)length, &fault) &&
                  store_put("journal", key, (size_t)length, "x", 1, &fault) &&
                  store_delete("journal", key, (size_t)length, &fault);
        store_close();
        if (!ok) {
            printf("writer %d: %s\n", writer, fault.text);
            return 1;
        }
    }
    return 0;
}

static bool count(void *context, const char *key, size_t key_length, const char *value, size_t length)
{
    (void)key;
    (void)value;
    *(size_t *)context += key_length == 5 && length == 5;
    return true;
}

/* All of them find the file absent, and open it again for each write, as processes of the CPI do. */
static void serves_many_writers(void)
{
    char other[80];
    struct fault fault;
    size_t rows = 0;
    int failures = 0, status;

    snprintf(other, sizeof other, "%s/many", directory);
    fflush(stdout);
    for (int writer = 0; writer < WRITERS; writer++)
        if (fork() == 0) {
            int code = write_rounds(other, writer);
            fflush(stdout);
            _exit(code);
        }
    while (wait(&status) > 0)
        failures += status != 0;
    check(failures == 0, "%d writers failed", failures);
    check(store_open(other, &fault) && store_each("registry", count, &rows, &fault), "%s", fault.text);
    check(rows == WRITERS * ROUNDS, "%zu rows", rows);
    rows = 0;
    check(store_each("journal", count, &rows, &fault) && rows == 0, "%zu left", rows);
    store_close();
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    snprintf(path, sizeof path, "%s/store", directory);
    reads_and_writes();
    lists_in_order();
    belongs_to_its_owner();
    keeps_between_processes();
    says_what_is_wrong();
    refuses_a_newer_schema();
    extends_an_older_schema();
    forgets_what_is_deleted();
    is_not_led_away();
    serves_many_writers();
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", directory);
    check(system(command) == 0, "cleans up");
    return check_report();
}
