/* The upload of a file from disk: its form, and how slow it may be. */
#include "http_upload.h"

#include "archive.h"
#include "clock.h"
#include "http_settings.h"
#include "status.h"
#include "transfer.h"

#include <stdio.h>

#define UPLOAD_BUFFER 262144L

static const struct curl_functions *curl;

static bool add_headers(struct transfer *transfer, const struct http_upload *upload)
{
    struct buf line = buf_new(0);
    bool ok = true;

    for (size_t i = 0; ok && i < upload->header_count; i++) {
        buf_clear(&line);
        ok = buf_format(&line, "%s: %s", upload->headers[i].name, upload->headers[i].value) &&
             transfer_add_header(transfer, line.bytes);
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

/* libcurl asks about once a second, however little comes and goes. */
static int on_progress(void *context, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
    struct transfer *transfer = context;

    (void)to_get;
    (void)got;
    double now = clock_now();
    upload_progress_note(&transfer->progress, now, (long long)sent, (long long)to_send);
    return pace_ends(&transfer->pace, &http_settings()->upload, now, (long long)sent, (long long)to_send) ? 1 : 0;
}

static void set_body(struct transfer *transfer)
{
    CURL *handle = transfer->handle;

    /* On a kept connection that is dead libcurl would send it all a second time, and an upload may be made once. */
    curl->easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
    curl->easy_setopt(handle, CURLOPT_MIMEPOST, transfer->mime);
    curl->easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER);
    curl->easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl->easy_setopt(handle, CURLOPT_XFERINFODATA, transfer);
    curl->easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

bool http_upload(struct http_upload *upload, struct fault *fault)
{
    struct transfer transfer;
    struct archive *archive = NULL;
    struct fault why;

    curl = transfer_start(fault);
    if (!curl)
        return false;
    transfer_begin(&transfer, &upload->reply);
    if (!upload->reply.fault && upload->member && !(archive = archive_open(upload->file, upload->member, &why)))
        http_reply_set_fault(&upload->reply, "other", why.text);
    if (!upload->reply.fault && !(add_headers(&transfer, upload) && add_parts(&transfer, upload, archive)))
        http_reply_set_fault(&upload->reply, "other", "the form cannot be made of the file");
    if (!upload->reply.fault) {
        transfer_set_url(&transfer, upload->url);
        set_body(&transfer);
    }
    transfer_run(&transfer, 1);
    status_clear();
    transfer_end(&transfer);
    archive_close(archive);
    return true;
}
