#ifndef SERVER_TEMPLATES_H
#define SERVER_TEMPLATES_H

/* cpi-server templates; answers the exit code. */
int templates_main(int argc, char **argv);

#endif
