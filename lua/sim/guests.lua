-- What a program that plays the guests hears: the VM as a hypervisor has it, and what happens to it.
local networks = require "sim.networks"
local nics = require "sim.nics"

local guests = {}

local SERIAL = 20 -- characters: what virtio-blk has room for

-- A disk's serial in the guest. KVM alone sets one: the volume's id without dashes, cut (LibvirtComputingResource, diskUuidToSerial).
local function serial(m, volume)
  return m.world.hypervisor == "KVM" and volume.id:gsub("%-", ""):sub(1, SERIAL) or ""
end

-- Where the image lies that the volume began as; nowhere where images are not kept, or it was never uploaded.
local function image(m, template)
  local uploaded = template.uploaded
  return m.images and uploaded and uploaded.sha256 and ("%s/%s"):format(m.images, uploaded.sha256) or ""
end

local function joined(list, separator) return table.concat(list, separator or ",") end

local function prefix(network) return network.cidr and network.cidr:match "/(%d+)$" or "" end

local function described_nic(nic)
  local network = nic.network
  return joined({ nic.mac, network.id, nic.address or "", prefix(network), network.gateway or "", nic.address6 or "",
    network.ip6 and network.ip6.gateway or "" }, "/")
end

local function described_volume(m, volume)
  return ("%d/%s/%d/%s"):format(volume.device, volume.id, volume.size, serial(m, volume))
end

-- The NICs with the default one first, as VM_NICS has them.
local function default_first(list)
  local out = {}
  for _, wanted in ipairs { true, false } do
    for _, nic in ipairs(list) do
      if (nic.is_default or false) == wanted then out[#out + 1] = nic end
    end
  end
  return out
end

local function described_nics(m, vm)
  local addresses, all = {}, {}
  local list = nics.of(m, vm)
  for i, nic in ipairs(list) do addresses[i] = nic.address end
  for i, nic in ipairs(default_first(list)) do all[i] = described_nic(nic) end
  return joined(addresses), joined(all)
end

local function described_volumes(m, vm)
  local list = m:rows_by("volume", "vm", vm)
  table.sort(list, function(a, b) return a.device < b.device end)
  local out = {}
  for i, volume in ipairs(list) do out[i] = described_volume(m, volume) end
  return joined(out)
end

local function has_config_drive(m, vm)
  for _, nic in ipairs(nics.of(m, vm)) do
    if networks.has_config_drive(nic.network) then return "yes" end
  end
  return ""
end

-- The environment of the program: texts only. docs/simulator.md has the list.
local function environment(m, vm)
  local addresses, all = described_nics(m, vm)
  return {
    VM_ID = vm.id, VM_NAME = vm.name, VM_ADDRESSES = addresses, VM_NICS = all, VM_VOLUMES = described_volumes(m, vm),
    VM_CPUS = ("%d"):format(vm.cpu), VM_MEMORY = ("%d"):format(vm.memory),
    VM_HOST = vm.host and vm.host.name or "", VM_TEMPLATE = vm.template.id, VM_IMAGE = image(m, vm.template),
    VM_CONFIG_DRIVE = has_config_drive(m, vm), VM_USERDATA_URL = ("%s/latest/user-data?vm=%s"):format(m.base_url, vm.id),
    VM_METADATA_URL = ("%s/latest/meta-data/"):format(m.base_url), VM_METADATA_QUERY = "vm=" .. vm.id,
  }
end

local function announce(m, what, vm, more)
  local variables = environment(m, vm)
  for name, value in pairs(more or {}) do variables[name] = value end
  m:announce { event = what, vm_id = vm.id, vm_name = vm.name, environment = variables }
end

-- start(m, vm), stop(m, vm): the VM runs from now on, or no longer.
function guests.start(m, vm) announce(m, "start", vm) end
function guests.stop(m, vm) announce(m, "stop", vm) end

-- attach, detach and resize(m, vm, volume): what happens to a disk of a VM that runs. It may have lost the volume already,
-- so the device is given where it has.
local function disk_event(what)
  return function(m, vm, volume, device)
    announce(m, what, vm, { VOLUME_ID = volume.id, VOLUME_DEVICE = ("%d"):format(device or volume.device),
      VOLUME_SIZE = ("%d"):format(volume.size), VOLUME_SERIAL = serial(m, volume) })
  end
end

guests.attach, guests.detach, guests.resize = disk_event "attach", disk_event "detach", disk_event "resize"

return guests
