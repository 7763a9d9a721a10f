#ifndef SERVER_REGISTRY_H
#define SERVER_REGISTRY_H

/* cpi-server registry; answers the exit code. */
int registry_main(int argc, char **argv);

#endif
