/*
 * HTTP over libcurl. Everything runs on one multi handle that lives as long as the process, so that connections
 * (and their TLS sessions) are reused from one request to the next.
 *
 * No request is sent twice. libcurl itself repeats a request when a kept connection turns out dead, which could
 * create a thing twice; as our bodies come from a callback that refuses to start over, it can do so only while
 * nothing of the body has left. By the same callback we know whether a server may have acted on a request.
 */
#include "http.h"

#include "archive.h"
#include "clock.h"
#include "curl.h"
#include "interruption.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IDLE_HANDLES 16
#define HOST_CONNECTIONS 16L
#define POLL_MILLISECONDS 1000
#define IDLE_SECONDS 25L /* shorter than servers keep connections */
#define UPLOAD_BUFFER 262144L

enum { CA_CERT, CA_FILE, PROXY, NO_PROXY, TEXTS };

static const struct curl_functions *curl;
static CURLM *multi;
static CURL *idle[IDLE_HANDLES];
static size_t idle_count;

static struct buf texts[TEXTS];
static struct http_settings settings = {
    .verify = true, .connect_timeout = 30, .request_timeout = 300, .max_body = HTTP_LARGEST_BODY,
    .upload = {PACE_RATE, PACE_WINDOW, PACE_ANSWER}};

/* One request under way. */
struct transfer {
    CURL *handle;
    struct http_reply *reply;
    const char *form;
    size_t length;
    size_t read; /* how much of the form libcurl has taken */
    struct curl_slist *headers;
    curl_mime *mime;
    struct pace pace; /* of an upload */
    CURLcode code;
    bool done;
    char error[CURL_ERROR_SIZE];
};

/* ---- settings ------------------------------------------------------------------------------------------------- */

static bool keep(int which, const char *text, const char **field)
{
    buf_free(&texts[which]);
    *field = NULL;
    if (!text)
        return true;
    if (!buf_append(&texts[which], text, strlen(text)))
        return false;
    *field = texts[which].bytes;
    return true;
}

bool http_configure(const struct http_settings *wanted)
{
    settings = *wanted;
    if (settings.upload.window <= 0)
        settings.upload = pace_usual;
    bool ok = keep(CA_CERT, wanted->ca_cert, &settings.ca_cert);
    ok = keep(CA_FILE, wanted->ca_file, &settings.ca_file) && ok;
    ok = keep(PROXY, wanted->proxy, &settings.proxy) && ok;
    return keep(NO_PROXY, wanted->no_proxy, &settings.no_proxy) && ok;
}

/* ---- handles ---------------------------------------------------------------------------------------------------- */

static bool start(struct fault *fault)
{
    if (multi)
        return true;
    curl = curl_load(fault);
    if (!curl)
        return false;
    multi = curl->multi_init();
    if (!multi)
        return fault_set(fault, "libcurl has no memory");
    curl->multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
    return true;
}

static CURL *take_handle(void)
{
    return idle_count > 0 ? idle[--idle_count] : curl->easy_init();
}

static void give_back(CURL *handle)
{
    if (idle_count == IDLE_HANDLES) {
        curl->easy_cleanup(handle);
        return;
    }
    curl->easy_reset(handle);
    idle[idle_count++] = handle;
}

void http_close(void)
{
    while (idle_count > 0)
        curl->easy_cleanup(idle[--idle_count]);
    if (multi)
        curl->multi_cleanup(multi);
    multi = NULL;
    for (int i = 0; i < TEXTS; i++)
        buf_free(&texts[i]);
    settings.ca_cert = settings.ca_file = settings.proxy = settings.no_proxy = NULL;
}

/* ---- what libcurl asks while a request is under way -------------------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    return buf_append(&transfer->reply->body, bytes, size * count) ? size * count : 0;
}

/* The value of the header, without blanks around it, when the line is of that name; cut where it has no room. */
static void take_header(const char *line, size_t length, const char *name, char *value, size_t room)
{
    size_t at = strlen(name), end = length;

    if (length <= at || strncasecmp(line, name, at) != 0)
        return;
    while (at < end && (line[at] == ' ' || line[at] == '\t'))
        at++;
    while (end > at && (unsigned char)line[end - 1] <= ' ')
        end--;
    snprintf(value, room, "%.*s", (int)(end - at), line + at);
}

