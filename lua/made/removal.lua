-- The end of a VM, with everything that was made for it: its address and name are free again, the disks that were made with it
-- are gone, the others are kept.
--
-- CloudStack keeps address and name of a destroyed VM until it is expunged, a day later by default; and only
-- some accounts may expunge. The expunge policy says what to do (docs/policies.md).

local affinity_claims = require "made.affinity_claims"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local destruction = require "made.destruction"
local errors = require "errors"
local instance_tags = require "cloudstack.instance_tags"
local obstacles = require "made.obstacles"
local parking = require "made.parking"
local registry = require "registry.settings"
local release = require "made.release"
local rest = require "cloudstack.rest"
local rights = require "cloudstack.rights"
local states = require "cloudstack.states"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local removal = {}

local FIRST_PAUSE, LONGEST_PAUSE = 1, 30 -- seconds, while a VM is waited for to let go of its disks

-- The ephemeral ones among the volumes attached to a VM.
local function ephemeral_of(attached)
  local list = {}
  for _, volume in ipairs(attached) do
    if volumes.is_ephemeral(volume) then list[#list + 1] = volume end
  end
  return list
end

-- Before 4.16 data disks stayed attached to a destroyed VM until it was expunged: they are taken off first.
local function detach_data_disks(cpi, attached, version)
  if capabilities.at_least(version, 4, 16) then return end
  for _, volume in ipairs(attached) do
    if volume.type ~= "ROOT" then volumes.detach(cpi, volume) end
  end
end

-- Gives the VM a name that no create_vm asks for; 63 characters at most, a letter first.
local function name_request(vm)
  return { "updateVirtualMachine", { id = vm.id, name = "gone-" .. vm.id }, idempotent = true }
end

-- Deletes the disks made with the VM and, in the same step, gives its name back.
local function clear_away(cpi, vm, ephemeral, is_released)
  local failure = volumes.delete_all(cpi, ephemeral, is_released and name_request(vm) or nil)
  if failure then
    cpi.log.warn("the name of VM %s stays taken until it is expunged: %s", vm.name, cpi.cloudstack.say(failure))
  end
end

local function stop_request(cpi, vm, may_force)
  return { "stopVirtualMachine", { id = vm.id, forced = may_force or nil }, job = true, idempotent = true,
    what = "stopping VM " .. vm.name, timeout = cpi.settings.cloudstack.timeout.stop_vm }
end

-- The VM's row when it has come to rest, or nil: whatever became of a job of which CloudStack does not say so.
local function come_to_rest(cpi, vm)
  local ok, row = pcall(function()
    return rest.vm(cpi, vms.with_id(cpi, vm.id), cpi.settings.cloudstack.timeout.stop_vm)
  end)
  return ok and row or nil
end

-- Is it stopped? CloudStack also reports a success where it has changed nothing, and a failure of which nobody knows.
local function has_stopped(cpi, vm, stop)
  local row
  if not stop.failure then
    row = stop.result.virtualmachine
    if not (row and row.state) then return true end
  elseif cpi.cloudstack.is_open(stop.failure) then
    row = come_to_rest(cpi, vm)
  end
  local is_stopped = row ~= nil and states.vm(row.state).nics or false
  if stop.failure and not is_stopped then cpi.log.warn("VM %s was not stopped: %s", vm.name, cpi.cloudstack.say(stop.failure)) end
  return is_stopped
end

-- Asks for the VM's disks and, in the same step, stops a VM that is to give its addresses back: only a stopped one can.
-- -> their rows, may its NICs be changed now?
local function look_and_stop(cpi, vm, may_force, is_leaving)
  local client, state, requests = cpi.cloudstack, states.vm(vm.state), { volumes.request_of_vm(vm) }
  if state.is_new then cpi.log.warn("VM %s is in state %s, which this CPI does not know: it is stopped", vm.name, tostring(vm.state)) end
  if is_leaving and state.up then requests[2] = stop_request(cpi, vm, may_force) end
  local look, stop = table.unpack(client:run_all(requests))
  if look.failure then client.raise(look.failure) end
  if stop then return look.rows, has_stopped(cpi, vm, stop) end
  return look.rows, state.nics or vm.state == nil
end

-- While a snapshot of its root disk is being taken CloudStack destroys no VM. Raises CloudError where that does not end.
local function await_snapshots(cpi, attached)
  for _, volume in ipairs(attached) do
    if volume.type == "ROOT" and states.volume(volume.state).snapshots then
      cpi.log.info("a snapshot of disk %s is being taken; waiting for its end", volume.name)
      rest.volume(cpi, volume, cpi.settings.cloudstack.timeout.delete_vm)
    end
  end
end

-- The facts of the expunge policy.
local function facts(cpi, vm, can)
  local addresses = {}
  for i, nic in ipairs(vm.nic or {}) do
    addresses[i] = { address = nic.ipaddress, network = nic.networkname, network_id = nic.networkid,
      parking = parking.texts_of_site(cpi, nic.networkname, nic.networkid) }
  end
  local network = cpi.settings.cloudstack.parking.network
  return {
    vm = { name = vm.name, id = vm.id, state = vm.state, zone = vm.zonename }, addresses = addresses,
    parking_network = network ~= "" and network or nil, may_expunge = rights.may_expunge(cpi, can),
    version = can.version, wanted = cpi.settings.cloudstack.expunge_vm,
  }
end

-- An untagged disk that was made with the VM is recognised by its VM alone: it is tagged before the VM goes.
local function mark_untagged(cpi, vm, ephemeral)
  local requests = {}
  for _, volume in ipairs(ephemeral) do
    if #(volume.tags or {}) == 0 and volume.name:find "^DATA%-" then
      requests[#requests + 1] = tags.create_request(cpi, "Volume", volume.id, { [volumes.EPHEMERAL_TAG] = vm.name })
    end
  end
  for _, task in ipairs(cpi.cloudstack:run_all(requests)) do
    if task.failure then cpi.log.warn("%s", cpi.cloudstack.say(task.failure)) end
  end
end

-- Destroys it -> as destruction.destroy. Where CloudStack does not, what was moved is moved back, and the error says so.
local function destroy(cpi, vm, expunge, moved)
  local ok, result = pcall(destruction.destroy, cpi, vm, expunge)
  if ok then return result end
  if not errors.is(result) then error(result, 0) end
  if result.failure and cpi.cloudstack.is_open(result.failure) then
    local words = #moved > 0 and "its addresses were given up before"
      or ("should it be destroyed all the same, it holds %s until it is expunged"):format(release.words(vm) or "no address")
    error(result:wrapped(result.message .. "; " .. words), 0)
  end
  if #moved == 0 then error(result, 0) end
  error(result:wrapped(("%s; it is stopped, %s"):format(result.message, release.take_back(cpi, vm, moved))), 0)
end

-- What is not free when the VM is destroyed and not expunged.
local function say_what_stays(cpi, vm, strategy)
  if strategy == "now" or strategy == "wait" then return end
  for _, one in ipairs(release.addresses(vm)) do
    cpi.log.warn("address %s of VM %s, which is in state %s, stays taken until CloudStack expunges it", one.address, vm.name,
      tostring(vm.state))
  end
end

-- vm_and_disks(cpi, vm, can): the VM with the disks that were made with it; vm a row of listVirtualMachines, can as
-- capabilities.read gives it. Raises CloudError
-- when the VM or one of its ephemeral disks is still there.
function removal.vm_and_disks(cpi, vm, can)
  local strategy = cpi.decide("expunge", facts(cpi, vm, can), instance_tags.of(vm))
  local way = strategy.strategy
  cpi.log.debug("VM %s leaves by strategy %s", vm.name, way)
  local releases = (way == "release" or way == "network") and not states.vm(vm.state).failed
  local attached, may_move = look_and_stop(cpi, vm, can.may_force_stop, releases)
  local ephemeral, is_released, moved = ephemeral_of(attached), releases and may_move, {}
  obstacles.refuse_disks(vm, ephemeral)
  await_snapshots(cpi, attached)
  mark_untagged(cpi, vm, ephemeral)
  detach_data_disks(cpi, attached, can.version)
  if is_released then moved = release.free(cpi, vm, strategy) end
  if not destroy(cpi, vm, way == "now", moved) then
    cpi.log.warn("this account may not expunge, though CloudStack had said so; VM %s leaves in another way", vm.name)
    rights.note_lack(cpi, "expunge")
    return removal.vm_and_disks(cpi, vm, can)
  end
  if not is_released then say_what_stays(cpi, vm, way) end
  -- The name is given back last: a second delete_vm finds the VM by it.
  clear_away(cpi, vm, ephemeral, is_released)
  if way == "wait" then destruction.wait_until_free(cpi, vm, strategy.deadline or 3600) end
end

-- The first of the disks that CloudStack has still to take off its VM, or nil. A VM that is being expunged lets go at its end; before
-- 4.16 one that is destroyed keeps its disk until it is expunged, a day later perhaps: that is not waited for.
local function held_of(list)
  for _, volume in ipairs(list) do
    local state = volume.virtualmachineid and states.vm(volume.vmstate)
    if state and state.gone and not state.lingers and volumes.is_ephemeral(volume) then return volume end
  end
end

-- The disks of a VM that is gone, once CloudStack has taken them off it. list: their rows as they were seen. Raises CloudError.
local function let_go(cpi, vm_cid, list)
  local began, pause, limit = cpi.clock.now(), FIRST_PAUSE, cpi.settings.cloudstack.timeout.delete_vm
  local held = held_of(list)
  local function words() return ("waiting until VM %s, which CloudStack is removing, lets go of disk %s"):format(vm_cid, held.name) end
  while held do
    if cpi.clock.now() - began >= limit then
      error(errors.cloud("disk %s (%s) is still attached to VM %s, which is gone, after %d s", held.name, held.id, vm_cid, limit))
    end
    cpi.wait(pause, words, began)
    pause = math.min(pause * 1.5, LONGEST_PAUSE)
    list = cpi.cloudstack:rows(volumes.request_ephemeral(vm_cid))
    held = held_of(list)
  end
  return list
end

-- Deletes the disks that a half-done removal left: their VM is gone, they carry its CID.
function removal.sweep(cpi, volumes_of_vm)
  local list = {}
  for _, volume in ipairs(volumes_of_vm) do
    if volumes.is_orphan(volume) then list[#list + 1] = volume end
  end
  volumes.delete_all(cpi, list)
end

-- What is to be looked up before a VM is removed: the requests of a gather, whose answers everything() takes.
function removal.requests(vm_cid)
  return { belongings = belongings.request(vm_cid), capabilities = capabilities.request(), orphans = volumes.request_ephemeral(vm_cid),
    role = obstacles.request() }
end

-- The VM's row when nothing is under way on it any more, nil where it is gone by then: a start that goes on when its process is
-- gone would bring the VM up after its address was moved.
local function at_rest(cpi, vm)
  if not vm or vm.jobstatus ~= 0 then return vm end
  vm = rest.vm(cpi, vm, cpi.settings.cloudstack.timeout.create_vm)
  return vm and not states.vm(vm.state).gone and vm or nil
end

-- The disks of a VM whose removal is to be refused for one of them: those that the tags led to, and of a VM that this CPI has not
-- tagged, as those of earlier CPIs, all that it has. Nothing more is asked of a CloudStack that knows no delete protection.
local function disks_at_stake(cpi, vm, found)
  local is_known = tags.of(vm).bosh_cid ~= nil or vm.deleteprotection == nil or not found.belongings
  if is_known then return found.orphans end
  return cpi.cloudstack:rows(volumes.request_of_vm(vm))
end

-- everything(cpi, vm_cid, vm, found): the one way to remove a VM with all that was made for it. It does the same again on what a
-- removal before it left half way. vm: its row, or nil where it is gone. Raises CloudError when something stays.
-- found: what requests() led to; the caller that made the VM in the same verb has less of it
--   belongings      nil: the caller deals with them itself
--   untagged        as untagged.find gives it, or nil
--   orphans         the disks made with the VM; nil: they are looked up when the VM is gone
--   role            what obstacles.request() led to
--   capabilities    used only where vm is there; or can, as capabilities.read gives it
--   keeps_groups    true: the VM's affinity groups are left to the caller
function removal.everything(cpi, vm_cid, vm, found)
  if vm then obstacles.refuse(vm, disks_at_stake(cpi, vm, found), found.role) end
  vm = at_rest(cpi, vm)
  local collect_groups = affinity_claims.of(cpi, not found.keeps_groups and vm or nil)
  local list = found.belongings and belongings.of(found.belongings, vm, found.untagged) or {}
  belongings.take_away(cpi, vm_cid, list, vm)
  if vm then removal.vm_and_disks(cpi, vm, found.can or capabilities.read(found.capabilities)) end
  for _, id in ipairs(vm and {} or destruction.unfinished(found.belongings)) do destruction.finish(cpi, id, vm_cid) end
  local left = found.orphans or cpi.cloudstack:rows(volumes.request_ephemeral(vm_cid))
  removal.sweep(cpi, vm and left or let_go(cpi, vm_cid, left))
  collect_groups()
  registry.forget(cpi, vm_cid)
end

return removal
