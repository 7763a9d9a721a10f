-- Volumes by themselves: create, delete, destroy, recover, list.
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local lists = require "sim.lists"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local vm_resources = require "sim.vm_resources"
local volume_rows = require "sim.volume_rows"

local volumes = {}

local GIB = 1024 * 1024 * 1024
local USER = "org.apache.cloudstack.api.command.user.volume."
local ADMIN = "org.apache.cloudstack.api.command.admin.volume."

-- ---------------------------------------------------------------------------------------------------------
-- createVolume

local function refuse_zone(owner, offering, zone)
  if offering and offering.zone and offering.zone ~= zone then
    refusal.denied("Access denied to %s for disk offering: DiskOffering {\"id\":%d,\"name\":\"%s\",\"uuid\":\"%s\"}., "
      .. "zone: Zone {\"id\": \"%d\", \"name\": \"%s\", \"uuid\": \"%s\"}", accounts.described(owner), offering.number,
      offering.name, offering.id, zone.number, zone.name, zone.id)
  end
  if zone.allocationstate ~= "Enabled" then
    refusal.denied("Cannot perform this operation, Zone is currently disabled: Zone {\"id\": \"%d\", \"name\": \"%s\", "
      .. "\"uuid\": \"%s\"}", zone.number, zone.name, zone.id)
  end
end

local function size_of(m, offering, gigabytes)
  if not offering.customized then
    if gigabytes then refusal.invalid "This disk offering does not allow custom size" end
    return offering.size * GIB
  end
  if not gigabytes then refusal.invalid "This disk offering requires a custom size specified" end
  if gigabytes <= 0 then refusal.invalid "Disk size must be larger than 0" end
  vm_resources.refuse_custom_size(m, gigabytes)
  return gigabytes * GIB
end

-- The volume exists when its job is made, and stays when the job is refused.
local function refuse_snapshot(snapshot)
  if snapshot.ghost or snapshot.removed then refusal.invalid("unable to find a snapshot with id %d", snapshot.number) end
  if snapshot.state ~= "BackedUp" then
    refusal.invalid("Snapshot id=%d is not in BackedUp state yet and can't be used for volume creation", snapshot.number)
  end
end

-- What a volume is made from: an offering, or a snapshot, which brings its volume's offering and its size.
local function source_of(m, arguments)
  local snapshot = arguments.snapshotid
  if snapshot then
    refuse_snapshot(snapshot)
    return arguments.diskofferingid or snapshot.volume.offering, math.max(snapshot.size, (arguments.size or 0) * GIB)
  end
  local offering = arguments.diskofferingid
  if not offering then
    refusal.invalid "At least one of disk Offering ID or snapshot ID must be passed whilst creating volume"
  end
  return offering, size_of(m, offering, arguments.size)
end

-- One from a snapshot is written to a pool at once.
local function place_copy(m, volume)
  local host = m:first("host", function(one) return one.zone == volume.zone end)
  volume.pool = host and placement.pool(m, volume, host)
    or refusal.internal("Unable to find suitable primary storage when creating volume [{\"name\":\"%s\",\"uuid\":\"%s\"}].",
      volume.name, volume.id)
  volume.state, volume.placed = "Ready", m:now()
end

local function create(m, call)
  local arguments, owner = call.arguments, accounts.owner(m, call)
  local offering, size = source_of(m, arguments)
  local zone = arguments.zoneid or arguments.snapshotid and arguments.snapshotid.zone
  if not zone then refusal.invalid "Unable to find zone by id null" end
  refuse_zone(owner, offering, zone)
  local id = accounts.custom_id(m, call)
  limits.check(m, owner, { volume = 1, primary_storage = size })
  local volume = m:add("volume", {
    id = id, type = "DATADISK", offering = offering, size = size, state = "Allocated", account = owner,
    zone = zone, name = arguments.name or m:fresh_id(),
  })
  return jobs.created(jobs.start(m, call, {
    instance = volume, instance_type = "Volume",
    finish = function()
      if arguments.snapshotid then place_copy(m, volume) end
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
  }), volume)
end

-- ---------------------------------------------------------------------------------------------------------
-- deleteVolume, destroyVolume, recoverVolume

local function refuse_unknown(volume)
  if volume.ghost or volume.removed then refusal.invalid("Unable to find volume with ID: %d", volume.number) end
end