/* Several heads may come, a proxy's first: what counts is the last. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_reply *reply = ((struct transfer *)context)->reply;
    size_t length = size * count;

    if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        reply->date[0] = reply->location[0] = '\0';
    take_header(bytes, length, "Date:", reply->date, sizeof reply->date);
    take_header(bytes, length, "Location:", reply->location, sizeof reply->location);
    return length;
}

static size_t on_read(char *room, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t left = transfer->length - transfer->read;
    size_t part = size * count < left ? size * count : left;

    memcpy(room, transfer->form + transfer->read, part);
    transfer->read += part;
    return part;
}

static int on_seek(void *context, curl_off_t offset, int origin)
{
    struct transfer *transfer = context;

    return transfer->read == 0 && offset == 0 && origin == SEEK_SET ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* libcurl asks about once a second, however little comes and goes. */
static int on_progress(void *context, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
    struct transfer *transfer = context;

    (void)to_get;
    (void)got;
    return pace_ends(&transfer->pace, &settings.upload, clock_now(), (long long)sent, (long long)to_send) ? 1 : 0;
}

/* ---- options ------------------------------------------------------------------------------------------------------ */

static long milliseconds(double seconds)
{
    return seconds < 0.001 ? 1 : seconds > 1e6 ? 1000000000L : (long)(seconds * 1000);
}

static void set_trust(CURL *handle)
{
    curl->easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl->easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, settings.verify ? 1L : 0L);
    curl->easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, settings.verify ? 2L : 0L);
    if (settings.ca_cert) {
        struct curl_blob blob = {.data = texts[CA_CERT].bytes, .len = texts[CA_CERT].length, .flags = CURL_BLOB_COPY};
        curl->easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob);
    } else if (settings.ca_file) {
        curl->easy_setopt(handle, CURLOPT_CAINFO, settings.ca_file);
    }
}

static void set_common(struct transfer *transfer, const char *url)
{
    CURL *handle = transfer->handle;

    curl->easy_setopt(handle, CURLOPT_URL, url);
    curl->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(handle, CURLOPT_USERAGENT, "cloudstack_cpi/" VERSION);
    curl->easy_setopt(handle, CURLOPT_PROXY, settings.proxy ? settings.proxy : "");
    curl->easy_setopt(handle, CURLOPT_NOPROXY, settings.no_proxy ? settings.no_proxy : "");
    curl->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings.connect_timeout));
    curl->easy_setopt(handle, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
    curl->easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer->error);
    curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl->easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    curl->easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl->easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
    curl->easy_setopt(handle, CURLOPT_PRIVATE, transfer);
    curl->easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
    set_trust(handle);
}

static void set_form(struct transfer *transfer, double timeout)
{
    CURL *handle = transfer->handle;

    curl->easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(timeout));
    curl->easy_setopt(handle, CURLOPT_POST, 1L);
    curl->easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->length);
    curl->easy_setopt(handle, CURLOPT_READFUNCTION, on_read);
    curl->easy_setopt(handle, CURLOPT_READDATA, transfer);
    curl->easy_setopt(handle, CURLOPT_SEEKFUNCTION, on_seek);
    curl->easy_setopt(handle, CURLOPT_SEEKDATA, transfer);
}

static bool add_header(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl->slist_append(transfer->headers, line);

    if (longer)
        transfer->headers = longer;
    return longer != NULL;
}

/* ---- outcome ------------------------------------------------------------------------------------------------------ */

static const char *fault_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "resolve";
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
        return "connect";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_INITFAILED:
        return "tls";
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
        return "closed";
    default:
        return "other";
    }
}

/* A kept connection that died after the request: libcurl would say that it cannot rewind (on_seek), which tells nobody why. */
static const char *words_of(const struct transfer *transfer)
{
    if (transfer->code == CURLE_SEND_FAIL_REWIND)
        return "the server closed the connection without an answer";
    return transfer->error[0] ? transfer->error : curl->easy_strerror(transfer->code);
}

