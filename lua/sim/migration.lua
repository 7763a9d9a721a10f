-- Volumes that move from pool to pool: migrateVolume and the pools that it may go to. Root admins only, from 4.18 on.
local infrastructure = require "sim.infrastructure"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local placement = require "sim.placement"
local refusal = require "sim.refusal"
local volume_rows = require "sim.volume_rows"

local migration = {}

local function is_running(volume)
  return volume.vm ~= nil and volume.vm.state == "Running"
end

local function refuse_migration(m, volume, pool, arguments)
  if volume.ghost or volume.removed then refusal.invalid("Failed to find the volume id: %d", volume.number) end
  if volume.state ~= "Ready" then refusal.invalid "Volume must be in ready state" end
  if volume.pool == pool then
    refusal.invalid("Volume %s is already on the destination storage pool", volume_rows.described(volume))
  end
  if is_running(volume) then
    if m.world.hypervisor == "KVM" then
      refusal.invalid("KVM does not support volume live migration due to the limited possibility to refresh VM XML domain. "
        .. "Therefore, to live migrate a volume between storage pools, one must migrate the VM to a different host as well to "
        .. "force the VM XML domain update. Use 'migrateVirtualMachineWithVolumes' instead.")
    elseif not arguments.livemigrate then
      refusal.invalid("The volume %sis attached to a vm and for migrating it the parameter livemigrate should be specified",
        volume_rows.described(volume))
    end
  end
  if not infrastructure.has_room(m, pool, volume.size) then
    refusal.internal("Storage pool %s does not have enough space to migrate volume %s", pool.name, volume.name)
  end
end

-- The id stays, the date of creation is that of the move.
local function migrate(m, call)
  local arguments = call.arguments
  local volume, pool = arguments.volumeid, arguments.storageid
  local function refuse() refuse_migration(m, volume, pool, arguments) end
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume", queue = volume.vm, check = refuse,
    begin = function()
      refuse()
      volume.state = "Migrating"
    end,
    finish = function()
      volume.state, volume.pool, volume.placed = "Ready", pool, m:now()
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
    cancel = function() volume.state = "Ready" end,
    half = function() end, -- it stays Migrating
  }))
end

-- Every other pool of the zone; whether one suits is said with it.
local function find_pools(m, call)
  local volume = call.arguments.id
  local found = m:rows("pool", function(pool)
    return volume.pool ~= nil and pool.zone == volume.zone and pool ~= volume.pool
  end)
  return lists.answer(m, call, "storagepool", found, function(pool)
    local row = infrastructure.pool_row(m, pool)
    row.suitableformigration = placement.has_tags(pool, volume.offering) and infrastructure.has_room(m, pool, volume.size)
    return row
  end)
end

migration.commands = {
  { name = "migrateVolume", admin = true, open_before = "4.18", run = migrate,
    class = "org.apache.cloudstack.api.command.user.volume.MigrateVolumeCmd",
    admin_class = "org.apache.cloudstack.api.command.admin.volume.MigrateVolumeCmdByAdmin", parameters = {
      { "volumeid", "uuid", of = "volume", required = true, acl = true },
      { "storageid", "uuid", of = "pool", required = true }, { "livemigrate", "boolean" },
    } },
  { name = "findStoragePoolsForMigration", admin = true, run = find_pools, parameters = lists.parameters {
    { "id", "uuid", of = "volume", required = true },
  } },
}

return migration
