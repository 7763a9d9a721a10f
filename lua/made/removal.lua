-- The end of a VM, with everything that was made for it: its address and name are free again, the disks that were made with it
-- are gone, the others are kept.
--
-- CloudStack keeps address and name of a destroyed VM until it is expunged, a day later by default; and only
-- some accounts may expunge. The expunge policy says what to do (docs/policies.md).

local affinity_claims = require "made.affinity_claims"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local instance_tags = require "cloudstack.instance_tags"
local registry = require "registry.settings"
local rights = require "cloudstack.rights"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local removal = {}

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

local function job(cpi, command, params, what, timeout)
  local task = cpi.cloudstack:run {
    command, params, job = true, idempotent = true, what = what, timeout = timeout,
  }
  return task.failure, task
end

-- Each NIC gets another address, so that its own is free at once; only a stopped VM's may be changed. What
-- CloudStack refuses here (a network without addresses of its own) does not keep the VM.
local function release_addresses(cpi, vm, strategy)
  for _, nic in ipairs(vm.nic or {}) do
    local failure = job(cpi, "updateVmNicIp", { nicid = nic.id, ipaddress = strategy.addresses[nic.networkid] },
      "releasing address " .. tostring(nic.ipaddress), cpi.settings.cloudstack.timeout.global)
    if failure then
      cpi.log.warn("address %s of VM %s stays taken until it is expunged: %s", tostring(nic.ipaddress), vm.name,
        cpi.cloudstack.say(failure))
    end
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

-- Asks for the VM's disks and, in the same step, stops a VM that is to give its addresses back: only a stopped one can.
-- -> their rows, whether it does not run
local function look_and_stop(cpi, vm, may_force, is_leaving)
  local client, requests = cpi.cloudstack, { volumes.request_of_vm(vm) }
  local is_running = vm.state == "Running" or vm.state == "Starting"
  if is_leaving and is_running then requests[2] = stop_request(cpi, vm, may_force) end
  local look, stop = table.unpack(client:run_all(requests))
  if look.failure then client.raise(look.failure) end
  if stop and stop.failure then cpi.log.warn("VM %s was not stopped: %s", vm.name, client.say(stop.failure)) end
  return look.rows, not is_running or stop ~= nil and not stop.failure
end

-- The VM's row as CloudStack shows it, or nil when it is gone or destroyed.
local function living(cpi, vm)
  local row = cpi.cloudstack:rows({ "listVirtualMachines", { id = vm.id }, rows = "virtualmachine" })[1]
  if row and not vms.is_gone(row) then return row end
end

-- Destroys and verifies: a failed job may have succeeded; a job that a restarted server forgot is repeated. Returns false when
-- the account may not expunge: then the VM runs on, untouched. Raises when it lives on for another reason.
local DESTROY_TRIES = 3
local function destroy(cpi, vm, params)
  params.id = vm.id
  for try = 1, DESTROY_TRIES do
    local failure, task = job(cpi, "destroyVirtualMachine", params, "destroying VM " .. vm.name,
      cpi.settings.cloudstack.timeout.delete_vm)
    if not failure then return true end
    if params.expunge and rights.is_expunge_refused(failure) then return false end
    if not living(cpi, vm) then return true end
    local passing = failure.kind == "killed" or failure.kind == "vanished" or failure.kind == "lost"
    if try == DESTROY_TRIES or not passing then cpi.cloudstack.raise(failure, task.request.what) end
  end
end

-- Waits until CloudStack has expunged the VM: its NICs are listed, to a user too, until then.
local function wait_until_free(cpi, vm, deadline)
  local began, pause = cpi.clock.now(), 1
  while true do
    local payload, failure = cpi.cloudstack:try("listNics", { virtualmachineid = vm.id })
    if failure and failure.kind == "refused" or payload and not payload.nic then return end
    if cpi.clock.now() - began >= deadline then
      error(errors.cloud("VM %s is destroyed, but CloudStack has not expunged it after %d s: its addresses stay taken",
        vm.name, deadline))
    end
    cpi.clock.sleep(pause)
    pause = math.min(pause * 1.5, 30)
  end
end

-- The facts of the expunge policy.
local function facts(cpi, vm, can)
  local addresses = {}
  for i, nic in ipairs(vm.nic or {}) do
    addresses[i] = { address = nic.ipaddress, network = nic.networkname, network_id = nic.networkid }
  end
  return {
    vm = { name = vm.name, id = vm.id, state = vm.state, zone = vm.zonename }, addresses = addresses,
    may_expunge = rights.may_expunge(cpi, can), version = can.version, wanted = cpi.settings.cloudstack.expunge_vm,
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

-- vm_and_disks(cpi, vm, can): the VM with the disks that were made with it; vm a row of listVirtualMachines, can as
-- capabilities.read gives it. Raises CloudError
-- when the VM or one of its ephemeral disks is still there.
function removal.vm_and_disks(cpi, vm, can)
  local strategy = cpi.decide("expunge", facts(cpi, vm, can), instance_tags.of(vm))
  cpi.log.debug("VM %s leaves by strategy %s", vm.name, strategy.strategy)
  local releases = strategy.strategy == "release" and vm.state ~= "Error"
  local attached, is_stopped = look_and_stop(cpi, vm, can.may_force_stop, releases)
  local ephemeral, is_released = ephemeral_of(attached), releases and is_stopped
  mark_untagged(cpi, vm, ephemeral)
  detach_data_disks(cpi, attached, can.version)
  if is_released then release_addresses(cpi, vm, strategy) end
  if not destroy(cpi, vm, { expunge = strategy.strategy == "now" or nil }) then
    cpi.log.warn("this account may not expunge, though CloudStack had said so; VM %s leaves in another way", vm.name)
    rights.note_lack(cpi, "expunge")
    return removal.vm_and_disks(cpi, vm, can)
  end
  -- The name is given back last: a second delete_vm finds the VM by it.
  clear_away(cpi, vm, ephemeral, is_released)
  if strategy.strategy == "wait" then wait_until_free(cpi, vm, strategy.deadline or 3600) end
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
  return { belongings = belongings.request(vm_cid), capabilities = capabilities.request(), orphans = volumes.request_ephemeral(vm_cid) }
end

-- everything(cpi, vm_cid, vm, found): the one way to remove a VM with all that was made for it. It does the same again on what a
-- removal before it left half way. vm: its row, or nil where it is gone. Raises CloudError when something stays.
-- found: what requests() led to; the caller that made the VM in the same verb has less of it
--   belongings      nil: the caller deals with them itself
--   untagged        as untagged.find gives it, or nil
--   orphans         the disks made with the VM; nil: they are looked up when the VM is gone
--   capabilities    used only where vm is there; or can, as capabilities.read gives it
--   keeps_groups    true: the VM's affinity groups are left to the caller
function removal.everything(cpi, vm_cid, vm, found)
  local collect_groups = affinity_claims.of(cpi, not found.keeps_groups and vm or nil)
  local list = found.belongings and belongings.of(found.belongings, vm, found.untagged) or {}
  belongings.take_away(cpi, vm_cid, list, vm)
  if vm then removal.vm_and_disks(cpi, vm, found.can or capabilities.read(found.capabilities)) end
  removal.sweep(cpi, found.orphans or cpi.cloudstack:rows(volumes.request_ephemeral(vm_cid)))
  collect_groups()
  registry.forget(cpi, vm_cid)
end

return removal
