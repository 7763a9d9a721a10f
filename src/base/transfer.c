/*
 * One HTTP request under way. Everything runs on one multi handle that lives as long as the process, so that connections
 * (and their TLS sessions) are reused from one request to the next.
 *
 * No request is sent twice. libcurl itself repeats a request when a kept connection turns out dead, which could
 * create a thing twice; as our bodies come from a callback that refuses to start over, it can do so only while
 * nothing of the body has left. By the same callback we know whether a server may have acted on a request.
 */
#include "transfer.h"

#include "http_settings.h"
#include "interruption.h"

#include <stdio.h>
#include <string.h>

#define IDLE_HANDLES 16
#define HOST_CONNECTIONS 16L
#define POLL_MILLISECONDS 1000
#define IDLE_SECONDS 25L /* shorter than servers keep connections */

static const struct curl_functions *curl;
static CURLM *multi;
static CURL *idle[IDLE_HANDLES];
static size_t idle_count;

/* ---- handles ---------------------------------------------------------------------------------------------------- */

const struct curl_functions *transfer_start(struct fault *fault)
{
    if (multi)
        return curl;
    curl = curl_load(fault);
    if (!curl)
        return NULL;
    multi = curl->multi_init();
    if (!multi) {
        fault_set(fault, "libcurl has no memory");
        return NULL;
    }
    curl->multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, HOST_CONNECTIONS);
    return curl;
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

void transfer_close(void)
{
    while (idle_count > 0)
        curl->easy_cleanup(idle[--idle_count]);
    if (multi)
        curl->multi_cleanup(multi);
    multi = NULL;
}

bool transfer_add_header(struct transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl->slist_append(transfer->headers, line);

    if (longer)
        transfer->headers = longer;
    return longer != NULL;
}

void transfer_begin(struct transfer *transfer, struct http_reply *reply)
{
    *transfer = (struct transfer){.reply = reply};
    *reply = (struct http_reply){.body = buf_new(http_settings()->max_body)};
    transfer->handle = take_handle();
    if (!transfer->handle || !transfer_add_header(transfer, "Expect:"))
        http_reply_set_fault(reply, "other", "not enough memory");
}

void transfer_end(struct transfer *transfer)
{
    if (transfer->handle)
        give_back(transfer->handle);
    curl->mime_free(transfer->mime);
    curl->slist_free_all(transfer->headers);
}

/* ---- what libcurl asks while a request is under way -------------------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    return buf_append(&transfer->reply->body, bytes, size * count) ? size * count : 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;

    http_reply_take_header(transfer->reply, bytes, size * count);
    return size * count;
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

/* ---- options ------------------------------------------------------------------------------------------------------ */

static long milliseconds(double seconds)
{
    return seconds < 0.001 ? 1 : seconds > 1e6 ? 1000000000L : (long)(seconds * 1000);
}

static void set_trust(CURL *handle, const struct http_settings *settings)
{
    curl->easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl->easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, settings->verify ? 1L : 0L);
    curl->easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, settings->verify ? 2L : 0L);
    if (settings->ca_cert) {
        struct curl_blob blob = {
            .data = (void *)settings->ca_cert, .len = strlen(settings->ca_cert), .flags = CURL_BLOB_COPY};
        curl->easy_setopt(handle, CURLOPT_CAINFO_BLOB, &blob);
    } else if (settings->ca_file) {
        curl->easy_setopt(handle, CURLOPT_CAINFO, settings->ca_file);
    }
}

void transfer_set_url(struct transfer *transfer, const char *url)
{
    CURL *handle = transfer->handle;
    const struct http_settings *settings = http_settings();

    curl->easy_setopt(handle, CURLOPT_URL, url);
    curl->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl->easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(handle, CURLOPT_USERAGENT, "cloudstack_cpi/" VERSION);
    curl->easy_setopt(handle, CURLOPT_PROXY, settings->proxy ? settings->proxy : "");
    curl->easy_setopt(handle, CURLOPT_NOPROXY, settings->no_proxy ? settings->no_proxy : "");
    curl->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings->connect_timeout));
    curl->easy_setopt(handle, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
    curl->easy_setopt(handle, CURLOPT_ERRORBUFFER, transfer->error);
    curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl->easy_setopt(handle, CURLOPT_WRITEDATA, transfer);
    curl->easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl->easy_setopt(handle, CURLOPT_HEADERDATA, transfer);
    curl->easy_setopt(handle, CURLOPT_PRIVATE, transfer);
    curl->easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
    set_trust(handle, settings);
}

