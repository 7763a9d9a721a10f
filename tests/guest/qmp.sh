# shellcheck shell=bash
# What is said to a qemu that runs: QMP over two FIFOs, VM/NAME.in and VM/NAME.out, one pair for plugging and one for the end.

# A VM that was started a moment ago makes them soon.
wait_for_pipes() {
  local tries=0
  until [ -p "$vm/$1.out" ]; do
    [ $((tries += 1)) -lt 200 ] || { echo "guest of VM $VM_NAME: there is no qemu" >&2; return 1; }
    sleep 0.1
  done
}

# qmp NAME TEXT: sends a command, and waits for what came of it, which is in $reply; fails when that is an error.
qmp() {
  local line
  wait_for_pipes "$1"
  exec {to}<>"$vm/$1.in" {from}<>"$vm/$1.out"
  while read -r -t 0 -u "$from" && read -r -u "$from" line; do :; done # what was left unread
  printf '{"execute":"qmp_capabilities"}\n%s\n' "${2%\}},\"id\":\"it\"}" >&"$to"
  reply=
  while read -r -t 20 -u "$from" line; do
    case $line in *'"id": "it"'*) reply=$line && break ;; esac
  done
  case $reply in *'"return"'*) ;; *)
    echo "guest of VM $VM_NAME: qemu says ${reply:-nothing}" >&2
    return 1 ;;
  esac
}

# qmp_event NAME PATTERN: waits for an event; after qmp.
qmp_event() {
  local line
  while read -r -t 20 -u "$from" line; do
    # shellcheck disable=SC2254
    case $line in $2) return 0 ;; esac
  done
  echo "guest of VM $VM_NAME: qemu does not report $2" >&2
  return 1
}
