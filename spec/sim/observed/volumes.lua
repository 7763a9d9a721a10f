-- Volumes: making, attaching, detaching, resizing and deleting them, with every refusal that was seen.
local steps = require "spec.sim.observed.steps"
local call, vm, disk, attach, on_disk, on_vm, volume, deploy = steps.call, steps.vm, steps.disk, steps.attach, steps.on_disk,
  steps.on_vm, steps.volume, steps.deploy
local NOBODY, MASKED, ABSENT, unresolved = steps.NOBODY, steps.MASKED, steps.ABSENT, steps.unresolved

local ATTACHED = "Please specify a volume that is not attached to any VM."
local ROOT = "Root volume detach can happen only when vm is in states: Stopped or Destroyed"
local ONE_JOB = "5c57e85c-654d-4586-becd-ae26e6791e36"
local ONE_ID = "2fb28f40-8a5d-4c1e-b0f3-3d4e5f6a7b8c"

local function named(name, has)
  return { { call("listVolumes", { name = name, listall = true }, { by = "admin" }), has = has } }
end

local function nothing(name)
  return { { call("listVolumes", { name = name, listall = true }, { by = "admin" }), empty = true } }
end

local function now(has)
  return { { call("listVolumes", { id = "$disk" }), has = has } }
end

local function refused(sentence, name, more, text, cserrorcode)
  return { sentence, volume(name, more), status = 431, cserrorcode = cserrorcode or 4350, errortext = text,
    left = nothing(name) }
end

local function left_behind(name)
  return named(name, { count = 1, ["volume.1.state"] = "Allocated", ["volume.1.virtualmachineid"] = ABSENT })
end

