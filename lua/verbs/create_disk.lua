-- create_disk(size, cloud_properties, vm_cid): a persistent disk of at least `size` MB, in the zone of the VM
-- that it is for, else in the default zone; returns its CID. It is on no host and in no pool yet: CloudStack places it when
-- it is first attached, where the VM can reach it.

local admission = require "disks.admission"
local arguments = require "request.arguments"
local capabilities = require "cloudstack.capabilities"
local creation = require "made.creation"
local director_mark = require "made.marks"
local disk_choice = require "disks.choice"
local disk_order = require "disks.order"
local errors = require "errors"
local exact = require "cloudstack.exact"
local instance_tags = require "cloudstack.instance_tags"
local naming = require "made.names"
local offerings = require "cloudstack.offerings"
local refusals = require "cloudstack.refusals"
local tables = require "base.tables"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"
local zones = require "cloudstack.zones"

-- The decisions over a new disk; what their policies need is asked for with the rest.
local DECISIONS = { "disk", "disk_offering", "names" }

-- The VM's zone when there is a VM, the disk's own `zone` property, or the default. No VM of another zone could have it.
local function zone_for(cpi, found, order, vm)
  local zone = zones.pick(found.zones, order.properties.zone or vm and vm.zoneid or cpi.settings.cloudstack.default_zone)
  if vm and vm.zoneid ~= zone.id then
    error(errors.cloud("the disk is for VM '%s' in zone '%s', but cloud_properties of the disk name zone '%s'", vm.name,
      tostring(vm.zonename), zone.name))
  end
  return zone
end

-- The VM and its offering are asked for with the rest: which storage a disk is on decides which host can have it.
local function look_up(cpi, order, vm_cid)
  local requests = { zones = zones.request(), offerings = offerings.disk_request(), capabilities = capabilities.request() }
  if vm_cid then
    requests.vms = vms.request(vm_cid)
    if not order.properties.disk_offering or cpi.decide.is_by_site "disk" then requests.services = offerings.service_request() end
  end
  local usage = next(cpi.decide.needs(DECISIONS)) and require "cloudstack.usage"
  local more = usage and usage.requests(cpi, DECISIONS, order.instance, vm_cid ~= nil) -- the tags of the VM say of which deployment it is
  for name, request in pairs(more or {}) do requests[name] = request end
  return cpi.cloudstack:gather(requests)
end

local function facts_of(vm, services)
  if not vm then return nil end
  local service = services and exact.one(services, vm.serviceofferingid, "service offering") or {}
  return { name = vm.name, offering = service.name, storage = service.storagetype, host = vm.hostname }
end

-- Creates the volume and tags it while CloudStack is at work. What a failed create leaves is looked for by
-- its name, which is ours alone, and removed.
local function create(cpi, disk_cid, choice, zone, owned, undo) -- owned: the tags
  local client = cpi.cloudstack
  local entry, task = cpi.journal.open { kind = "disk", name = disk_cid }, nil
  undo.add("disk " .. disk_cid, function()
    local left = volumes.find(cpi, disk_cid)
    if left then volumes.delete_all(cpi, { left }) end
    -- Where nobody could say what became of it, the disk may still appear: then the journal keeps its entry.
    if left or not task or not task.failure or not client.is_open(task.failure) then entry.close() end
  end)
  task = client:start({ {
    "createVolume", { name = disk_cid, zoneid = zone.id, diskofferingid = choice.offering.id, size = choice.size },
    job = true, entry = entry, what = "creating disk " .. disk_cid,
    find = function() return volumes.find(cpi, disk_cid) end,
    timeout = cpi.settings.cloudstack.timeout.create_volume,
  } })[1]
  local tagging = task.id and client:start { tags.create_request(cpi, "Volume", task.id, owned) } or {}
  client:wait { task, table.unpack(tagging) }
  if task.failure then
    if refusals.is(task.failure, "no_storage_for_disk") then
      error(errors.no_disk_space("%s", client.say(task.failure)))
    end
    client.raise(task.failure, task.request.what)
  end
  if not tagging[1] or tagging[1].failure then tags.merge(cpi, "Volume", { id = task.id, name = disk_cid }, owned) end
end

return function(cpi, size, cloud_properties, vm_cid)
  local null = cpi.json.null
  local order = disk_order.read(cpi, "size", size, cloud_properties)
  vm_cid = vm_cid ~= nil and vm_cid ~= null and vm_cid ~= "" and arguments.text("vm_cid", vm_cid) or nil

  local found = look_up(cpi, order, vm_cid)
  local vm = vm_cid and vms.pick(found.vms, vm_cid)
  if vm_cid and not vm then
    cpi.log.warn("VM '%s', which the disk is for, is not in CloudStack: the disk goes where it would go without it", vm_cid)
  end
  order.instance = tables.with(vm and instance_tags.of(vm) or {}, order.instance)
  if next(cpi.decide.needs(DECISIONS)) then order.instance = require("cloudstack.usage").read(cpi, found, order.instance) end
  order = admission(cpi, "create_disk", order, { vm = vm and { name = vm.name, zone = vm.zonename, offering = vm.serviceofferingname } })
  local zone = zone_for(cpi, found, order, vm)
  local choice = disk_choice(cpi, "persistent", {
    explicit = order.properties.disk_offering, size = order.gigabytes, zone = zone, offerings = found.offerings,
    limits = capabilities.read(found.capabilities).custom_disk, vm = facts_of(vm, found.services), instance = order.instance,
  })
  return creation(cpi, cpi.settings.cloudstack.timeout.create_volume, function(undo)
    local disk_cid = volumes.new_cid(director_mark.uuid(cpi))
    create(cpi, disk_cid, choice, zone, naming.of(cpi, "disk", disk_cid, { instance = order.instance }).tags, undo)
    return disk_cid
  end)
end
