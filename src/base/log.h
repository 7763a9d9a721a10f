/* Lines on stderr, and the one place that keeps secrets out of them. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* "debug", "info", "warn" or "error" in any case; false for another name. */
bool log_level_named(const char *name, enum log_level *level);

/* Lines below this level are not written; LOG_INFO at first. */
void log_threshold(enum log_level level);

/* Whether a line of this level would be written. */
bool log_wanted(enum log_level level);

/* What follows the level on every line; what is NULL is left out. */
void log_context(const char *request_id, const char *verb);

/* Lines as JSON objects of time, level, request_id, verb and message, in place of text: TIME LEVEL REQUEST_ID VERB MESSAGE. */
void log_as_json(bool is_wanted);

/* What is going on, masked, on the status line (status.h) of a terminal; NULL or "" ends it. False where there is none. */
bool log_status(const char *text, size_t length);

/* One line: with the time in UTC, masked, control bytes escaped, cut at 8 KB. */
void log_write(enum log_level level, const char *text, size_t length);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for each line of the text. */
void log_lines(enum log_level level, const char *text, size_t length);

/*
 * From now on the value is masked in whatever form it comes (known_secrets.h says what counts as one). A value shorter than
 * 4 bytes is not a secret. False without memory for it.
 */
bool log_secret(const char *bytes, size_t length);

/* Whether it is masked wherever it stands, and not only where it cannot be an ordinary word. */
bool log_secret_is_strong(const char *bytes, size_t length);

/* The text without secrets; it belongs to the log and stays until the log is used again. */
const char *log_mask(const char *text, size_t length, size_t *masked_length);

/* Overwrites and frees everything. */
void log_forget(void);

#endif
