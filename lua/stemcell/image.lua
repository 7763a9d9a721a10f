-- A stemcell's image file: which hypervisor it is for, which format CloudStack must be given, which file name it must see.
-- CloudStack checks the name's extension against the format, and the file against the name.
--
-- What the file begins with counts, and for what bzip2 or zip hide, the cloud properties. A gzipped tar is looked into:
-- with root.img in it (OpenStack's stemcells), that member is the image; with an OVF in it (vSphere's), it is an OVA.

local errors = require "errors"
local tables = require "base.tables"

local image = {}

-- BOSH's word for the hypervisor -> CloudStack's, and the formats that it runs, the usual one first.
local kinds = {
  xen = { hypervisor = "XenServer", formats = { "VHD" } },
  kvm = { hypervisor = "KVM", formats = { "QCOW2", "RAW" } },
  vmware = { hypervisor = "VMware", formats = { "OVA" } },
  simulator = { hypervisor = "Simulator", formats = { "VHD", "QCOW2", "OVA", "RAW" } },
}
local also = { xenserver = "xen", ["xen-hvm"] = "xen", qemu = "kvm", esxi = "vmware", vsphere = "vmware" }
local kind_of_format = { VHD = "xen", QCOW2 = "kvm", RAW = "kvm", OVA = "vmware" }
local extensions = { VHD = "vhd", QCOW2 = "qcow2", RAW = "raw", OVA = "ova" }

-- disk_format in the cloud properties -> CloudStack's format. What XenServer's stemcells call vhdx is a VHD.
local disk_formats = { vhd = "VHD", vhdx = "VHD", qcow2 = "QCOW2", raw = "RAW", ova = "OVA", ovf = "OVA" }

-- How a compressed file begins, and the extension and media type that go with it.
local packings = {
  { "BZh", "bz2", "application/x-bzip" },
  { "\x1F\x8B", "gz", "application/gzip" },
  { "PK\x03\x04", "zip", "application/zip" },
}

local function packing_of(head)
  for _, packing in ipairs(packings) do
    if head:sub(1, #packing[1]) == packing[1] then return packing[2], packing[3] end
  end
end

-- The name of a tar's first member, or nil.
local function tar_member(head)
  if head:sub(258, 262) ~= "ustar" then return nil end
  return (head:sub(1, 100):match "^[^%z]+" or ""):gsub("^%./", "")
end

local function refuse(format, ...) error(errors.cloud("the stemcell's image " .. format, ...)) end

-- The format of a disk image by its first bytes; nil where they do not show it.
local function format_of(head)
  if head:sub(1, 4) == "QFI\xFB" then return "QCOW2" end
  if head:sub(1, 8) == "conectix" then return "VHD" end
  local member = tar_member(head)
  if member and member:lower():find "%.ovf$" then return "OVA" end
  if head:sub(1, 8) == "vhdxfile" then refuse "is a VHDX, which XenServer does not take: it must be a VHD" end
  if head:sub(1, 4) == "KDMV" or head:sub(1, 21) == "# Disk DescriptorFile" then
    refuse "is a VMDK; CloudStack takes an OVA, with an OVF beside the disk"
  end
end

local function check(properties, key, allowed)
  local value = properties[key]
  if value and value:lower() ~= allowed then
    error(errors.cloud("cloud_properties of the stemcell: %s '%s' is not supported, only '%s'", key, value, allowed))
  end
end

-- The kind that cloud properties name, or nil.
local function kind_named(properties)
  local word = properties.hypervisor and properties.hypervisor:lower()
  if not word then return nil end
  return kinds[also[word] or word]
    or error(errors.cloud("cloud_properties of the stemcell: hypervisor '%s' is not supported, only xen, kvm, vmware", word))
end

-- kind of hypervisor and format, of what the image and the cloud properties say.
local function settle(properties, seen)
  local kind = kind_named(properties)
  local stated = properties.disk_format and disk_formats[properties.disk_format:lower()]
  local format = seen or stated or kind and kind.formats[1] or "VHD"
  kind = kind or kinds[kind_of_format[format]]
  if tables.place(kind.formats, format) then return kind, format end
  if seen then refuse("is a %s, hypervisor %s takes %s", format, kind.hypervisor, table.concat(kind.formats, " or ")) end
  return kind, kind.formats[1]
end

-- for_url(properties, url) -> { hypervisor, format } of an image that only CloudStack will see: by the URL's ending and
-- the cloud properties.
function image.for_url(properties, url)
  check(properties, "architecture", "x86_64")
  check(properties, "os_type", "linux")
  local name = url:gsub("[?#].*$", ""):lower():gsub("%.gz$", ""):gsub("%.bz2$", ""):gsub("%.zip$", "")
  local kind, format = settle(properties, disk_formats[name:match "%.(%w+)$"])
  return { hypervisor = kind.hypervisor, format = format }
end

-- What a gzipped file holds: its format, and the member that is the image, { name, size }, where it is an archive around
-- it. Its first bytes are gzip's and show nothing.
local function look_inside(cpi, path)
  local inside, why = cpi.images.inside(path)
  if not inside then error(errors.cpi("the stemcell image cannot be read: %s", why)) end
  if not inside.tar then return format_of(inside.head) end
  if not inside.name then refuse "is a gzipped tar with neither root.img nor an OVF in it" end
  if inside.name:lower():find "%.ovf$" then return "OVA" end
  return format_of(inside.head) or "RAW", { name = inside.name, size = inside.size }
end

local function readable(value, why)
  return value or error(errors.cpi("the stemcell image cannot be read: %s", why))
end

-- A function that returns the file's SHA-256 in hex. It takes as long as reading the file does, so it is worked out when
-- it is first asked for, and once.
local function checksum_of(cpi, path)
  local known
  return function()
    known = known or readable(cpi.images.checksum(path))
    return known
  end
end

-- read(cpi, path, properties) -> { path, size, hypervisor, format, extension, media_type, checksum(), member }
-- member: the name of the one that is the image, where the file is an archive around it; size is that one's then. Raises
-- CloudError for a stemcell that this cloud cannot run, CpiError for a file that cannot be read.
function image.read(cpi, path, properties)
  check(properties, "architecture", "x86_64")
  check(properties, "os_type", "linux")
  kind_named(properties)
  local file = readable(cpi.images.stat(path))
  if file.size == 0 then error(errors.cpi("the stemcell image %s is empty; a light stemcell names light_template", path)) end
  local packing, media_type = packing_of(file.head)
  local seen, member = format_of(file.head), nil
  if packing == "gz" then seen, member = look_inside(cpi, path) end
  if member then packing, media_type = nil, nil end
  local kind, format = settle(properties, seen)
  return {
    path = path, size = member and member.size or file.size, hypervisor = kind.hypervisor, format = format,
    checksum = checksum_of(cpi, path), member = member and member.name,
    extension = extensions[format] .. (packing and "." .. packing or ""),
    media_type = media_type or "application/octet-stream",
  }
end

return image
