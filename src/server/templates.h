/* The sub-command `templates`: images of stemcells. */
#ifndef TEMPLATES_H
#define TEMPLATES_H

/* argv[0] is "templates"; returns the exit code. */
int templates_main(int argc, char **argv);

#endif
