/* base/log.c: what is masked, and how a line looks. */
#include "../../src/base/log.h"

#include "../../src/base/jsontext.h"

#include "../../src/base/secret.h"

#include "check.h"

#include <ctype.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static void masks_to(const char *expected, const char *text)
{
    size_t length;
    const char *got = log_mask(text, strlen(text), &length);

    check_text(expected, got);
    check(length == strlen(got), "length");
}

static void masks_what_is_registered(void)
{
    log_secret("hunter2", 7);
    log_secret("abc", 3);
    log_secret("p/w d\"x", 7);
    log_secret("first line of it\nshort\r\n-----BEGIN THING-----\nthird line of it\n", 64);
    masks_to("the <redacted> is", "the hunter2 is");
    masks_to("<redacted>", "hunter2hunter2");
    masks_to("abc", "abc");
    masks_to("x=<redacted>", "x=p%2Fw%20d%22x");
    masks_to("x=\"<redacted>\"", "x=\"p/w d\\\"x\"");
    masks_to("[<redacted>] [<redacted>] short", "[first line of it] [third line of it] short");
    masks_to("-----BEGIN THING-----", "-----BEGIN THING-----");
    masks_to("", "");
    check(log_secret("hunter2", 7), "twice is no matter");
}

static void masks_by_form(void)
{
    masks_to("/client/api?command=x&signature=<redacted>&b=1", "/client/api?command=x&signature=aB%2Bc%3D&b=1");
    masks_to("apiKey=<redacted> secretkey=<redacted>", "apiKey=AKIA secretkey=s3");
    masks_to("SIGNATURE=<redacted>", "SIGNATURE=x");
    masks_to("{\"secretkey\" : \"<redacted>\",\"apikey\":\"<redacted>\"}", "{\"secretkey\" : \"abc\",\"apikey\":\"def\"}");
    masks_to("\"{\\\"secretkey\\\":\\\"<redacted>\\\"}\"", "\"{\\\"secretkey\\\":\\\"abc\\\"}\"");
    masks_to("\"apikey\":null,\"secretkey\":5", "\"apikey\":null,\"secretkey\":5");
    masks_to("the signature is wrong; cloudstack.secret_access_key: is missing",
             "the signature is wrong; cloudstack.secret_access_key: is missing");
    masks_to("apikey", "apikey");
    masks_to("apikey=", "apikey=");
    masks_to("https://<redacted>@host:80/p?a=b@c and nats://host/", "https://user:pa:ss@host:80/p?a=b@c and nats://host/");
    masks_to("http://host/x@y", "http://host/x@y");
    masks_to("a <redacted> b", "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nxyz=\n-----END RSA PRIVATE KEY----- b");
    masks_to("a <redacted>", "a -----BEGIN PRIVATE KEY-----\\nMIIE");
    masks_to("-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
             "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----");
    masks_to("-----BEGIN CERTIFICATE-----\nM\n-----END CERTIFICATE-----<redacted>",
             "-----BEGIN CERTIFICATE-----\nM\n-----END CERTIFICATE-----"
             "-----BEGIN EC PRIVATE KEY-----\nM\n-----END EC PRIVATE KEY-----");
}

static void masks_the_secret_key(void)
{
    size_t length;

    check(secret_get(&length) == NULL && length == 0, "none at first");
    secret_keep("the-secret-key", 14);
    const char *secret = secret_get(&length);
    check(secret && length == 14, "kept");
    masks_to("<redacted>!", "the-secret-key!");
    secret_forget();
    check(secret_get(&length) == NULL, "forgotten");
}

/* Runs f with stderr in a file, and answers what it wrote. */
static char *stderr_of(void (*f)(void))
{
    static char text[65536];
    char path[] = "/tmp/log_test.XXXXXX";
    int fd = mkstemp(path), kept = dup(STDERR_FILENO);

    dup2(fd, STDERR_FILENO);
    f();
    dup2(kept, STDERR_FILENO);
    lseek(fd, 0, SEEK_SET);
    ssize_t length = read(fd, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    close(fd);
    close(kept);
    unlink(path);
    return text;
}

/* The lines without their times, each of which is one: "2026-01-31T23:59:59.123Z ". */
static char *without_times(char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    char *out = text;

    for (char *line = text; *line;) {
        bool is_time = strlen(line) > sizeof form - 1;
        for (size_t i = 0; is_time && form[i]; i++)
            is_time = form[i] == 'd' ? isdigit((unsigned char)line[i]) != 0 : line[i] == form[i];
        check(is_time, "a line begins with a time: %s", line);
        line += is_time ? sizeof form - 1 : 0;
        char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) + 1 : strlen(line);
        memmove(out, line, length);
        out += length;
        line += length;
    }
    *out = '\0';
    return text;
}

