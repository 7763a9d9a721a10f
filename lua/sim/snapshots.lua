-- Snapshots of volumes: createSnapshot, deleteSnapshot, listSnapshots.
local dates = require "sim.dates"
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local lists = require "sim.lists"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"
local tag_store = require "sim.tags"
local volume_rows = require "sim.volume_rows"
local zones = require "sim.zones"

local snapshots = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.snapshot."

-- Snapshot {...} as it stands in error texts
local function described(snapshot)
  return ('Snapshot {"id":%d,"name":"%s","state":"%s","uuid":"%s","version":"2.2","volumeId":%d}'):format(snapshot.number,
    snapshot.name, snapshot.state, snapshot.id, snapshot.volume.number)
end

local function row(m, snapshot, state)
  local volume = snapshot.volume
  local out = {
    id = snapshot.id, volumeid = volume.id, volumename = volume.name, volumetype = volume.type, volumestate = volume.state,
    created = m:date(snapshot.created), name = snapshot.name, intervaltype = "MANUAL", state = state or snapshot.state,
    physicalsize = 0, virtualsize = snapshot.size, revertable = false, tags = tags.rows(m, snapshot, "Snapshot"),
    hasannotations = false,
  }
  zones.show(out, snapshot.zone)
  accounts.show_owner(out, snapshot.account)
  return out
end

-- A job shows tags by key and value alone, and of a detached volume's snapshot as it was in the beginning.
local function job_row(m, snapshot)
  local out = row(m, snapshot, not snapshot.volume.vm and "Allocated" or nil)
  out.snapshottype = "MANUAL"
  for i, tag in ipairs(out.tags) do out.tags[i] = { key = tag.key, value = tag.value } end
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- createSnapshot

local function refuse_volume(volume)
  if volume.ghost or volume.removed then
    refusal.invalid("Creating snapshot failed due to volume:%d doesn't exist", volume.number)
  end
  if volume.state ~= "Ready" then
    refusal.invalid("Volume: %s is not in Ready state but %s. Cannot take snapshot.", volume_rows.described(volume),
      volume.state)
  end
end

-- KVM snapshots a volume in use only where the settings say so, as newer versions do by themselves.
local function refuse_running(m, volume)
  local is_running = volume.vm and volume.vm.state == "Running"
  if is_running and m.world.hypervisor == "KVM" and not m:setting "kvm.snapshot.enabled" then
    refusal.internal("KVM Snapshot is not supported for Running VMs. It is disabled by default due to a possible volume "
      .. "corruption in certain cases. To enable it set global settings kvm.snapshot.enabled to True. See the "
      .. "documentation for more details.")
  end
end

local function default_name(m, volume)
  local stamp = dates.zoned(m:now()):gsub("%+%d+$", ""):gsub("%D", "")
  return ("%s_%s_%s"):format(volume.vm and volume.vm.name or "detached", volume.name, stamp)
end

-- The snapshot exists when its job is made; one whose job fails stays, in Error.
local function create(m, call)
  local arguments, volume = call.arguments, call.arguments.volumeid
  refuse_volume(volume)
  accounts.owner(m, call) -- whose it is to be has to exist; it is the volume's owner's
  if arguments.locationtype then
    refusal.invalid("VolumeId: %d LocationType is supported only for managed storage", volume.number)
  end
  limits.check(m, volume.account, { snapshot = 1 })
  local snapshot = m:add("snapshot", {
    volume = volume, account = volume.account, zone = volume.zone, size = volume.size, state = "Allocated",
    name = arguments.name or default_name(m, volume),
  })
  return jobs.created(jobs.start(m, call, {
    instance = snapshot, instance_type = "Snapshot", queue = volume.vm,
    begin = function()
      refuse_running(m, volume)
      snapshot.state = "Creating"
    end,
    middle = function() snapshot.state = "BackingUp" end,
    cancel = function() snapshot.state = "Error" end,
    half = function() snapshot.state = "BackingUp" end,
    finish = function()
      snapshot.state = "BackedUp"
      tag_store.put(snapshot, arguments.tags or {}, snapshot.account)
      return { snapshot = job_row(m, snapshot) }
    end,
  }), snapshot)
end

-- ---------------------------------------------------------------------------------------------------------
-- deleteSnapshot, listSnapshots

local function refuse_delete(snapshot)
  if snapshot.ghost then refusal.invalid("unable to find a snapshot with id %d", snapshot.number) end
  if snapshot.removed then refusal.invalid("Snapshot [%s] is already destroyed", described(snapshot)) end
  if snapshot.state == "Creating" or snapshot.state == "BackingUp" then
    refusal.invalid("Can't delete snapshotshot %d due to it is in %s Status", snapshot.number, snapshot.state)
  end
end

local function delete(m, call)
  local snapshot = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = snapshot, instance_type = "Snapshot",
    check = function() refuse_delete(snapshot) end,
    finish = function()
      refuse_delete(snapshot)
      snapshot.state, snapshot.tags = "Destroyed", nil
      m:remove(snapshot)
      return { success = true }
    end,
  }))
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = lists.rows(m, "snapshot", arguments, function(snapshot)
    return mine(snapshot) and lists.fits(snapshot, arguments)
      and (not arguments.volumeid or snapshot.volume == arguments.volumeid)
      and (not arguments.zoneid or snapshot.zone == arguments.zoneid)
  end)
  return lists.answer(m, call, "snapshot", found, function(snapshot) return row(m, snapshot) end)
end

snapshots.commands = {
  { name = "createSnapshot", run = create, class = PACKAGE .. "CreateSnapshotCmd", parameters = {
    { "volumeid", "uuid", of = "volume", required = true, acl = true }, { "name", "string", since = "4.9.3" },
    { "tags", "map", since = "4.15" }, { "locationtype", "string", since = "4.11.3" },
    { "asyncbackup", "boolean", since = "4.11.3", ignored = true }, { "quiescevm", "boolean", ignored = true },
    { "account", "string" }, { "domainid", "uuid", of = "domain" },
  } },
  { name = "deleteSnapshot", run = delete, class = PACKAGE .. "DeleteSnapshotCmd", parameters = {
    { "id", "uuid", of = "snapshot", required = true, acl = true },
  } },
  { name = "listSnapshots", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "snapshot" }, { "ids", "uuids", of = "snapshot", since = "4.9" }, { "name", "string" },
    { "volumeid", "uuid", of = "volume" }, { "zoneid", "uuid", of = "zone" }, { "tags", "map" },
  } },
}

return snapshots
