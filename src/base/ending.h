/*
 * A line that a caller waits for comes out though the process ends before its time: some library calls exit() when it
 * has no memory, and abort() is how C libraries, the stack protector and Lua outside of a protected call end.
 */
#ifndef ENDING_H
#define ENDING_H

/*
 * From now on whatever ends this process by exit() or abort() writes the line on the descriptor first; the exit code is
 * then 0, or 1 where it could not be written. The line is not copied. Children of the process owe nothing.
 */
void ending_owe(int fd, const char *line);

/* The line is out, or is about to be written: the process ends as it likes. */
void ending_settle(void);

#endif
