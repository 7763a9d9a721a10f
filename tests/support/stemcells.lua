-- Small stemcells in the layouts of published ones, made of Debian's tools without root.
--   stemcells.make(directory, "a.tgz", { ... }) -> its path
--     table      "dos" (default; ext4 from sector 63, as jammy has it), "gpt" (an EFI partition first, as noble), "dos_efi", "none"
--     packing    how the disk is packed: "openstack" (default; qcow2 0.10 as root.img in a tar.gz), "raw", "xen" (VHD under
--                bzip2), "vmdk" (vSphere's: OVF and VMDK in a tar.gz), "qcow2" (bare), "azure"
--     agent      agent.json's text; infrastructure, name, version, system, formats, hypervisor
--     grub       true: the first sector has GRUB's loader for a BIOS
--     journal    true: the file system has one
--     files      more files in the root, { [path] = text }

local stemcells = {}

local must = require("tests.support.shell").must
stemcells.must = must

local function write(path, text)
  must("mkdir -p \"$(dirname '%s')\"", path)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

-- What the published stemcells of each infrastructure look for (bosh-linux-stemcell-builder, stages/bosh_*_agent_settings).
stemcells.AGENTS = {
  openstack = [[{"Platform":{"Linux":{"PartitionerType":"parted","CreatePartitionIfNoEphemeralDisk":true,
"DevicePathResolutionType":"virtio"}},
"Infrastructure":{"Settings":{"Sources":[{"Type":"File","SettingsPath":"/var/vcap/bosh/agent-bootstrap-env.json"},
{"Type":"ConfigDrive","DiskPaths":["/dev/disk/by-label/CONFIG-2","/dev/disk/by-label/config-2"],"MetaDataPath":"ec2/latest/meta-data.json",
"UserDataPath":"ec2/latest/user-data"},{"Type":"HTTP","URI":"http://169.254.169.254","UserDataPath":"/latest/user-data",
"InstanceIDPath":"/latest/meta-data/instance-id","SSHKeysPath":"/latest/meta-data/public-keys/0/openssh-key"}],
"UseServerName":true,"UseRegistry":true}}}
]],
  vsphere = [[{"Platform":{"Linux":{"DevicePathResolutionType":"scsi"}},"Infrastructure":{"Settings":{"Sources":[{"Type":"CDROM",
"FileName":"env"}]}}}
]],
  cloudstack = [[{"Platform":{"Linux":{"CreatePartitionIfNoEphemeralDisk":true,"DevicePathResolutionType":"virtio"}},
"Infrastructure":{"Settings":
{"Sources":[{"Type":"HTTP","URI":"http://169.254.169.254:39724",
"UserDataPath":"/latest/user-data","InstanceIDPath":"/latest/meta-data/instance-id",
"SSHKeysPath":"/latest/meta-data/public-keys"}],"UseServerName":true,"UseRegistry":true}}}
]],
}

local function make_root(directory, what)
  local root = directory .. "/root"
  for path, text in pairs(what.files or {}) do write(root .. path, text) end
  write(root .. "/var/vcap/bosh/agent.json", what.agent or stemcells.AGENTS[what.infrastructure])
  write(root .. "/var/vcap/bosh/etc/infrastructure", what.infrastructure)
  write(root .. "/var/vcap/bosh/bin/bosh-agent", "an agent\n")
  must("mkdir -p '%s/etc/systemd/system/multi-user.target.wants' && chmod 755 '%s'", root, root)
end

local TABLES = {
  dos = { "label: dos\nstart=63, type=83, bootable\n", 63 },
  gpt = { "label: gpt\nstart=2048, size=2048, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\nstart=4096, size=20480, type=L\n", 4096, 10240 },
  dos_efi = { "label: dos\nstart=2048, size=2048, type=ef\nstart=4096, size=20480, type=83\n", 4096, 10240 }, -- vSphere's jammy
  none = { nil, 0 },
}

local function make_disk(directory, what)
  local text, start, blocks = table.unpack(TABLES[what.table or "dos"])
  must("truncate -s 16M '%s/disk'", directory)
  if text then
    write(directory .. "/table", text)
    must("/usr/sbin/sfdisk -q '%s/disk' <'%s/table'", directory, directory)
  end
  if what.grub then must("printf 'GRUB ' | dd of='%s/disk' bs=1 seek=384 conv=notrunc status=none", directory) end
  must("/usr/sbin/mke2fs -q -t ext4 -F %s -b 1024 -d '%s/root' -E offset=%d,root_owner=0:0 '%s/disk' %d",
    what.journal and "" or "-O ^has_journal", directory, start * 512, directory, blocks or 16000)
end

local PACKINGS = {
  openstack = "qemu-img convert -c -f raw -O qcow2 -o compat=0.10 disk root.img && tar czf image root.img",
  raw = "cp disk root.img && tar czf image root.img",
  azure = "qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk root.vhd && tar czf image root.vhd",
  xen = "qemu-img convert -f raw -O vpc -o subformat=dynamic disk root.vhd && bzip2 -c root.vhd >image",
  qcow2 = "qemu-img convert -c -f raw -O qcow2 disk image",
  vmdk = "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk image-disk1.vmdk && echo '<Envelope/>' >image.ovf"
    .. " && echo sums >image.mf && tar czf image image.ovf image.mf image-disk1.vmdk",
}

local MF = [[
---
name: %s
version: '%s'
bosh_protocol: 1
api_version: 3
sha1: %s
operating_system: %s
stemcell_formats:
%scloud_properties:
  name: %s
  version: '%s'
  infrastructure: %s
  hypervisor: %s
  disk: 5120
  disk_format: %s
  container_format: bare
  os_type: linux
  os_distro: ubuntu
  architecture: x86_64
  auto_disk_config: true
  root_device_name: "/dev/sda1"
]]

-- What was made already, by what it is: { [words] = path }. It goes when the program ends.
local kept = setmetatable({}, { __gc = function(list)
  for _, path in pairs(list) do os.remove(path) end
end })

local function words_of(value)
  if type(value) ~= "table" then return tostring(value) end
  local words = {}
  for key, inner in pairs(value) do words[#words + 1] = key .. "=" .. words_of(inner) end
  table.sort(words)
  return "{" .. table.concat(words, ",") .. "}"
end

local make

function stemcells.make(directory, file, what)
  what = what or {}
  what.infrastructure = what.infrastructure or "openstack"
  local words = words_of(what)
  if not kept[words] then
    kept[words] = os.tmpname()
    make(directory, file, what)
    must("cp '%s/%s' '%s'", directory, file, kept[words])
  else
    must("cp '%s' '%s/%s'", kept[words], directory, file)
  end
  return directory .. "/" .. file
end

function make(directory, file, what)
  local work = must("mktemp -d '%s/making.XXXXXX'", directory):match "%S+"
  make_root(work, what)
  make_disk(work, what)
  must("cd '%s' && %s", work, PACKINGS[what.packing or "openstack"])
  local name = what.name or ("bosh-%s-kvm-ubuntu-jammy-go_agent"):format(what.infrastructure)
  local formats = ""
  for _, one in ipairs(what.formats or { "openstack-qcow2", "openstack-raw" }) do formats = formats .. "- " .. one .. "\n" end
  local sum = must("sha1sum '%s/image'", work):match "%x+"
  write(work .. "/stemcell.MF", MF:format(name, what.version or "1.943", sum, what.system or "ubuntu-jammy", formats, name,
    what.version or "1.943", what.infrastructure, what.hypervisor or "kvm", what.disk_format or "qcow2"))
  write(work .. "/packages.txt", "ii  bash\n")
  write(work .. "/dev_tools_file_list.txt", "/usr/bin/gcc\n")
  must("cd '%s' && tar czf '%s/%s' stemcell.MF packages.txt dev_tools_file_list.txt image && rm -rf '%s'", work, directory, file, work)
end

return stemcells