static void write_some(void)
{
    log_line(LOG_INFO, "plain %d", 1);
    log_context("cpi-123", "some_verb");
    log_line(LOG_DEBUG, "not seen");
    log_write(LOG_WARN, "a\nb\t\x1b[1m\x7f\xff\xc3\xa4", 12);
    log_context("bad id\n\x01", "");
    log_lines(LOG_ERROR, "one\ntwo\nhunter2\n", 16);
    log_threshold(LOG_ERROR);
    log_line(LOG_WARN, "not seen");
    log_threshold(LOG_INFO);
}

static void write_a_key(void)
{
    const char *key = "why\n-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nQ==\n-----END PRIVATE KEY-----\nend";

    log_context(NULL, NULL);
    log_lines(LOG_ERROR, key, strlen(key));
}

static void write_much(void)
{
    static char much[20000];

    memset(much, 'x', sizeof much);
    memcpy(much + 8170, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 16);
    log_write(LOG_INFO, much, sizeof much);
}

static void writes_lines(void)
{
    check_text("INFO plain 1\n"
               "WARN cpi-123 some_verb a\\nb\\t\\x1b[1m\\x7f\\xff\xc3\xa4\n"
               "ERROR badid one\nERROR badid two\nERROR badid <redacted>\n", without_times(stderr_of(write_some)));
    check_text("ERROR why\nERROR <redacted>\nERROR end\n", without_times(stderr_of(write_a_key)));
    char *line = stderr_of(write_much);
    check(strlen(line) <= 8192 && strlen(line) > 8180, "a long line is cut: %zu", strlen(line));
    check(strcmp(line + strlen(line) - 4, "...\n") == 0, "and says so");
}

static void write_json(void)
{
    log_context("cpi-1", "some_verb");
    log_as_json(true);
    log_line(LOG_WARN, "a \"b\" \\ hunter2\n");
    log_context(NULL, NULL);
    log_line(LOG_INFO, "c");
    log_as_json(false);
}

static void write_much_json(void)
{
    static char much[20000];

    memset(much, '\\', sizeof much);
    log_as_json(true);
    log_write(LOG_INFO, much, sizeof much);
    log_as_json(false);
}

static void writes_json(void)
{
    char *text = stderr_of(write_json), *first = strchr(text, ',');
    struct fault fault;

    check(strncmp(text, "{\"time\":\"20", 11) == 0 && first, "%s", text);
    char *second = strstr(first, "{\"time\"");
    check(second != NULL, "a second line");
    static const char wanted[] = ",\"level\":\"warn\",\"request_id\":\"cpi-1\",\"verb\":\"some_verb\",\"message\":"
                                 "\"a \\\"b\\\" \\\\ <redacted>\\\\n\"}\n";
    check(strncmp(first, wanted, sizeof wanted - 1) == 0, "%s", first);
    check_text(",\"level\":\"info\",\"message\":\"c\"}\n", strchr(second, ','));
    text = stderr_of(write_much_json);
    check(strlen(text) <= 8192 && strlen(text) > 8000, "a long line is cut: %zu", strlen(text));
    check(jsontext_check(text, strlen(text), &fault), "and stays JSON: %s", fault.text);
}

static void knows_levels(void)
{
    enum log_level level;

    check(log_level_named("WARN", &level) && level == LOG_WARN, "warn");
    check(log_level_named("debug", &level) && level == LOG_DEBUG, "debug");
    check(!log_level_named("loud", &level), "loud");
}

int main(void)
{
    masks_what_is_registered();
    masks_by_form();
    masks_the_secret_key();
    writes_lines();
    writes_json();
    knows_levels();
    log_forget();
    masks_to("hunter2", "hunter2");
    log_forget();
    return check_report();
}
