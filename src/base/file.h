/* Whole files and streams in and out of memory. */
#ifndef FILE_H
#define FILE_H

#include "buf.h"
#include "fault.h"

#include <stdio.h>
#include <sys/stat.h>

/*
 * Reads to the end. When the buf's ceiling is met the rest is read and thrown away, so that the writer is not
 * cut off; buf->full is set then.
 */
bool file_read_stream(int fd, struct buf *out, struct fault *fault);

/*
 * Opens a regular file to read; -1, with the path and a remedy in the fault, and errno, for anything else: nothing that
 * waits (a FIFO), never ends (a device) or does something when it is opened.
 */
int file_open(const char *path, struct stat *status, struct fault *fault);

/* The same where another user may have put a symlink in its place: a symlink is refused as well. */
int file_open_itself(const char *path, struct stat *status, struct fault *fault);

/*
 * Reads a regular file, and no more of it than the buf's ceiling; *missing (may be NULL): the file does not
 * exist.
 */
bool file_read(const char *path, struct buf *out, bool *missing, struct fault *fault);

/*
 * The same for a file that an operator names on the command line (--config, --cpi-config, the file of a command, the
 * simulator's world): it may be a pipe of the shell as well, `<(...)` or /dev/stdin, or the terminal, and is waited for.
 */
bool file_read_argument(const char *path, struct buf *out, struct fault *fault);

/* Appends the names in a directory, each with its NUL, those of directories with a slash behind; hidden ones not. */
bool file_list(const char *path, struct buf *names, struct fault *fault);

/* Makes a file that only its owner can read; one that is there already is left alone and is a failure. Here and below
 * no symlink of another user leads to the directory. */
bool file_create(const char *path, const char *bytes, size_t length, struct fault *fault);

/* The same for one that is written bit by bit: NULL where it cannot be made. */
FILE *file_new(const char *path, struct fault *fault);

/*
 * Makes the same file under another name: a hard link, or a copy where that cannot be, or where root would give the owner
 * of the directory what this owner cannot read.
 */
bool file_double(const char *path, const char *twin, struct fault *fault);

/* Removes a file; one that is gone is removed. */
bool file_remove(const char *path, struct fault *fault);

/* Writes all of it. */
bool file_write_stream(int fd, const char *bytes, size_t length);

#endif
