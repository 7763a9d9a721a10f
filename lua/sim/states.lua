-- States from outside: what befell a VM, a volume or a snapshot without a command of the caller's. A host that is emptied
-- migrates its VMs, one that is lost leaves them Unknown, an operator puts a record right in the database.
local guests = require "sim.guests"
local jobs = require "sim.jobs"
local nics = require "sim.nics"
local placement = require "sim.placement"
local vm_running = require "sim.vm_running"

local states = {}

local function set(text)
  local out = {}
  for name in text:gmatch "%a+" do out[name] = true end
  return out
end

-- The states that CloudStack has for each kind.
local KNOWN = {
  vm = set "Starting Running Stopping Stopped Destroyed Expunging Migrating Error Unknown Shutdown Restoring",
  volume = set("Allocated Creating Ready Migrating Snapshotting RevertSnapshotting Resizing Expunging Destroy Destroying UploadOp "
    .. "Uploaded NotUploaded UploadInProgress UploadError UploadAbandoned Copying Attaching Restoring"),
  snapshot = set "Allocated Creating CreatedOnPrimary BackingUp BackedUp Copying Destroying Error",
}

-- States in which a VM is on a host.
local ON_HOST = set "Starting Running Stopping Migrating Unknown"

local function complain(format, ...)
  error("states: " .. format:format(...), 0)
end

local function put_on_host(m, vm)
  if vm.host then return end
  local fine, host = pcall(placement.host, m, vm, {})
  if not fine then complain("no host has room for '%s'", vm.name) end
  vm.host, vm.last_host, vm.ever_started = host, host, true
  placement.settle(m, vm, host)
end

local appliers = {}

-- A migration ends on another host, if there is one with room; its guest, which cannot be moved, begins anew there.
local function arrive(m, vm)
  local fine, host = pcall(placement.host, m, vm, { cluster = vm.host.cluster, not_on = vm.host })
  if not fine then return end
  vm.host, vm.last_host = host, host
  guests.stop(m, vm)
  guests.start(m, vm)
end

function appliers.vm(m, vm, state)
  if vm.state == "Migrating" and state == "Running" and vm.host then
    arrive(m, vm)
  elseif ON_HOST[state] then
    put_on_host(m, vm)
  elseif vm.host then
    vm_running.stopped(m, vm)
  end
  nics.connect(m, vm, state == "Running" or state == "Migrating")
  vm_running.set_state(m, vm, state)
end

function appliers.volume(m, volume, state)
  volume.state = state
  volume.destroyed_at = state == "Destroy" and m:now() or nil
  if state == "Attaching" then volume.attaching_since = m:now() end
end

function appliers.snapshot(_, snapshot, state) snapshot.state = state end

-- put(m, kind, object, state): the object is in that state from now on
function states.put(m, kind, object, state)
  if not KNOWN[kind][state] then complain("a %s is never '%s'", kind, tostring(state)) end
  appliers[kind](m, object, state)
end

local function object_of(m, kind, entry)
  local id, name = entry.id, entry.name
  if not id and not name then complain "which one: id or name" end
  local object = id and m:find(kind, id) or name and m:named(kind, name)
  if not object or object.removed then complain("there is no %s '%s'", kind, tostring(id or name)) end
  return object
end

local FIELDS = set "kind id name state seconds"
FIELDS["then"] = true

-- post(m, { kind = "vm", id or name, state, seconds, then }): with seconds it lasts so long, keeps the VM's commands
-- waiting, as the job does that CloudStack does it by, and ends in the state `then`, or in the one before.
function states.post(m, entry)
  local kind = entry.kind or "vm"
  for name in pairs(entry) do
    if not FIELDS[name] then complain("unknown key '%s'", tostring(name)) end
  end
  if not KNOWN[kind] then complain("kind is vm, volume or snapshot, not '%s'", tostring(kind)) end
  local object = object_of(m, kind, entry)
  local after = entry["then"] or object.state
  if not KNOWN[kind][after] then complain("a %s is never '%s'", kind, tostring(after)) end
  if entry.seconds and type(entry.seconds) ~= "number" then complain "seconds is a number" end
  states.put(m, kind, object, entry.state)
  if not entry.seconds then return end
  local release = jobs.occupy(m, kind == "vm" and object or object.vm)
  m.schedule:after(entry.seconds, function()
    if not object.removed and object.state == entry.state then states.put(m, kind, object, after) end
    release()
  end)
end

return states
