/* The sub-command `sim`: a simulated CloudStack over HTTP. */
#ifndef SIM_H
#define SIM_H

/* argv[0] is "sim"; returns the exit code. */
int sim_main(int argc, char **argv);

#endif
