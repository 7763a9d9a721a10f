#!/usr/bin/env bash
# The program in a VM of tests/bosh/e2e.lua: a real bosh-agent that reads its settings from the VM's user data, in a
# directory of its own that a reboot keeps. BOSH_AGENT and GUESTS say which agent, and where.
set -eu
[ "$1" = start ] || exit 0

base=$GUESTS/$VM_NAME
mkdir -p "$base"/{bosh/etc,bosh/bin,store,jobs,data,monit,sys}
cat >"$base/agent.json" <<JSON
{"Platform": {"Linux": {"DevicePathResolutionType": "virtio"}},
 "Infrastructure": {"Settings": {"Sources": [{"Type": "HTTP",
   "URI": "${VM_METADATA_URL%/latest/*}",
   "UserDataPath": "/latest/user-data?$VM_METADATA_QUERY",
   "InstanceIDPath": "/latest/meta-data/instance-id?$VM_METADATA_QUERY",
   "SSHKeysPath": "/latest/meta-data/public-keys?$VM_METADATA_QUERY"}]}}}
JSON
cd "$base"
HOME=$base exec "$BOSH_AGENT" -P dummy -M dummy -C "$base/agent.json" -b "$base" >>"$base/agent.log" 2>&1
