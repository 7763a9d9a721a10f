#ifndef SERVER_SIM_H
#define SERVER_SIM_H

/* The sub-command `sim`: a simulated CloudStack over HTTP. argv[0] is "sim"; returns the exit code. */
int sim_main(int argc, char **argv);

#endif
