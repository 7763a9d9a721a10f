/* The sub-command `registry`: settings of the agents of old stemcells. */
#ifndef REGISTRY_H
#define REGISTRY_H

/* argv[0] is "registry"; returns the exit code. */
int registry_main(int argc, char **argv);

#endif
