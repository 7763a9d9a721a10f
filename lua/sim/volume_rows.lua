-- How a volume is shown: where it is used, and for root admins where it lies.
local accounts = require "sim.accounts"
local zones = require "sim.zones"
local jobs = require "sim.jobs"
local tags = require "sim.tag_rows"

local volume_rows = {}

-- Volume {...} as it stands in error texts
function volume_rows.described(volume)
  local place = volume.vm and ("%d"):format(volume.vm.number) or "null"
  return ('Volume {"id":%d,"instanceId":%s,"name":"%s","uuid":"%s","volumeType":"%s"}')
    :format(volume.number, place, volume.name, volume.id, volume.type)
end

local function show_use(m, out, volume)
  local vm = volume.vm
  if not vm then return end
  out.deviceid, out.virtualmachineid, out.vmname, out.vmdisplayname = volume.device, vm.id, vm.name, vm.displayname
  out.vmstate, out.vmtype = vm.state, "User"
  out.attached = volume.attached and m:date(volume.attached)
  if volume.pool then out.diskkbsread, out.diskkbswrite, out.diskioread, out.diskiowrite = 0, 0, 0, 0 end
end

local function show_offering(out, volume)
  local disk = volume.offering
  if disk then
    out.diskofferingid, out.diskofferingname, out.diskofferingdisplaytext = disk.id, disk.name, disk.displaytext
  end
  if volume.type ~= "ROOT" then return end
  local template, service = volume.template, volume.vm and volume.vm.offering
  out.templateid, out.templatename, out.templatedisplaytext = template.id, template.name, template.displaytext
  if service then -- named by its internal number
    out.serviceofferingid, out.serviceofferingname = ("%d"):format(service.number), service.name
    out.serviceofferingdisplaytext = service.displaytext
  end
end

local function storage_of(volume)
  if volume.pool then return volume.pool.host and "local" or "shared" end
  if volume.offering then return volume.offering.storage end
  return volume.vm and volume.vm.offering.storage or "shared"
end

local function show_storage(m, out, volume)
  local pool = volume.pool
  out.storagetype, out.hypervisor = storage_of(volume), pool and m.world.hypervisor or "None"
  if not pool then return end
  out.storage, out.storageid, out.path = pool.name, pool.id, volume.path or volume.name
  if pool.cluster then
    out.clusterid, out.clustername = pool.cluster.id, pool.cluster.name
    out.podid, out.podname = pool.pod.id, pool.pod.name
  end
end

-- row(m, volume, account, full): full shows the storage to anybody, as one command does
function volume_rows.row(m, volume, account, full)
  local out = {
    id = volume.id, name = volume.name, type = volume.type, provisioningtype = "thin", size = volume.size,
    created = m:date(volume.placed or volume.created), state = volume.state, destroyed = volume.state == "Destroy",
    isextractable = volume.type ~= "ROOT", quiescevm = false, supportsstoragesnapshot = false, deleteprotection = volume.protected or false,
    tags = tags.rows(m, volume, "Volume"), hasannotations = false,
  }
  zones.show(out, volume.zone)
  accounts.show_owner(out, volume.account)
  show_use(m, out, volume)
  show_offering(out, volume)
  if account.role == "admin" or full then show_storage(m, out, volume) end
  if account.role == "admin" then out.displayvolume = true end
  jobs.show_pending(out, volume)
  return out
end

return volume_rows
