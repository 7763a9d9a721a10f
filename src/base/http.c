/* Posts that go out together. */
#include "http.h"

#include "http_settings.h"
#include "transfer.h"

#include <stdlib.h>

static void prepare(struct transfer *transfer, struct http_post *post)
{
    transfer_begin(transfer, &post->reply);
    if (post->reply.fault)
        return;
    transfer->form = post->form;
    transfer->length = post->length;
    transfer_set_url(transfer, post->url);
    transfer_post_form(transfer, post->timeout > 0 ? post->timeout : http_settings()->request_timeout);
}

bool http_send(struct http_post *posts, size_t count, struct fault *fault)
{
    if (count == 0)
        return true;
    if (!transfer_start(fault))
        return false;
    struct transfer *transfers = calloc(count, sizeof *transfers);
    if (!transfers)
        return fault_set(fault, "not enough memory");
    for (size_t i = 0; i < count; i++)
        prepare(&transfers[i], &posts[i]);
    transfer_run(transfers, count);
    for (size_t i = 0; i < count; i++)
        transfer_end(&transfers[i]);
    free(transfers);
    return true;
}

void http_close(void)
{
    transfer_close();
    http_settings_forget();
}
