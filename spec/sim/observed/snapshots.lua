-- Snapshots, a volume's change of offering, and its move to another pool, with the refusals that were seen.
local steps = require "spec.sim.observed.steps"
local call, vm, disk, attach, on_disk, on_vm = steps.call, steps.vm, steps.disk, steps.attach, steps.on_disk, steps.on_vm
local NOBODY, ABSENT, unresolved = steps.NOBODY, steps.ABSENT, steps.unresolved

local attached = { vm "vm-one", disk "disk-1", attach() }
local detached = { vm "vm-one", disk "disk-1", attach(), on_disk "detachVolume" }

local function with(given, ...)
  local all = table.move(given, 1, #given, 1, {})
  return table.move({ ... }, 1, select("#", ...), #all + 1, all)
end

local function snapshot(more, how)
  local params = { volumeid = "$disk" }
  for key, value in pairs(more or {}) do params[key] = value end
  return call("createSnapshot", params, how)
end

local function snap(more) return snapshot(more, { as = "snap" }) end
local function on_snap(command, how) return call(command, { id = "$snap" }, how) end
local function listed(has) return { { call("listSnapshots", { volumeid = "$disk" }), has = has } } end

local function change(offering, more, how)
  local params = { id = "$disk", diskofferingid = "$disk." .. offering }
  for key, value in pairs(more or {}) do params[key] = value end
  return call("changeOfferingForVolume", params, how)
end

local SHRINK = "Going from existing size of %d to size of %d would shrink the volume.Need to sign off by supplying the "
  .. "shrinkok parameter with value of true."

local function move(how) return call("migrateVolume", { volumeid = "$disk", storageid = "$pool" }, how) end
local pools = call("findStoragePoolsForMigration", { id = "$disk" }, { by = "admin", keep = { pool = "storagepool.1.id" } })

return {
  -- snapshots
  { "the snapshot of an attached volume", given = attached, snapshot { name = "snap-1" },
    has = { ["snapshot.name"] = "snap-1", ["snapshot.state"] = "BackedUp", ["snapshot.snapshottype"] = "MANUAL",
      ["snapshot.volumename"] = "disk-1", ["snapshot.volumestate"] = "Ready", ["snapshot.virtualsize"] = 1073741824,
      ["snapshot.revertable"] = false },
    left = listed { count = 1, ["snapshot.1.state"] = "BackedUp", ["snapshot.1.snapshottype"] = ABSENT } },
  { "the snapshot of a detached volume, whose job tells of an early state", given = detached,
    snapshot { name = "snap-unattached" }, has = { ["snapshot.state"] = "Allocated" } },
  { "a volume that was never attached has no snapshot", given = { disk "fl2-s" }, snapshot(), status = 431,
    cserrorcode = 4350, errortext = "Volume: Volume {..} is not in Ready state but Allocated. Cannot take snapshot.",
    left = { { call("listSnapshots", { volumeid = "$disk" }), empty = true } } },
  { "two snapshots may have one name", given = with(attached, snapshot { name = "s" }), snapshot { name = "s" },
    has = { ["snapshot.name"] = "s" }, left = listed { count = 2 } },
  { "tags come with the snapshot, and their job tells less of them than the list", given = attached,
    snapshot { ["tags[0].key"] = "k", ["tags[0].value"] = "v" },
    has = { ["snapshot.tags.1.key"] = "k", ["snapshot.tags.1.value"] = "v", ["snapshot.tags.1.resourcetype"] = ABSENT },
    left = { { call("listSnapshots", { ["tags[0].key"] = "k", ["tags[0].value"] = "v" }),
      has = { count = 1, ["snapshot.1.tags.1.resourcetype"] = "Snapshot" } } } },
  { "a place for the snapshot is for managed storage", given = attached, snapshot { locationtype = "primary" }, status = 431,
    cserrorcode = 4350, errortext = "VolumeId: %d LocationType is supported only for managed storage" },
  { "an unknown volume has no snapshot", call("createSnapshot", { volumeid = NOBODY }), status = 431, cserrorcode = 9999,
    errortext = unresolved("createSnapshot", "volumeid", NOBODY) },
  { "the limit of snapshots is kept", limits = { snapshot = 0 }, given = attached, snapshot(), status = 535,
    cserrorcode = 4370,
    errortext = "Maximum amount of resources of Type = 'snapshot', tag = 'null' for Account Name = bosh in Domain Id = %d is "
      .. "exceeded: Account Resource Limit = 0, Current Account Resource Amount = 0, Current Account Resource Reservation = "
      .. "0, Requested Resource Amount = 1." },
  { "a snapshot is deleted", given = with(attached, snap()), on_snap "deleteSnapshot", has = { success = true },
    left = { { call("listSnapshots", { volumeid = "$disk" }), empty = true } } },
  { "deleting a snapshot twice fails", given = with(attached, snap(), on_snap "deleteSnapshot"), on_snap "deleteSnapshot",
    job = { code = 431, errortext = "Snapshot [Snapshot {..}] is already destroyed" } },
  { "an unknown snapshot is no empty list", call("listSnapshots", { id = NOBODY }), status = 431, cserrorcode = 9999,
    errortext = unresolved("listSnapshots", "id", NOBODY) },

  -- another offering
  { "an Allocated volume gets another offering", given = { disk "cv" }, change "shared.small",
    has = { ["volume.state"] = "Allocated", ["volume.size"] = 21474836480, ["volume.diskofferingname"] = "shared.small" } },
  { "a volume of a Stopped VM gets another offering and size", given = with(attached, on_vm "stopVirtualMachine",
      change "shared.small"), change("shared.custom", { size = 30 }),
    has = { ["volume.state"] = "Ready", ["volume.size"] = 32212254720, ["volume.virtualmachineid"] = "$vm",
      ["volume.diskofferingname"] = "shared.custom" } },
  { "another offering does not shrink", given = { disk("cv", { size = 8 }) }, change("shared.custom", { size = 1 }),
    job = { code = 431, errortext = SHRINK:format(8589934592, 1073741824) } },
  { "a signature is no help there", given = { disk("cv", { size = 8 }) },
    change("shared.custom", { size = 1, shrinkok = true }),
    job = { code = 530, errortext = "Volume disk offering change operation failed for volume ID [$disk] because the volume "
      .. "resize operation failed." } },
  { "the size of a fixed offering counts, not the one asked", given = { disk("cv", { size = 30 }) },
    change("shared.small", { size = 40 }), job = { code = 431, errortext = SHRINK:format(32212254720, 21474836480) } },
  { "the same offering is refused", given = { disk("cv", { diskofferingid = "$disk.shared.small", size = ABSENT }) },
    change "shared.small", job = { code = 431, errortext = "Volume Volume {..} is already having disk offering "
      .. "$disk.shared.small" } },
  { "resizeVolume takes another offering, too", given = detached,
    on_disk("resizeVolume", { diskofferingid = "$disk.shared.medium" }),
    has = { ["volume.size"] = 53687091200, ["volume.diskofferingname"] = "shared.medium" } },

  -- another pool
  { "a root admin moves a detached volume", given = with(detached, pools), move { by = "admin" },
    has = { ["volume.id"] = "$disk", ["volume.storageid"] = "$pool", ["volume.state"] = "Ready" } },
  { "all pools but its own are there for a volume", given = detached, pools,
    has = { count = 7, ["storagepool.1.suitableformigration"] = true } },
}