local both = { vm "at-1", disk "at-d" }
local attached = { vm "at-1", disk "at-d", attach() }
local full = { vm "at-1" }
for i = 0, 5 do
  full[#full + 1] = volume("many-" .. i, {}, { as = "one" })
  full[#full + 1] = attach { id = "$one" }
end
local destroy = on_vm "destroyVirtualMachine"
local expunge = on_vm("destroyVirtualMachine", { expunge = true }, { by = "admin" })

local function attach_fails(sentence, given, more, code, text, left)
  return { sentence, given = given, attach(more), job = { code = code, errortext = text }, left = left }
end

return {
  -- making
  { "a new volume is Allocated and nowhere", volume "disk-1",
    has = { ["volume.state"] = "Allocated", ["volume.size"] = 1073741824, ["volume.type"] = "DATADISK",
      ["volume.deviceid"] = ABSENT } },
  { "a fixed offering gives the size", volume("disk-small", { diskofferingid = "$disk.shared.small", size = ABSENT }),
    has = { ["volume.size"] = 21474836480 } },
  { "two volumes may have one name", given = { disk "disk-1" }, volume "disk-1", has = { ["volume.name"] = "disk-1" },
    left = named("disk-1", { count = 2 }) },
  { "odd names are taken", volume "<script>x a/b naïve-名",
    has = { ["volume.name"] = "<script>x a/b naïve-名" } },
  refused("a custom offering needs a size", "disk-nosize", { size = ABSENT },
    "This disk offering requires a custom size specified"),
  refused("a size beyond the largest is refused", "disk-big", { size = 100000 },
    "Volume size: 100000 GB is out of allowed range. Min: 1. Max: 1024"),
  refused("a size of 0 is refused", "disk-zero", { size = 0 }, "Disk size must be larger than 0"),
  refused("a fixed offering takes no size", "disk-fix", { diskofferingid = "$disk.shared.small", size = 7 },
    "This disk offering does not allow custom size"),
  refused("an offering or a snapshot is needed", "x", { diskofferingid = ABSENT, size = ABSENT },
    "At least one of disk Offering ID or snapshot ID must be passed whilst creating volume"),
  refused("an unknown offering is refused", "x", { diskofferingid = NOBODY },
    unresolved("createVolume", "diskofferingid", NOBODY), 9999),
  refused("an unknown zone is refused", "x", { zoneid = NOBODY }, unresolved("createVolume", "zoneid", NOBODY), 9999),
  refused("a zone is needed", "x", { zoneid = ABSENT }, "Unable to find zone by id null"),
  { "a volume for another account is forbidden", volume("x", { account = "other", domainid = "$domain" }), status = 531,
    cserrorcode = 4365, errortext = steps.FORBIDDEN },
  { "a job id that was used leaves the volume behind", given = { volume("disk-1", { customjobid = ONE_JOB }) },
    volume("dup-job", { customjobid = ONE_JOB }), status = 530, cserrorcode = 9999, errortext = MASKED,
    left = left_behind "dup-job" },
  { "a root admin is told that the job id was used", given = { volume("disk-1", { customjobid = ONE_JOB }) },
    volume("a-dupjob", { customjobid = ONE_JOB }, { by = "admin" }), status = 530, cserrorcode = 9999,
    errortext = "Entity already exists ", left = left_behind "a-dupjob" },
  { "a malformed job id leaves the volume behind", volume("bad-job", { customjobid = "not-a-uuid" }), status = 431,
    cserrorcode = 4350, errortext = "UUID: not-a-uuid doesn't follow the UUID format", left = left_behind "bad-job" },
  { "a job id in upper case leaves the volume behind",
    volume("upper-job", { customjobid = "9E21D265-B7A6-4682-9435-69D86E1A4F1A" }), status = 431, cserrorcode = 4350,
    errortext = "UUID: 9E21D265-B7A6-4682-9435-69D86E1A4F1A doesn't follow the UUID format",
    left = left_behind "upper-job" },
  { "the job id of a job that runs leaves a second volume behind", latency = { createVolume = 5 },
    given = { volume("cc-vol", { customjobid = ONE_JOB }, { pending = true }) },
    volume("cc-vol", { customjobid = ONE_JOB }), status = 431, cserrorcode = 4350,
    errortext = "UUID: " .. ONE_JOB .. " already exists so can't create/update with custom id",
    left = named("cc-vol", { count = 2 }) },
  { "a lost reply is found by its job id", given = { volume("lost-v", { customjobid = ONE_JOB }) },
    call("queryAsyncJobResult", { jobid = ONE_JOB }), has = { jobstatus = 1, ["jobresult.volume.name"] = "lost-v" } },
  { "a user may not choose the volume's id", volume("cid-u", { customid = ONE_ID }), status = 531, cserrorcode = 4365,
    errortext = "Please check your permissions, you are not allowed to create/update custom id",
    left = nothing "cid-u" },
  { "a root admin may", volume("cid-a", steps.on_behalf { customid = ONE_ID }, { by = "admin" }),
    has = { ["volume.id"] = ONE_ID, ["volume.account"] = "bosh" } },
  { "an id that exists is refused and leaves nothing",
    given = { volume("cid-a", steps.on_behalf { customid = ONE_ID }, { by = "admin" }) },
    volume("cid-a2", steps.on_behalf { customid = ONE_ID }, { by = "admin" }), status = 431, cserrorcode = 4350,
    errortext = "UUID: " .. ONE_ID .. " already exists so can't create/update with custom id",
    left = nothing "cid-a2" },
  { "the limit of volumes is kept", limits = { volume = 1 }, given = { disk "o-1" }, volume "o-v", status = 535,
    cserrorcode = 4370, left = nothing "o-v",
    errortext = "Maximum amount of resources of Type = 'volume', tag = 'null' for Account Name = bosh in Domain Id = %d is"
      .. " exceeded: Account Resource Limit = 1, Current Account Resource Amount = 1, Current Account Resource"
      .. " Reservation = 0, Requested Resource Amount = 1." },
  { "the limit of storage is kept", limits = { primary_storage = 2 }, given = { disk("o-1", { size = 2 }) },
    volume("o-w", { size = 10 }), status = 535, cserrorcode = 4370, left = nothing "o-w",
    errortext = "Maximum amount of resources of Type = 'primary_storage', tag = 'null' for Account Name = bosh in Domain Id"
      .. " = %d is exceeded: Account Resource Limit = (2.00 GB) 2147483648, Current Account Resource Amount = (2.00 GB)"
      .. " 2147483648, Current Account Resource Reservation = (0 bytes) 0, Requested Resource Amount = (10.00 GB)"
      .. " 10737418240." },

  -- attaching
  { "the first attach places the volume", given = both, attach(),
    has = { ["volume.state"] = "Ready", ["volume.deviceid"] = 1, ["volume.virtualmachineid"] = "$vm",
      ["volume.vmname"] = "at-1" } },
  { "a device may be chosen", given = both, attach { deviceid = 5 }, has = { ["volume.deviceid"] = 5 } },
  { "device 3 is left out",
    given = { vm "at-1", volume("m-0", {}, { as = "one" }), attach { id = "$one" }, volume("m-1", {}, { as = "one" }),
      attach { id = "$one" }, disk "at-d" }, attach(), has = { ["volume.deviceid"] = 4 } },
  { "a Stopped VM takes a disk", given = { vm "at-2", on_vm "stopVirtualMachine", disk "at-d" }, attach(),
    has = { ["volume.state"] = "Ready", ["volume.vmname"] = "at-2" } },
  attach_fails("attaching twice fails", attached, {}, 431, ATTACHED, now { ["volume.1.virtualmachineid"] = "$vm" }),
  attach_fails("attaching to another VM fails with the same words",
    { vm "at-1", disk "at-d", attach(), deploy("at-2", {}, { as = "second" }) }, { virtualmachineid = "$second" }, 431,
    ATTACHED, now { ["volume.1.virtualmachineid"] = "$vm" }),
  attach_fails("a device in use is refused", { vm "at-1", volume("d-1", {}, { as = "one" }), attach { id = "$one" },
    disk "d-2" }, { deviceid = 1 }, 530, "deviceId 1 is used by vol Volume {..} on vm VM instance {..}",
    now { ["volume.1.virtualmachineid"] = ABSENT }),
  attach_fails("device 0 is refused", both, { deviceid = 0 }, 431, ROOT),
  attach_fails("device 3 is refused", both, { deviceid = 3 }, 530, "deviceId should be 0,1,2,4-7"),
  { "a disk too many is refused", given = (function()
      local given = table.move(full, 1, #full, 1, {})
      given[#given + 1] = disk "many-6"
      return given
    end)(), attach(),
    job = { code = 431, errortext = "The specified VM already has the maximum number of data disks (6) attached. Please"
      .. " specify another VM." }, left = now { ["volume.1.state"] = "Allocated" } },
  attach_fails("a Destroyed VM takes no disk", { vm "at-1", disk "at-d", destroy }, {}, 431,
    "Please specify a VM that is on of the following states: [Running, Stopped]."),
  attach_fails("an expunged VM takes no disk", { vm "at-1", disk "at-d", expunge }, {}, 431,
    "Please specify a valid User VM."),
  { "an unknown volume is refused", given = { vm "at-1" }, attach { id = NOBODY }, status = 431, cserrorcode = 9999,
    errortext = unresolved("attachVolume", "id", NOBODY) },
  { "another account's volume is forbidden", given = both, attach({}, { by = "other" }), status = 531, cserrorcode = 4365,
    errortext = steps.FORBIDDEN },
  { "a root admin's volume is not a user's", given = { vm "at-1", volume("adm-v", {}, { as = "disk", by = "admin" }) },
    attach(), status = 531, cserrorcode = 4365, errortext = steps.FORBIDDEN },
  { "a root admin can't attach his volume to a user's VM",
    given = { vm "at-1", volume("adm-v", {}, { as = "disk", by = "admin" }) }, attach({}, { by = "admin" }),
    job = { code = 530, errortext = "Entity VM instance {..} and entity VolumeObject {..} belong to different accounts" } },
  attach_fails("a volume that no pool will hold stays Allocated",
    { vm "st-1", disk("st-tag", { diskofferingid = "$disk.nowhere", size = ABSENT }) }, {}, 530,
    "Unable to find suitable primary storage when creating volume [{..}].", now { ["volume.1.state"] = "Allocated" }),
  { "a local disk goes with its host only",
    given = { vm "st-1", disk("st-local", { diskofferingid = "$disk.local.custom" }), attach(), on_disk "detachVolume",
      deploy("st-2", {}, { as = "second" }), deploy("st-3", {}, { as = "third" }) },
    attach { virtualmachineid = "$elsewhere" }, elsewhere = { "$vm", "$second", "$third" },
    job = { code = 431, errortext = "Can't move volume between scope: HOST and CLUSTER" },
    left = now { ["volume.1.state"] = "Ready", ["volume.1.virtualmachineid"] = ABSENT } },
  { "attaching while it is being attached fails", latency = { attachVolume = 6 },
    given = { vm "fl2-vm3", disk "slow-d", attach({}, { pending = true }) }, attach(),
    job = { any_of = {
      { code = 431, errortext = "Volume state must be in Allocated, Ready or in Uploaded state" },
      { code = 530, errortext = "Volume: VolumeObject {..} is in Attaching. It should be in Ready or Allocated state" },
    } }, left = { { advance = 30 }, now { ["volume.1.state"] = "Ready", ["volume.1.virtualmachineid"] = "$vm" }[1] } },
  { "the job id of a finished attach is refused",
    given = { vm "at-1", disk "at-d", attach { customjobid = ONE_JOB } }, attach { customjobid = ONE_JOB }, status = 530,
    cserrorcode = 9999, errortext = MASKED },
  { "an attach that fails leaves the volume where it was",
    given = { vm "at-1", disk "at-d", attach(), on_disk "detachVolume",
      { fault = { command = "attachVolume", fault = "fail_job", errortext = "Failed to attach volume at-d to VM at-1" } } },
    attach(), job = { code = 530, errortext = "Failed to attach volume at-d to VM at-1" }, free_text = true,
    left = now { ["volume.1.state"] = "Ready", ["volume.1.virtualmachineid"] = ABSENT } },

  -- detaching
  { "a detached volume stays Ready", given = attached, on_disk "detachVolume",
    has = { ["volume.state"] = "Ready", ["volume.virtualmachineid"] = ABSENT, ["volume.deviceid"] = ABSENT } },
  { "a Stopped VM gives its disk", given = { vm "at-1", disk "at-d", attach(), on_vm "stopVirtualMachine" },
    on_disk "detachVolume", has = { ["volume.state"] = "Ready", ["volume.virtualmachineid"] = ABSENT } },
  { "detaching what is not attached fails", given = { disk "at-d" }, on_disk "detachVolume",
    job = { code = 431, errortext = "The specified volume is not attached to a VM." } },
  { "detaching from a Destroyed VM fails", given = { vm "at-1", disk "at-d", attach(), destroy },
    on_disk "detachVolume", job = { code = 431, errortext = "The specified volume is not attached to a VM." } },
  { "detaching the root of a Running VM fails",
    given = { vm "vm-one",
      call("listVolumes", { virtualmachineid = "$vm", type = "ROOT" }, { keep = { root = "volume.1.id" } }) },
    call("detachVolume", { id = "$root" }), job = { code = 431, errortext = ROOT } },
  { "detaching while it is being attached fails", latency = { attachVolume = 6 },
    given = { vm "fl2-vm3", disk "slow-d", attach({}, { pending = true }) }, on_disk "detachVolume",
    job = { code = 431, errortext = "The specified volume is not attached to a VM." } },

  -- resizing
  { "an attached volume grows", given = attached, on_disk("resizeVolume", { size = 2 }),
    has = { ["volume.size"] = 2147483648, ["volume.virtualmachineid"] = "$vm" } },
  { "a detached volume grows", given = { vm "at-1", disk "at-d", attach(), on_disk "detachVolume" },
    on_disk("resizeVolume", { size = 3 }), has = { ["volume.size"] = 3221225472 } },
  { "a volume of a Stopped VM grows", given = { vm "at-1", disk "at-d", attach(), on_vm "stopVirtualMachine" },
    on_disk("resizeVolume", { size = 4 }), has = { ["volume.size"] = 4294967296 } },
  { "a volume shrinks with a signature only",
    given = { vm "at-1", disk("at-d", { size = 2 }), attach() }, on_disk("resizeVolume", { size = 1 }),
    job = { code = 432, errortext = "Going from existing size of 2147483648 to size of 1073741824 would shrink the"
      .. " volume.Need to sign off by supplying the shrinkok parameter with value of true." },
    left = now { ["volume.1.size"] = 2147483648 } },
  { "a volume grows to the largest only", given = attached, on_disk("resizeVolume", { size = 99999 }),
    job = { code = 432, errortext = "Volume size: 99999 GB is out of allowed range. Min: 1. Max: 1024" },
    left = now { ["volume.1.size"] = 1073741824 } },

  -- deleting
  { "an Allocated volume is deleted at once", given = { disk "disk-1" }, on_disk "deleteVolume", has = { success = true },
    left = { { call("listVolumes", { id = "$disk" }), empty = true } } },
  { "a Ready volume is deleted at once", given = { vm "at-1", disk "at-d", attach(), on_disk "detachVolume" },
    on_disk "deleteVolume", has = { success = true }, left = { { call("listVolumes", { id = "$disk" }), empty = true } } },
  { "a job id does not hinder a command without job",
    given = { volume("disk-1", { customjobid = ONE_JOB }, { as = "disk" }) },
    on_disk("deleteVolume", { customjobid = ONE_JOB }), has = { success = true } },
  { "deleting twice fails", given = { disk "disk-1", on_disk "deleteVolume" }, on_disk "deleteVolume", status = 431,
    cserrorcode = 4350, errortext = "Unable to find volume with ID: %d" },
  { "an attached volume is not deleted", given = attached, on_disk "deleteVolume", status = 431, cserrorcode = 4350,
    errortext = ATTACHED, left = now { ["volume.1.virtualmachineid"] = "$vm" } },
  { "a root volume is not deleted",
    given = { vm "vm-one",
      call("listVolumes", { virtualmachineid = "$vm", type = "ROOT" }, { keep = { root = "volume.1.id" } }) },
    call("deleteVolume", { id = "$root" }), status = 431, cserrorcode = 4350, errortext = ATTACHED },
  { "the root volume of a Destroyed VM is not deleted",
    given = { vm "vm-one",
      call("listVolumes", { virtualmachineid = "$vm", type = "ROOT" }, { keep = { root = "volume.1.id" } }), destroy },
    call("deleteVolume", { id = "$root" }), status = 431, cserrorcode = 4350, errortext = ATTACHED },
  { "another account's volume is not deleted", given = { disk "disk-1" }, on_disk("deleteVolume", {}, { by = "other" }),
    status = 531, cserrorcode = 4365, errortext = steps.FORBIDDEN, left = now { count = 1 } },
  { "a volume that is being attached is not deleted", latency = { attachVolume = 6 },
    given = { vm "fl2-vm3", disk "slow-d", attach({}, { pending = true }) }, on_disk "deleteVolume", status = 530,
    cserrorcode = 4250, errortext = MASKED },
  { "destroyVolume keeps a volume to be recovered",
    given = { vm "at-1", disk "at-d", attach(), on_disk "detachVolume" }, on_disk("destroyVolume", { expunge = false }),
    has = { ["volume.state"] = "Destroy" }, left = now { ["volume.1.state"] = "Destroy" } },
  { "a volume in Destroy is recovered",
    given = { vm "at-1", disk "at-d", attach(), on_disk "detachVolume", on_disk("destroyVolume", { expunge = false }) },
    on_disk "recoverVolume", has = { ["volume.state"] = "Ready" } },
  { "a user may expunge a volume", given = { vm "at-1", disk "at-d", attach(), on_disk "detachVolume" },
    on_disk("destroyVolume", { expunge = true }), has = { ["volume.state"] = "Expunged" },
    left = { { call("listVolumes", { id = "$disk" }), empty = true } } },
}
