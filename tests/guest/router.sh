# shellcheck shell=bash
# CloudStack's virtual router, one for each network: a bridge that has the gateway's address, and dnsmasq behind it for DHCP and
# DNS. The simulator, which listens on every address, is the metadata server.
# Each network has a directory, CLOUD/networks/ID: hosts/ has a file for each MAC.

bridge_of() { echo "b${1%%-*}"; }

# with_network ID COMMAND...: VMs start side by side; one at a time changes a network.
with_network() {
  local lock
  mkdir -p "$CLOUD/networks/$1/hosts"
  exec {lock}>"$CLOUD/networks/$1/lock"
  flock "$lock"
  "${@:2}"
  exec {lock}>&-
}

# open_bridge ID GATEWAY PREFIX IPV6GATEWAY
open_bridge() {
  local bridge
  bridge=$(bridge_of "$1")
  ! ip link show dev "$bridge" >/dev/null 2>&1 || return 0 # /sys may show another namespace
  ip link add name "$bridge" type bridge forward_delay 0
  [ -z "$2" ] || ip addr add "$2/$3" dev "$bridge"
  [ -z "$4" ] || ip -6 addr add "$4/64" dev "$bridge" nodad
  ip link set dev "$bridge" up
}

# serve ID GATEWAY: dnsmasq anew, for it gives no address to a MAC while it remembers another one with it.
serve() {
  local network=$CLOUD/networks/$1 pid=
  [ -n "$2" ] || return 0
  [ ! -e "$network/pid" ] || pid=$(cat "$network/pid")
  while [ -n "$pid" ] && kill "$pid" 2>/dev/null; do sleep 0.02; done
  cat "$network"/hosts/* >"$network/dhcp-hosts"
  dnsmasq --conf-file=/dev/null --user=root --group=root --pid-file="$network/pid" --log-facility="$network/log" --log-dhcp \
    --interface="$(bridge_of "$1")" --except-interface=lo --bind-interfaces --no-hosts --no-resolv --no-poll \
    --domain=cs1cloud.internal --local=/cs1cloud.internal/ --expand-hosts --host-record=data-server,data-server.cs1cloud.internal,"$2" \
    --dhcp-range="$2",static --dhcp-hostsfile="$network/dhcp-hosts" --dhcp-authoritative --leasefile-ro \
    --dhcp-option=option:router,"$2" --dhcp-option=tag:other,option:router --dhcp-option=tag:other,option:dns-server {lock}>&-
}

# lease ID GATEWAY PREFIX IPV6GATEWAY MAC ADDRESS TAG: from now on this MAC gets that address, and no other MAC does. TAG is "other" for a NIC
# that is not the VM's first: such a one gets neither a router nor a name server.
lease() {
  local network=$CLOUD/networks/$1 old
  open_bridge "$1" "$2" "$3" "$4"
  [ -n "$6" ] || return 0
  for old in "$network"/hosts/*; do
    [ ! -e "$old" ] || ! grep -q ",$6," "$old" || rm "$old"
  done
  echo "$5${7:+,set:$7},$6,$VM_NAME" >"$network/hosts/${5//:/}"
  serve "$1" "$2"
}