static void set_fault(struct http_reply *reply, const char *fault, const char *text)
{
    size_t length;
    const char *clean = log_mask(text, strlen(text), &length);

    reply->fault = fault;
    snprintf(reply->text, sizeof reply->text, "%.*s", (int)length, clean);
}

/* Whether the server may have had the request: for a form, whether any of it was handed out to be written. */
static bool may_have_sent(struct transfer *transfer)
{
    curl_off_t ready = 0;

    if (!transfer->mime)
        return transfer->read > 0;
    curl->easy_getinfo(transfer->handle, CURLINFO_PRETRANSFER_TIME_T, &ready);
    return ready > 0;
}

static void conclude(struct transfer *transfer)
{
    struct http_reply *reply = transfer->reply;
    CURL *handle = transfer->handle;
    curl_off_t took = 0;
    long proxy_status = 0;
    const char *type = NULL;

    curl->easy_getinfo(handle, CURLINFO_TOTAL_TIME_T, &took);
    curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply->status);
    curl->easy_getinfo(handle, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
    curl->easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    reply->seconds = (double)took / 1e6;
    snprintf(reply->type, sizeof reply->type, "%s", type ? type : "");
    reply->sent = may_have_sent(transfer);
    if (transfer->code == CURLE_OK)
        return;
    const char *fault = fault_of(transfer->code);
    if (transfer->pace.why[0]) {
        set_fault(reply, "timeout", transfer->pace.why);
        return;
    }
    if (reply->body.full)
        fault = "toolarge";
    else if (proxy_status >= 300 && !reply->sent)
        fault = "connect";
    set_fault(reply, fault, words_of(transfer));
    if (reply->body.full)
        snprintf(reply->text, sizeof reply->text, "the answer is larger than %zu bytes", reply->body.ceiling);
}

static void prepare(struct transfer *transfer, struct http_reply *reply)
{
    *transfer = (struct transfer){.reply = reply};
    *reply = (struct http_reply){.body = buf_new(settings.max_body)};
    transfer->handle = take_handle();
    if (!transfer->handle || !add_header(transfer, "Expect:"))
        set_fault(reply, "other", "not enough memory");
}

static void release(struct transfer *transfer)
{
    if (transfer->handle)
        give_back(transfer->handle);
    curl->mime_free(transfer->mime);
    curl->slist_free_all(transfer->headers);
}

/* Marks what has ended; returns how many did. */
static size_t collect_ended(void)
{
    size_t ended = 0;
    int left;
    CURLMsg *message;

    while ((message = curl->multi_info_read(multi, &left))) {
        char *context = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &context);
        struct transfer *transfer = (struct transfer *)(void *)context;
        transfer->code = code;
        transfer->done = true;
        ended++;
    }
    return ended;
}

/* An upload may take hours, and what is under way on the other side is of use to nobody without its end: it is cut off. */
static bool is_interrupted(const struct transfer *transfer)
{
    return transfer->mime && interruption_reason();
}

/* Runs every transfer without a fault to its end. */
static void run(struct transfer *transfers, size_t count)
{
    size_t under_way = 0;

    for (size_t i = 0; i < count; i++) {
        if (transfers[i].reply->fault)
            continue;
        if (curl->multi_add_handle(multi, transfers[i].handle) == CURLM_OK)
            under_way++;
        else
            set_fault(transfers[i].reply, "other", "libcurl does not take the request");
    }
    while (under_way > 0) {
        int running;
        CURLMcode code = curl->multi_perform(multi, &running);
        under_way -= collect_ended();
        if (code == CURLM_OK && under_way > 0)
            code = curl->multi_poll(multi, NULL, 0, POLL_MILLISECONDS, NULL);
        if (code != CURLM_OK || is_interrupted(&transfers[0]))
            break;
    }
    for (size_t i = 0; i < count; i++) {
        if (transfers[i].reply->fault)
            continue;
        bool was_cut_off = !transfers[i].done && is_interrupted(&transfers[i]);
        if (!transfers[i].done)
            transfers[i].code = CURLE_OUT_OF_MEMORY; /* of a multi handle there is no other failure */
        conclude(&transfers[i]);
        if (was_cut_off)
            set_fault(transfers[i].reply, "interrupted", interruption_reason());
        curl->multi_remove_handle(multi, transfers[i].handle);
    }
}

