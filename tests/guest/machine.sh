# shellcheck shell=bash
# A VM as one qemu process, and its disks that come and go while it runs.

# KVM where the processor has it for us: a /dev/kvm alone says little, in a VM.
accelerator() {
  if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then echo kvm; else echo tcg; fi
}

# The disks as qemu's arguments, in `arguments`.
add_disks() {
  local device id bytes serial
  while IFS=/ read -r device id bytes serial; do
    ready_volume "$id" "$bytes" "$device"
    [ "$device" != 0 ] || root=$(volume_file "$id")
    arguments+=(
      -blockdev "driver=qcow2,node-name=$(node_of "$id"),discard=unmap,file.driver=file,file.filename=$(volume_file "$id")"
      -device "virtio-blk-pci,id=$(device_of "$id"),drive=$(node_of "$id"),serial=$serial$([ "$device" != 0 ] || echo ,bootindex=1)"
    )
  done < <(tr , '\n' <<<"$VM_VOLUMES")
}

# tap_of MAC: a NIC's end on the bridge
tap_of() { echo "t${1//:/}"; }

add_nics() {
  local mac network address prefix gateway _ gateway6 tag=
  while IFS=/ read -r mac network address prefix gateway _ gateway6; do
    with_network "$network" lease "$network" "$gateway" "$prefix" "$gateway6" "$mac" "$address" "$tag"
    ip link del dev "$(tap_of "$mac")" 2>/dev/null || true
    ip tuntap add dev "$(tap_of "$mac")" mode tap
    ip link set dev "$(tap_of "$mac")" master "$(bridge_of "$network")" up
    taps+=("$(tap_of "$mac")")
    arguments+=(
      -netdev "tap,id=net${#taps[@]},ifname=$(tap_of "$mac"),script=no,downscript=no"
      -device "virtio-net-pci,netdev=net${#taps[@]},mac=$mac,romfile="
    )
    tag=other
  done < <(tr , '\n' <<<"$VM_NICS")
}

add_config_drive() {
  [ -n "$VM_CONFIG_DRIVE" ] || return 0
  "$here/config-drive" "$vm/config-drive.iso"
  arguments+=(-drive "file=$vm/config-drive.iso,media=cdrom,readonly=on,if=ide")
}

add_boot() {
  has_boot_sector "$root" || arguments+=(-kernel "$CLOUD/boot/vmlinuz" -initrd "$CLOUD/boot/initrd"
    -append "console=ttyS0 quiet panic=-1 net.ifnames=0")
}

add_monitors() {
  local name
  for name in plug end; do
    rm -f "$vm/$name.in" "$vm/$name.out"
    mkfifo "$vm/$name.in" "$vm/$name.out"
    arguments+=(-chardev "pipe,id=$name,path=$vm/$name" -mon "chardev=$name,mode=control")
  done
}

# The button is pressed. A guest that does not end within the server's grace is killed, and qemu with it.
press_button() { qmp end '{"execute":"system_powerdown"}' || kill "$qemu"; }

run_machine() {
  local root='' arguments=() taps=() tap
  arguments=(-name "$VM_NAME" -accel "$(accelerator)" -smp "$VM_CPUS" -m "$VM_MEMORY" -nodefaults -display none
    -serial "file:$vm/console" -device virtio-rng-pci)
  add_disks
  add_nics
  add_config_drive
  add_monitors
  add_boot
  # In a session of its own, for the signal is not meant for it; and gone when this process is.
  setpriv --pdeathsig KILL setsid qemu-system-x86_64 "${arguments[@]}" 2>>"$vm/qemu.log" &
  qemu=$!
  trap press_button TERM
  while kill -0 "$qemu" 2>/dev/null; do wait "$qemu" || true; done
  for tap in "${taps[@]}"; do ip link del dev "$tap"; done
}

plug_disk() {
  ready_volume "$VOLUME_ID" "$VOLUME_SIZE" "$VOLUME_DEVICE"
  qmp plug "{\"execute\":\"blockdev-add\",\"arguments\":{\"driver\":\"qcow2\",\"node-name\":\"$(node_of "$VOLUME_ID")\",
    \"discard\":\"unmap\",\"file\":{\"driver\":\"file\",\"filename\":\"$(volume_file "$VOLUME_ID")\"}}}"
  qmp plug "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"virtio-blk-pci\",\"id\":\"$(device_of "$VOLUME_ID")\",
    \"drive\":\"$(node_of "$VOLUME_ID")\",\"serial\":\"$VOLUME_SERIAL\"}}"
}

unplug_disk() {
  qmp plug "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"$(device_of "$VOLUME_ID")\"}}"
  qmp_event plug "*DEVICE_DELETED*$(device_of "$VOLUME_ID")*"
  qmp plug "{\"execute\":\"blockdev-del\",\"arguments\":{\"node-name\":\"$(node_of "$VOLUME_ID")\"}}"
}

grow_disk() {
  qmp plug "{\"execute\":\"block_resize\",\"arguments\":{\"node-name\":\"$(node_of "$VOLUME_ID")\",\"size\":$VOLUME_SIZE}}"
}
