/* base/http.c, transfer.c and http_upload.c: against servers that live in a child process and misbehave in one way each. */
#include "../../src/base/http.h"
#include "../../src/base/http_settings.h"
#include "../../src/base/http_upload.h"

#include "../../src/base/clock.h"

#include "check.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char url[128];

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        exit(1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/client/api", ntohs(address.sin_port));
    return fd;
}

/* Starts a server: `serve` gets each connection, with its number. `url` is where it is. */
static pid_t start(void (*serve)(int connection, int number))
{
    int fd = listen_somewhere();

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0); /* with those that serve a connection for ever, it goes as one */
        signal(SIGPIPE, SIG_IGN);
        for (int number = 1;; number++) {
            int connection = accept(fd, NULL, NULL);
            if (fork() == 0) {
                close(fd); /* else the port stays open as long as this one lives */
                serve(connection, number);
                close(connection);
                _exit(0);
            }
            close(connection);
            while (waitpid(-1, NULL, WNOHANG) > 0)
                ;
        }
    }
    close(fd);
    setpgid(child, child);
    return child;
}

static void stop(pid_t child)
{
    kill(-child, SIGTERM);
    waitpid(child, NULL, 0);
}

/* Reads one request with its body into text; its length, 0 at the end. */
static size_t read_request(int connection, char *text, size_t size)
{
    size_t length = 0;

    for (;;) {
        ssize_t got = read(connection, text + length, size - 1 - length);
        if (got <= 0)
            return 0;
        length += (size_t)got;
        text[length] = '\0';
        char *end = strstr(text, "\r\n\r\n"), *header = strstr(text, "Content-Length: ");
        if (end && header && length >= (size_t)(end + 4 - text) + strtoul(header + 16, NULL, 10))
            return length;
    }
}

static void answer(int connection, const char *status, const char *body)
{
    dprintf(connection, "HTTP/1.1 %s\r\nContent-Type: text/x; charset=y\r\ndate:\t Thu, 01 Jan 2026 00:00:00 GMT \r\nContent-Length: %zu\r\n\r\n%s", status,
            strlen(body), body);
}

static struct http_reply post_with(const char *form, double timeout)
{
    struct http_post post = {.url = url, .form = form, .length = strlen(form), .timeout = timeout};
    struct fault fault;

    check(http_send(&post, 1, &fault), "%s", fault.text);
    return post.reply;
}

static struct http_reply post(void)
{
    return post_with("a=1&b=2", 5);
}

static void expect_fault(struct http_reply reply, const char *fault, bool sent, const char *what)
{
    check(reply.fault && strcmp(reply.fault, fault) == 0, "%s: expected %s, got %s (%s)", what, fault,
          reply.fault ? reply.fault : "an answer", reply.text);
    check(reply.sent == sent, "%s: sent is %d", what, reply.sent);
    check(!reply.fault || reply.text[0], "%s: has words", what);
    buf_free(&reply.body);
}

/* ---- servers ------------------------------------------------------------------------------------------------- */

/* Tells the request, and on which connection and as which of it it came. */
static void echo(int connection, int number)
{
    static char text[100000];

    for (int nth = 1; read_request(connection, text, sizeof text) > 0; nth++) {
        char body[2000];
        snprintf(body, sizeof body, "%d.%d %.1900s", number, nth, text);
        answer(connection, "431 Whatever", body);
    }
}

static void redirect(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    dprintf(connection, "HTTP/1.1 302 Found\r\nLocation: %s/elsewhere\r\nContent-Length: 0\r\n\r\n", url);
}

static void close_at_once(int connection, int number)
{
    (void)connection;
    (void)number;
}

static void close_after_request(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
}

static void half_reply(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    dprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"half\":");
}

static void never_answer(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    sleep(60);
}