bool http_send(struct http_post *posts, size_t count, struct fault *fault)
{
    if (count == 0)
        return true;
    if (!start(fault))
        return false;
    struct transfer *transfers = calloc(count, sizeof *transfers);
    if (!transfers)
        return fault_set(fault, "not enough memory");
    for (size_t i = 0; i < count; i++) {
        struct http_post *post = &posts[i];
        prepare(&transfers[i], &post->reply);
        if (post->reply.fault)
            continue;
        transfers[i].form = post->form;
        transfers[i].length = post->length;
        set_common(&transfers[i], post->url);
        set_form(&transfers[i], post->timeout > 0 ? post->timeout : settings.request_timeout);
    }
    run(transfers, count);
    for (size_t i = 0; i < count; i++)
        release(&transfers[i]);
    free(transfers);
    return true;
}

/* ---- upload ------------------------------------------------------------------------------------------------------- */

static bool add_headers(struct transfer *transfer, const struct http_upload *upload)
{
    struct buf line = buf_new(0);
    bool ok = true;

    for (size_t i = 0; ok && i < upload->header_count; i++) {
        buf_clear(&line);
        ok = buf_format(&line, "%s: %s", upload->headers[i].name, upload->headers[i].value) &&
             add_header(transfer, line.bytes);
    }
    buf_wipe(&line);
    return ok;
}

static size_t read_member(char *bytes, size_t size, size_t count, void *context)
{
    ssize_t got = archive_read(context, bytes, size * count);
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* libcurl goes back to the beginning when it has to send again what the server did not take. */
static int seek_member(void *context, curl_off_t offset, int origin)
{
    return offset == 0 && origin == SEEK_SET && archive_rewind(context) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/* What the part sends: the file, or a member of the archive that it is. */
static bool set_content(curl_mimepart *part, const struct http_upload *upload, struct archive *archive)
{
    if (!archive)
        return curl->mime_filedata(part, upload->file) == CURLE_OK;
    return curl->mime_data_cb(part, (curl_off_t)archive_size(archive), read_member, seek_member, NULL, archive) == CURLE_OK;
}

static bool add_parts(struct transfer *transfer, const struct http_upload *upload, struct archive *archive)
{
    transfer->mime = curl->mime_init(transfer->handle);
    if (!transfer->mime)
        return false;
    for (size_t i = 0; i < upload->field_count; i++) {
        curl_mimepart *field = curl->mime_addpart(transfer->mime);
        if (!field || curl->mime_name(field, upload->fields[i].name) != CURLE_OK ||
            curl->mime_data(field, upload->fields[i].value, CURL_ZERO_TERMINATED) != CURLE_OK)
            return false;
    }
    curl_mimepart *file = curl->mime_addpart(transfer->mime);
    return file && set_content(file, upload, archive) &&
           curl->mime_name(file, upload->name) == CURLE_OK &&
           curl->mime_filename(file, upload->filename) == CURLE_OK && curl->mime_type(file, upload->type) == CURLE_OK;
}

bool http_upload(struct http_upload *upload, struct fault *fault)
{
    struct transfer transfer;
    struct archive *archive = NULL;
    struct fault why;

    if (!start(fault))
        return false;
    prepare(&transfer, &upload->reply);
    if (!upload->reply.fault && upload->member && !(archive = archive_open(upload->file, upload->member, &why)))
        set_fault(&upload->reply, "other", why.text);
    if (!upload->reply.fault && !(add_headers(&transfer, upload) && add_parts(&transfer, upload, archive)))
        set_fault(&upload->reply, "other", "the form cannot be made of the file");
    if (!upload->reply.fault) {
        set_common(&transfer, upload->url);
        curl->easy_setopt(transfer.handle, CURLOPT_MIMEPOST, transfer.mime);
        curl->easy_setopt(transfer.handle, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
        curl->easy_setopt(transfer.handle, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl->easy_setopt(transfer.handle, CURLOPT_XFERINFODATA, &transfer);
        curl->easy_setopt(transfer.handle, CURLOPT_NOPROGRESS, 0L);
    }
    run(&transfer, 1);
    release(&transfer);
    archive_close(archive);
    return true;
}
