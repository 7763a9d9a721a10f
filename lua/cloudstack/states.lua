-- CloudStack's states of VMs, volumes and snapshots, and what each allows. The one place of the product that names them: a
-- policy gets what a state means as facts.
--
--   states.vm(state), states.volume(state), states.snapshot(state)  -> the row of that state; what it does not have is false
-- A state that is in none of the tables is a newer CloudStack's: its row has is_new, and claims as little as can be.

local states = {}

-- A text of words as a set.
local function row(words)
  local set = {}
  for word in words:gmatch "%S+" do set[word] = true end
  return set
end

-- Of a VM:
--   gone       deleted for BOSH, though CloudStack may still list it
--   passing    CloudStack is at work on it: it will be in another state without anybody's doing
--   up         it is on a host, or may be: it has to be stopped before its NICs are changed. What is under way does not
--              matter: CloudStack keeps the stop waiting until it is over
--   nics       its NICs may be changed: given another address, added, removed
--   disks      disks may be attached and detached
--   runs       its guest is at work: it is restarted by a reboot
--   starts     it is restarted by a start
--   starting   a start of it is under way
--   expunges   it may be expunged as it is
--   leaving    it holds its addresses for a while only: until it is expunged, or until what is under way is over
--   failed     it never came to life, and never will
--   lingers    deleted, and kept by CloudStack until it expunges it by itself, a day later perhaps
states.of_vm = {
  Starting = row "passing up leaving starting",
  Running = row "up disks runs",
  Stopping = row "passing up leaving",
  Stopped = row "nics disks starts",
  Shutdown = row "up starts", -- from inside its guest, where a hypervisor says so
  Migrating = row "passing up",
  Restoring = row "passing up",
  Unknown = row "up", -- its host is lost
  Error = row "expunges leaving failed",
  Destroyed = row "gone expunges leaving lingers",
  Expunging = row "gone expunges leaving",
}

-- Of a volume:
--   gone       deleted for BOSH; it may still be listed and take space
--   passing    CloudStack is at work on it
--   attaches   it may be attached to a VM
--   fresh      it lies nowhere yet: no VM has ever had it
--   snapshots  a snapshot of it is being taken: its VM cannot be destroyed
states.of_volume = {
  Allocated = row "attaches fresh",
  Creating = row "passing",
  Ready = row "attaches",
  Attaching = row "passing",
  Migrating = row "passing",
  Snapshotting = row "passing snapshots",
  RevertSnapshotting = row "passing",
  Resizing = row "passing",
  Copying = row "passing",
  Restoring = row "passing",
  Uploaded = row "attaches",
  NotUploaded = row "",
  UploadOp = row "passing",
  UploadInProgress = row "passing",
  UploadError = row "",
  UploadAbandoned = row "",
  Destroy = row "gone",
  Destroyed = row "gone",
  Destroying = row "gone",
  Expunging = row "gone",
  Expunged = row "gone",
}

-- Of a snapshot:
--   passing    CloudStack is at work on it
--   done       it is there, and backed up
--   failed     nothing comes of it
states.of_snapshot = {
  Allocated = row "",
  Creating = row "passing",
  CreatedOnPrimary = row "passing",
  BackingUp = row "passing",
  Copying = row "passing",
  BackedUp = row "done",
  Destroying = row "",
  Error = row "failed",
}

-- A VM of which it is not known what it does counts as one that is on a host.
local NEW_VM, NEW = row "is_new up", row "is_new"

-- CloudStack leaves the state out of some rows: then nothing speaks against anything.
local NONE = row ""

local function of(known, new, state)
  if state == nil then return NONE end
  return known[state] or new
end

function states.vm(state) return of(states.of_vm, NEW_VM, state) end
function states.volume(state) return of(states.of_volume, NEW, state) end
function states.snapshot(state) return of(states.of_snapshot, NEW, state) end

return states