void transfer_post_form(struct transfer *transfer, double timeout)
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

/* A kept connection that died after the request: libcurl would say that it cannot rewind (on_seek), which does not say why. */
static const char *words_of(const struct transfer *transfer)
{
    if (transfer->code == CURLE_SEND_FAIL_REWIND)
        return "the server closed the connection without an answer";
    return transfer->error[0] ? transfer->error : curl->easy_strerror(transfer->code);
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

/* Whether the last byte of an upload has left, also where no answer came. */
static bool has_sent_all(const struct transfer *transfer)
{
    curl_off_t sent = 0, size = -1;

    if (!transfer->mime)
        return false;
    curl->easy_getinfo(transfer->handle, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl->easy_getinfo(transfer->handle, CURLINFO_CONTENT_LENGTH_UPLOAD_T, &size);
    return size >= 0 && sent >= size;
}

static void note_answer(struct transfer *transfer)
{
    struct http_reply *reply = transfer->reply;
    CURL *handle = transfer->handle;
    curl_off_t took = 0;
    const char *type = NULL;

    curl->easy_getinfo(handle, CURLINFO_TOTAL_TIME_T, &took);
    curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply->status);
    curl->easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    reply->seconds = (double)took / 1e6;
    snprintf(reply->type, sizeof reply->type, "%s", type ? type : "");
    reply->sent = may_have_sent(transfer);
    reply->complete = has_sent_all(transfer);
}

/* A proxy that refuses to connect answers with a status; the server has not had the request then. */
static bool proxy_refused(const struct transfer *transfer)
{
    long status = 0;

    curl->easy_getinfo(transfer->handle, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300 && !transfer->reply->sent;
}

static void note_fault(struct transfer *transfer)
{
    struct http_reply *reply = transfer->reply;

    if (transfer->pace.why[0]) {
        http_reply_set_fault(reply, "timeout", transfer->pace.why);
    } else if (reply->body.full) {
        char text[sizeof reply->text];
        snprintf(text, sizeof text, "the answer is larger than %zu bytes", reply->body.ceiling);
        http_reply_set_fault(reply, "toolarge", text);
    } else {
        http_reply_set_fault(reply, proxy_refused(transfer) ? "connect" : fault_of(transfer->code), words_of(transfer));
    }
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

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

/* An upload may take hours, and the server cannot use a part of it: it ends at once when the process is to end. */
static bool is_interrupted(const struct transfer *transfer)
{
    return transfer->mime && interruption_reason();
}

/* Returns how many are under way. */
static size_t start_all(struct transfer *transfers, size_t count)
{
    size_t under_way = 0;

    for (size_t i = 0; i < count; i++) {
        if (transfers[i].reply->fault)
            continue;
        if (curl->multi_add_handle(multi, transfers[i].handle) == CURLM_OK)
            under_way++;
        else
            http_reply_set_fault(transfers[i].reply, "other", "libcurl does not take the request");
    }
    return under_way;
}

/* Waits until so many have ended; returns early when the upload is interrupted, and when libcurl has no memory. */
static void wait_for(size_t under_way, const struct transfer *upload)
{
    while (under_way > 0) {
        int running;
        CURLMcode code = curl->multi_perform(multi, &running);
        under_way -= collect_ended();
        if (code == CURLM_OK && under_way > 0)
            code = curl->multi_poll(multi, NULL, 0, POLL_MILLISECONDS, NULL);
        if (code != CURLM_OK || is_interrupted(upload))
            return;
    }
}

static void conclude(struct transfer *transfer)
{
    if (!transfer->done)
        transfer->code = CURLE_OUT_OF_MEMORY; /* the only way in which a multi handle fails */
    note_answer(transfer);
    if (!transfer->done && is_interrupted(transfer))
        http_reply_set_fault(transfer->reply, "interrupted", interruption_reason());
    else if (transfer->code != CURLE_OK)
        note_fault(transfer);
    curl->multi_remove_handle(multi, transfer->handle);
}

void transfer_run(struct transfer *transfers, size_t count)
{
    wait_for(start_all(transfers, count), &transfers[0]);
    for (size_t i = 0; i < count; i++)
        if (!transfers[i].reply->fault)
            conclude(&transfers[i]);
}