local function refuse_delete(m, volume, account)
  refuse_unknown(volume)
  if volume.vm then refusal.invalid "Please specify a volume that is not attached to any VM." end
  if volume.protected then
    refusal.invalid("Volume [id = %s, name = %s] has delete protection enabled and cannot be deleted.", volume.id, volume.name)
  end
  if not accounts.is_admin(account) and not m:setting "allow.user.expunge.recover.volume" then
    refusal.denied("Expunging a volume can only be done by an Admin. Or when the "
      .. "allow.user.expunge.recover.volume key is set.")
  end
  local busy = m:first_by("snapshot", "volume", volume, function(snapshot)
    return snapshot.state == "Creating" or snapshot.state == "BackingUp"
  end)
  if busy then
    refusal.invalid "There are snapshot operations in progress on the volume, unable to delete it"
  end
  if volume.state == "Attaching" then refusal.failed "Failed to delete volume: it is being attached" end
end

local function expunge(m, volume)
  volume.state, volume.pool, volume.tags = "Expunged", nil, nil
  m:remove(volume)
end

local function delete(m, call)
  local volume = call.arguments.id
  refuse_delete(m, volume, call.account)
  expunge(m, volume)
  return { success = true }
end

local function destroy(m, call)
  local volume, for_good = call.arguments.id, call.arguments.expunge
  local function refuse()
    refuse_delete(m, volume, call.account)
    if not for_good and not volume.pool then
      refusal.invalid "The volume in Allocated/Uploaded state can only be expunged not destroyed/recovered"
    end
  end
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume", check = refuse,
    finish = function()
      refuse()
      if for_good then expunge(m, volume) else volume.state, volume.destroyed_at = "Destroy", m:now() end
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
  }))
end

local function recover(m, call)
  local volume = call.arguments.id
  refuse_unknown(volume)
  if volume.state ~= "Destroy" then refusal.invalid "Please specify a volume in Destroy state." end
  volume.state, volume.destroyed_at = "Ready", nil
  return { volume = volume_rows.row(m, volume, call.account, true) }
end

-- ---------------------------------------------------------------------------------------------------------
-- listVolumes

local function fits_place(volume, arguments)
  local pool = volume.pool
  return (not arguments.zoneid or volume.zone == arguments.zoneid)
    and (not arguments.storageid or pool and pool.id == arguments.storageid)
    and (not arguments.clusterid or pool and pool.cluster == arguments.clusterid)
    and (not arguments.podid or pool and pool.pod == arguments.podid)
    and (not arguments.hostid or volume.vm and volume.vm.host == arguments.hostid)
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = lists.rows(m, "volume", arguments, function(volume)
    return mine(volume) and lists.fits(volume, arguments) and fits_place(volume, arguments)
      and (not arguments.virtualmachineid or volume.vm == arguments.virtualmachineid)
      and (not arguments.type or lists.same(volume.type, arguments.type))
      and (not arguments.state or lists.same(volume.state, arguments.state))
      and (not arguments.diskofferingid or volume.offering == arguments.diskofferingid)
  end)
  return lists.answer(m, call, "volume", found, function(volume) return volume_rows.row(m, volume, call.account) end)
end

local VOLUME = { "id", "uuid", of = "volume", required = true, acl = true }

volumes.commands = {
  { name = "createVolume", run = create, class = USER .. "CreateVolumeCmd",
    admin_class = ADMIN .. "CreateVolumeCmdByAdmin",
    parameters = {
      { "name", "string", field = "volumeName" }, { "diskofferingid", "uuid", of = "disk_offering" },
      { "size", "long" },
      { "zoneid", "uuid", of = "zone" }, { "snapshotid", "uuid", of = "snapshot" }, { "customid", "string" },
      { "account", "string" }, { "domainid", "uuid", of = "domain" }, { "projectid", "uuid", of = "project" },
    } },
  { name = "deleteVolume", run = delete, parameters = { VOLUME } },
  { name = "destroyVolume", since = "4.14", run = destroy, class = USER .. "DestroyVolumeCmd",
    admin_class = ADMIN .. "DestroyVolumeCmdByAdmin", parameters = { VOLUME, { "expunge", "boolean" } } },
  { name = "recoverVolume", since = "4.14", run = recover, parameters = { VOLUME } },
  { name = "listVolumes", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "volume" }, { "ids", "uuids", of = "volume", since = "4.9" }, { "name", "string" },
    { "virtualmachineid", "uuid", of = "vm" }, { "type", "string" }, { "state", "string", since = "4.15" },
    { "zoneid", "uuid", of = "zone" }, { "diskofferingid", "uuid", of = "disk_offering" },
    { "hostid", "uuid", of = "host" }, { "podid", "uuid", of = "pod" }, { "storageid", "string", admin = true },
    { "clusterid", "uuid", of = "cluster", admin = true }, { "tags", "map" },
  } },
}

return volumes