static void oversize(int connection, int number)
{
    char text[5000], block[1000];

    (void)number;
    read_request(connection, text, sizeof text);
    memset(block, 'x', sizeof block);
    dprintf(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (write(connection, block, sizeof block) > 0)
        ;
}

/* A byte now and then, for ever. */
static void drip(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    dprintf(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (write(connection, "x", 1) == 1)
        usleep(20000);
}

/* Says that it is compressed, though nobody asked for that. */
static void compressed(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    dprintf(connection, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08!");
}

static void no_http(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    dprintf(connection, "SSH-2.0-OpenSSH\r\n");
}

/* Answers once and closes when the next request comes in; counts what it got in a file of its own. */
static char tally[] = "/tmp/http_test.XXXXXX";
static void drop_the_second(int connection, int number)
{
    char text[5000];
    FILE *file;

    (void)number;
    for (int nth = 1; read_request(connection, text, sizeof text) > 0; nth++) {
        file = fopen(tally, "a");
        fputs("x", file);
        fclose(file);
        if (nth == 2)
            return;
        answer(connection, "200 OK", "first");
    }
}

static void slow(int connection, int number)
{
    char text[5000];

    (void)number;
    read_request(connection, text, sizeof text);
    usleep(300000);
    answer(connection, "200 OK", "slow");
}

/* ---- tests ---------------------------------------------------------------------------------------------------- */

static void sends_a_form(void)
{
    pid_t server = start(echo);
    struct http_reply reply = post();

    check(!reply.fault && reply.status == 431 && reply.sent, "an answer of any status: %s", reply.text);
    check_text("text/x; charset=y", reply.type);
    const char *body = buf_string(&reply.body);
    check(strncmp(body, "1.1 POST /client/api HTTP/1.1\r\n", 31) == 0, "%s", body);
    check(strstr(body, "Content-Type: application/x-www-form-urlencoded\r\n") != NULL, "%s", body);
    check(strstr(body, "Expect") == NULL && strstr(body, "Accept-Encoding") == NULL, "%s", body);
    check(strstr(body, "\r\n\r\na=1&b=2") != NULL, "%s", body);
    check(reply.seconds > 0 && reply.seconds < 5, "%f s", reply.seconds);
    check_text("Thu, 01 Jan 2026 00:00:00 GMT", reply.date);
    buf_free(&reply.body);
    reply = post();
    check(strncmp(buf_string(&reply.body), "1.2 ", 4) == 0, "the connection is kept: %.20s", buf_string(&reply.body));
    buf_free(&reply.body);
    stop(server);
}

static void sends_together(void)
{
    pid_t server = start(slow);
    struct http_post posts[8];
    struct fault fault;

    memset(posts, 0, sizeof posts);
    for (int i = 0; i < 8; i++)
        posts[i] = (struct http_post){.url = i == 3 ? "http://127.0.0.1:1/" : url, .form = "a=1", .length = 3};
    double before = clock_now();
    check(http_send(posts, 8, &fault), "%s", fault.text);
    double took = clock_now() - before;
    for (int i = 0; i < 8; i++) {
        if (i == 3)
            check(posts[i].reply.fault && !posts[i].reply.sent, "the one that fails, fails alone");
        else
            check(!posts[i].reply.fault && posts[i].reply.status == 200, "%d: %s", i, posts[i].reply.text);
        buf_free(&posts[i].reply.body);
    }
    check(took < 1.5, "eight of 0.3 s take %f s", took);
    check(http_send(posts, 0, &fault), "none");
    stop(server);
}

static void follows_no_redirect(void)
{
    pid_t server = start(redirect);
    struct http_reply reply = post();

    check(!reply.fault && reply.status == 302, "%ld %s", reply.status, reply.text);
    buf_free(&reply.body);
    stop(server);
}

/* A bomb stays as small as it came. */
static void unpacks_nothing(void)
{
    pid_t server = start(compressed);
    struct http_reply reply = post();

    check(!reply.fault && reply.status == 200 && reply.body.length == 4, "%s, %zu bytes", reply.text, reply.body.length);
    buf_free(&reply.body);
    stop(server);
}

static void tells_faults_apart(void)
{
    static const struct {
        void (*serve)(int, int);
        const char *fault;
        bool sent;
        const char *what;
    } cases[] = {
        {close_after_request, "closed", true, "closed after the request"},
        {half_reply, "closed", true, "half a reply"},
        {never_answer, "timeout", true, "no answer"},
        {oversize, "toolarge", true, "too large an answer"},
        {drip, "timeout", true, "an answer of single bytes"},
        {no_http, "other", true, "no HTTP"},
    };
    struct http_settings settings = {.verify = true, .connect_timeout = 1, .request_timeout = 10, .max_body = 100000};

    http_configure(&settings);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pid_t server = start(cases[i].serve);
        expect_fault(post_with("a=1", 0.5), cases[i].fault, cases[i].sent, cases[i].what);
        stop(server);
    }
    /* Closed at once: whether the request was written before that was noticed is chance. */
    pid_t server = start(close_at_once);
    struct http_reply reply = post();
    check(reply.fault && strcmp(reply.fault, "closed") == 0, "%s", reply.text);
    stop(server);
    expect_fault(post(), "connect", false, "refused");
    snprintf(url, sizeof url, "http://no-such-host.invalid/");
    expect_fault(post(), "resolve", false, "no such host");
    snprintf(url, sizeof url, "file:///etc/passwd");
    expect_fault(post(), "other", false, "no http");
}

/* A server whose queue is full lets nobody in. */
static void gives_up_connecting(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = listen_somewhere(), waiting[4];

    listen(fd, 0);
    address.sin_port = htons((uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10));
    for (int i = 0; i < 4; i++) {
        waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(waiting[i], (struct sockaddr *)&address, sizeof address);
    }
    struct http_settings settings = {.verify = true, .connect_timeout = 0.3, .request_timeout = 10, .max_body = 1000};
    http_configure(&settings);
    double before = clock_now();
    expect_fault(post_with("a=1", 5), "timeout", false, "connecting");
    check(clock_now() - before < 3, "by the time to connect");
    for (int i = 0; i < 4; i++)
        close(waiting[i]);
    close(fd);
}

static void needs_tls_where_it_says_so(void)
{
    pid_t server = start(echo);

    memmove(url + 5, url + 4, strlen(url + 4) + 1);
    url[4] = 's';
    struct http_reply reply = post_with("secret=1", 2);
    check(reply.fault && !reply.sent, "TLS to a server without: %s %s", reply.fault ? reply.fault : "-", reply.text);
    buf_free(&reply.body);
    stop(server);
}

/* A kept connection that dies under the second request: libcurl would send it again on a new one. */
static void never_sends_twice(void)
{
    int fd = mkstemp(tally);
    pid_t server = start(drop_the_second);

    struct http_reply reply = post();
    check(!reply.fault && reply.status == 200, "the first: %s", reply.text);
    buf_free(&reply.body);
    reply = post();
    check_text("the server closed the connection without an answer", reply.text);
    expect_fault(reply, "closed", true, "the second");
    char count[16] = "";
    check(read(fd, count, sizeof count - 1) == 2, "the server saw %s", count);
    reply = post();
    check(!reply.fault, "and a third is sent on a connection of its own: %s", reply.text);
    buf_free(&reply.body);
    stop(server);
    close(fd);
    unlink(tally);
}

/* Takes the body apart only as far as to count it. */
static void take_upload(int connection, int number)
{
    static char text[1 << 16];
    size_t length = 0, header_end = 0, expected = 0;
    char head[2000] = "";

    (void)number;
    for (ssize_t got; (got = read(connection, text, sizeof text)) > 0;) {
        if (!header_end) {
            text[got < (ssize_t)sizeof text ? got : (ssize_t)sizeof text - 1] = '\0';
            char *end = strstr(text, "\r\n\r\n"), *header = strstr(text, "Content-Length: ");
            if (!end || !header)
                break;
            header_end = (size_t)(end + 4 - text);
            expected = header_end + strtoul(header + 16, NULL, 10);
            snprintf(head, sizeof head, "%.1900s", text);
        }
        length += (size_t)got;
        if (length >= expected)
            break;
    }
    answer(connection, length == expected ? "200 OK" : "400 Bad", head);
}

/* The same, and closes without an answer. */
static void take_upload_in_silence(int connection, int number)
{
    static char text[1 << 16];
    size_t length = 0, expected = 0;

    (void)number;
    for (ssize_t got; (got = read(connection, text, sizeof text)) > 0;) {
        if (!expected) {
            text[got < (ssize_t)sizeof text ? got : (ssize_t)sizeof text - 1] = '\0';
            char *end = strstr(text, "\r\n\r\n"), *header = strstr(text, "Content-Length: ");
            if (!end || !header)
                return;
            expected = (size_t)(end + 4 - text) + strtoul(header + 16, NULL, 10);
        }
        length += (size_t)got;
        if (length >= expected)
            return;
    }
}

#define UPLOAD_MEGABYTES 200

#ifdef __SANITIZE_ADDRESS__
#define IS_INSTRUMENTED 1
#else
#define IS_INSTRUMENTED 0
#endif

static void uploads_in_constant_memory(void)
{
    char path[] = "/tmp/http_test.XXXXXX";
    int fd = mkstemp(path);
    struct fault fault;
    struct rusage before, after;
    const struct http_pair headers[] = {{"X-signature", "abc"}, {"X-expires", "tomorrow"}};
    const struct http_pair fields[] = {{"note", "x"}};
    struct http_upload upload = {.file = path, .name = "file", .filename = "x.vhd.bz2", .type = "application/x-bzip",
                                 .headers = headers, .header_count = 2, .fields = fields, .field_count = 1};

    check(ftruncate(fd, (off_t)UPLOAD_MEGABYTES << 20) == 0, "a large file");
    pid_t server = start(take_upload);
    upload.url = url;
    getrusage(RUSAGE_SELF, &before);
    check(http_upload(&upload, &fault), "%s", fault.text);
    getrusage(RUSAGE_SELF, &after);
    const char *body = buf_string(&upload.reply.body);
    check(!upload.reply.fault && upload.reply.status == 200, "%ld %s", upload.reply.status, upload.reply.text);
    check(upload.reply.complete, "the last byte has left");
    check(strstr(body, "X-signature: abc\r\n") && strstr(body, "Content-Type: multipart/form-data; boundary="), "%s", body);
    check(!strstr(body, "Transfer-Encoding") && !strstr(body, "Expect"), "%s", body);
    if (!IS_INSTRUMENTED && !getenv("CPI_RUNNER"))
        check(after.ru_maxrss - before.ru_maxrss < 8192, "%ld KB more", after.ru_maxrss - before.ru_maxrss);
    buf_free(&upload.reply.body);
    stop(server);
    check(http_upload(&upload, &fault) && upload.reply.fault && !upload.reply.sent, "refused: %s", upload.reply.text);
    server = start(close_after_request);
    upload.url = url;
    check(http_upload(&upload, &fault) && upload.reply.fault && upload.reply.sent, "closed: %s", upload.reply.text);
    check(!upload.reply.complete, "most of it has not left");
    stop(server);
    server = start(take_upload_in_silence);
    upload.url = url;
    check(http_upload(&upload, &fault) && upload.reply.fault && upload.reply.complete, "no answer: %s", upload.reply.text);
    stop(server);
    close(fd);
    unlink(path);
    check(http_upload(&upload, &fault) && upload.reply.fault && !upload.reply.sent, "no file: %s", upload.reply.text);
}

/* Reads 600 bytes a second, for as long as there are any. */
static void read_slowly(int connection, int number)
{
    char text[4096];
    int size = 4096;

    (void)number;
    setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (read(connection, text, sizeof text) <= 0)
        return;
    for (;;) {
        clock_sleep(0.01);
        if (read(connection, text, 6) <= 0)
            return;
    }
}

/* Takes the whole upload, and then sends the text again and again. */
static void trickle(int connection, const char *first, const char *again)
{
    static char text[1 << 16];
    struct timeval patience = {.tv_usec = 50000};

    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (read(connection, text, sizeof text) > 0) /* until nothing has come for a while */
        continue;
    /* Until the client goes away; reading waits for the patience. */
    for (const char *part = first; write(connection, part, strlen(part)) >= 0; part = again)
        if (read(connection, text, sizeof text) == 0)
            return;
}

static void trickle_headers(int connection, int number)
{
    (void)number;
    trickle(connection, "HTTP/1.1 200 OK\r\nX: ", "x");
}

static void trickle_body(int connection, int number)
{
    (void)number;
    trickle(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", "x");
}

static void continue_for_ever(int connection, int number)
{
    (void)number;
    trickle(connection, "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n");
}

static void say_nothing(int connection, int number)
{
    (void)number;
    trickle(connection, "", "");
}

/* Each of these went on for as long as the server liked. */
static void ends_an_upload_that_does_not_end(void)
{
    static const struct {
        const char *what, *words;
        void (*serve)(int, int);
        off_t size;
    } cases[] = {
        {"a reader of 600 bytes a second", "bytes a second, over 0.5 s; the least is 100000", read_slowly, (off_t)200 << 20},
        {"headers that drip", "no answer within 0.5 s after the last byte", trickle_headers, 1 << 10},
        {"a body that drips", "no answer within 0.5 s after the last byte", trickle_body, 1 << 10},
        {"an endless row of 100s", "no answer within 0.5 s after the last byte", continue_for_ever, 1 << 10},
        {"silence", "no answer within 0.5 s after the last byte", say_nothing, 1 << 10},
    };
    struct http_settings settings = {.verify = true, .connect_timeout = 2, .request_timeout = 10, .max_body = 1 << 20,
                                     .upload = {.rate = 100000, .window = 0.5, .answer = 0.5}};
    struct fault fault;
    char path[] = "/tmp/http_test.XXXXXX";
    int fd = mkstemp(path);

    http_configure(&settings);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_upload upload = {.file = path, .name = "file", .filename = "x", .type = "application/x-bzip"};
        check(ftruncate(fd, cases[i].size) == 0, "a file");
        pid_t server = start(cases[i].serve);
        upload.url = url;
        check(http_upload(&upload, &fault), "%s", fault.text);
        check(upload.reply.fault && strcmp(upload.reply.fault, "timeout") == 0 && upload.reply.sent, "%s: %s", cases[i].what,
              upload.reply.fault);
        check(strstr(upload.reply.text, cases[i].words) != NULL, "%s: %s", cases[i].what, upload.reply.text);
        buf_free(&upload.reply.body);
        stop(server);
    }
    close(fd);
    unlink(path);
}

static void lead_elsewhere(int connection, int number)
{
    char text[4096];

    (void)number;
    read_request(connection, text, sizeof text);
    const char *reply = "HTTP/1.1 100 Continue\r\nLocation: http://first.test/\r\n\r\nHTTP/1.1 302 Found\r\n"
                        "location: \t https://cloud.test/client/api \r\nContent-Length: 0\r\n\r\n";
    check(write(connection, reply, strlen(reply)) > 0, "written");
}

static void says_where_a_redirect_leads(void)
{
    pid_t server = start(lead_elsewhere);
    struct http_reply reply = post();

    check(!reply.fault && reply.status == 302, "%ld %s", reply.status, reply.text);
    check_text("https://cloud.test/client/api", reply.location);
    buf_free(&reply.body);
    stop(server);
}

int main(void)
{
    struct http_settings settings = {.verify = true, .connect_timeout = 2, .request_timeout = 10, .max_body = 1 << 20};

    signal(SIGPIPE, SIG_IGN);
    check(http_configure(&settings), "settings");
    sends_a_form();
    sends_together();
    follows_no_redirect();
    unpacks_nothing();
    never_sends_twice();
    uploads_in_constant_memory();
    says_where_a_redirect_leads();
    tells_faults_apart();
    gives_up_connecting();
    needs_tls_where_it_says_so();
    ends_an_upload_that_does_not_end();
    http_close();
    return check_report();
}
