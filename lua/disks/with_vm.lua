-- The disks that are made with a VM: its root disk and the ephemeral one. An aspect of a VM, as vm/aspects.lua has them.

local disk_choice = require "disks.choice"
local offerings = require "cloudstack.offerings"
local volumes = require "cloudstack.volumes"

local vm_disks = { name = "disks" }

vm_disks.properties = { disk = "megabytes", ephemeral_disk_offering = "text", root_disk_size = "megabytes", disk_offering = "text" }

local function wants_ephemeral(properties)
  return (properties.disk or 0) > 0 or properties.ephemeral_disk_offering ~= nil
end

-- Disk offerings, where an ephemeral disk is wanted.
function vm_disks.ask(_, order)
  return { disk_offerings = wants_ephemeral(order.properties) and offerings.disk_request() or nil }
end

local function ephemeral(cpi, order, found)
  local properties = order.properties
  if not wants_ephemeral(properties) then return nil end
  local megabytes = properties.disk or 0
  return disk_choice(cpi, "ephemeral", {
    explicit = properties.ephemeral_disk_offering, zone = found.zone, limits = found.can.custom_disk, offerings = found.disk_offerings,
    size = megabytes > 0 and offerings.gigabytes(megabytes) or nil, instance = order.instance,
  })
end

-- { ephemeral = { offering, size }, root_gb }. Without an ephemeral disk the agent uses the rest of the root disk; without root_gb
-- that one is as large as its template.
function vm_disks.plan(cpi, order, found)
  local root = order.properties.root_disk_size or 0
  return { ephemeral = ephemeral(cpi, order, found), root_gb = root > 0 and offerings.gigabytes(root) or nil }
end

function vm_disks.parameters(_, _, _, plan)
  local made = plan.disks.ephemeral
  return { rootdisksize = plan.disks.root_gb, diskofferingid = made and made.offering.id, size = made and made.size }
end

-- The disks that CloudStack made with a VM, among its volumes.
function vm_disks.made_with(rows)
  local list = {}
  for _, volume in ipairs(rows) do
    if volumes.is_ephemeral(volume) then list[#list + 1] = volume end
  end
  return list
end

return vm_disks
