#!/bin/sh
# Runs a suite under each of the circumstances that tests/support/circumstances.lua knows: tests/faults/everywhere.sh COMMAND...
# Exit code 1 where it fails under one of them.

worst=0
for expunge in 60 86400; do
  for role in user expunger; do
    CPI_EXPUNGE=$expunge CPI_ROLE=$role "$@" || worst=1
  done
done
exit $worst
