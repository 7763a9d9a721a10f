# shellcheck shell=bash
# Volumes as qcow2 files, CLOUD/volumes/ID.qcow2: made when a VM first needs them, of the size that CloudStack says.

volume_file() { echo "$CLOUD/volumes/$1.qcow2"; }

# What the block device and the device of a volume are called in qemu, where names are short.
node_of() { echo "n${1//-/}" | cut -c 1-24; }
device_of() { echo "d${1//-/}" | cut -c 1-24; }

virtual_size() { qemu-img info -U "$1" | sed -n 's/^virtual size:.*(\([0-9]*\) bytes).*/\1/p'; }

# The image of the template as qemu reads it, unpacked where it came packed.
template_image() {
  local plain=$VM_IMAGE.plain
  case $(od -An -N 3 -c "$VM_IMAGE" | tr -d ' ') in
    BZh) [ -e "$plain" ] || { bzip2 -dc "$VM_IMAGE" >"$plain.new" && mv "$plain.new" "$plain"; } ;;
    '037\213'*) [ -e "$plain" ] || { gzip -dc "$VM_IMAGE" >"$plain.new" && mv "$plain.new" "$plain"; } ;;
    *) plain=$VM_IMAGE ;;
  esac
  echo "$plain"
}

image_format() { qemu-img info -U "$1" | sed -n 's/^file format: //p'; }

# new_volume ID BYTES DEVICE: empty, or what the template's image is where it is the root disk.
new_volume() {
  local file image
  file=$(volume_file "$1")
  mkdir -p "${file%/*}"
  if [ "$3" = 0 ] && [ -n "${VM_IMAGE:-}" ]; then
    image=$(template_image)
    qemu-img create -q -f qcow2 -b "$image" -F "$(image_format "$image")" "$file.new"
  else
    qemu-img create -q -f qcow2 "$file.new" "$2"
  fi
  mv "$file.new" "$file"
}

# ready_volume ID BYTES DEVICE: the file is there and has at least that size.
ready_volume() {
  local file
  file=$(volume_file "$1")
  [ -e "$file" ] || new_volume "$1" "$2" "$3"
  [ "$(virtual_size "$file")" -ge "$2" ] || qemu-img resize -q "$file" "$2"
}

# Does the root disk begin with a boot sector? One without is started by the kernel of the small guest.
has_boot_sector() {
  qemu-io -r -U -f qcow2 -c 'read -v 510 2' "$1" | grep -q '^000001fe:  55 aa'
}
