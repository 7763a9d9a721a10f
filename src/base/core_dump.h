/* A process that holds secrets leaves no image of its memory behind. */
#ifndef CORE_DUMP_H
#define CORE_DUMP_H

/*
 * From now on this process leaves no core file, and only root can look into it while it runs. To be called before
 * there is any secret; without an effect on what it executes, but for the limit, which is inherited.
 */
void core_dump_forbid(void);

#endif
