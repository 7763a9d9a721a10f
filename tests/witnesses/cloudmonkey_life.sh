#!/bin/sh
# A VM's life by cloudmonkey: cloudmonkey_life.sh ENDPOINT KEY SECRET; the program is CMK, or cmk in PATH.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
monkey() { HOME=$directory "${CMK:-cmk}" -o json "$@"; }
# The first value of a field in the JSON on stdin.
field() { sed -n "s/^ *\"$1\": \"\\([^\"]*\\)\".*/\\1/p" | head -n 1; }

monkey set url "$1" >/dev/null
monkey set apikey "$2" >/dev/null
monkey set secretkey "$3" >/dev/null
monkey sync >/dev/null
zone=$(monkey list zones filter=id | field id)
offering=$(monkey list serviceofferings name=shared.small filter=id | field id)
template=$(monkey list templates templatefilter=executable filter=id | field id)
network=$(monkey list networks keyword=bosh-net-2 filter=id | field id)
monkey deploy virtualmachine zoneid="$zone" serviceofferingid="$offering" templateid="$template" networkids="$network" \
  name=cmk-vm >"$directory/vm"
vm=$(monkey list virtualmachines name=cmk-vm filter=id | field id)
[ "$(monkey list virtualmachines id="$vm" filter=state | field state)" = Running ]
monkey create tags resourceids="$vm" resourcetype=UserVm 'tags[0].key=life' 'tags[0].value=cmk' >/dev/null
disk=$(monkey list diskofferings name=shared.custom filter=id | field id)
volume=$(monkey create volume name=cmk-disk zoneid="$zone" diskofferingid="$disk" size=3 | field id)
monkey attach volume id="$volume" virtualmachineid="$vm" >/dev/null
monkey detach volume id="$volume" >/dev/null
monkey delete volume id="$volume" >/dev/null
monkey stop virtualmachine id="$vm" >/dev/null
monkey destroy virtualmachine id="$vm" >/dev/null
[ -z "$(monkey list virtualmachines id="$vm" filter=state | field state)" ]
