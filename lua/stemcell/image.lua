-- A stemcell's image file: which hypervisor it is for, which format CloudStack must be told, which file name
-- it must see. CloudStack checks the name's extension against the format, and the file against the name.

local errors = require "errors"

local image = {}

-- BOSH's word for the hypervisor -> CloudStack's hypervisor, format and extension.
local kinds = {
  xen = { hypervisor = "XenServer", format = "VHD", extension = "vhd" },
  kvm = { hypervisor = "KVM", format = "QCOW2", extension = "qcow2" },
  vmware = { hypervisor = "VMware", format = "OVA", extension = "ova" },
  simulator = { hypervisor = "Simulator", format = "VHD", extension = "vhd" },
}
local also = { xenserver = "xen", ["xen-hvm"] = "xen", qemu = "kvm", esxi = "vmware", vsphere = "vmware" }

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

local function check(properties, key, allowed)
  local value = properties[key]
  if value and value:lower() ~= allowed then
    error(errors.cloud("cloud_properties of the stemcell: %s '%s' is not supported, only '%s'", key, value, allowed))
  end
end

-- read(cpi, path, properties) -> { path, size, hypervisor, format, extension, media_type }
-- Raises CloudError for a stemcell that this cloud cannot run, CpiError for a file that cannot be read.
function image.read(cpi, path, properties)
  check(properties, "architecture", "x86_64")
  check(properties, "os_type", "linux")
  local word = (properties.hypervisor or "xen"):lower()
  local kind = kinds[also[word] or word]
  if not kind then
    error(errors.cloud("cloud_properties of the stemcell: hypervisor '%s' is not supported, only xen, kvm, vmware", word))
  end
  local file, why = cpi.http.stat(path)
  if not file then error(errors.cpi("the stemcell image cannot be read: %s", why)) end
  if file.size == 0 then error(errors.cpi("the stemcell image %s is empty; a light stemcell names light_template", path)) end
  local packing, media_type = packing_of(file.head)
  return {
    path = path, size = file.size, hypervisor = kind.hypervisor, format = kind.format,
    extension = kind.extension .. (packing and "." .. packing or ""),
    media_type = media_type or "application/octet-stream",
  }
end

return image
