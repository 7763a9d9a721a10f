-- Where the guest finds its disks, per hypervisor. Paths only: the agent's resolver of type "virtio" tries
-- /dev/sdX as xvdX, vdX and sdX, and follows any other path as it is (bosh-agent
-- platform/../devicepathresolver/mapped_device_path_resolver.go). All values are strings: the agent panics
-- on anything else.

local devices = {}

local function letter(deviceid)
  return string.char(("a"):byte() + deviceid)
end

-- What attach_disk answers: { path, volume_id }.
--   KVM        by serial, which CloudStack makes of the volume's uuid (20 hex digits): letters move there
--              with the order of the devices
--   XenServer  /dev/xvdX, as the Go CPI has reported to the director for every disk that is attached now
--   others     /dev/sdX
function devices.hint(hypervisor, volume_id, deviceid)
  local path = "/dev/sd" .. letter(deviceid)
  if hypervisor == "KVM" then
    path = "/dev/disk/by-id/virtio-" .. volume_id:gsub("%-", ""):sub(1, 20)
  elseif hypervisor == "XenServer" then
    path = "/dev/xvd" .. letter(deviceid)
  end
  return { path = path, volume_id = tostring(deviceid) }
end

-- The root disk and the disk made with the VM, for the agent settings: known before the VM exists.
devices.SYSTEM = "/dev/sda"
devices.EPHEMERAL = "/dev/sdb"

return devices
