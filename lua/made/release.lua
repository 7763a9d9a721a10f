-- The release of a VM's addresses before it is destroyed: CloudStack keeps what a destroyed VM has until it expunges it, and
-- only of a stopped VM can the NICs be changed.
--
-- Two ways, by the expunge policy's answer: each NIC gets another address (made/parking.lua), or the VM leaves by a network
-- without addresses (made/addressless.lua) and holds none at all.

local addressless = require "made.addressless"
local cloud_nics = require "cloudstack.nics"
local parking = require "made.parking"
local refusals = require "cloudstack.refusals"
local vms = require "cloudstack.vms"

local release = {}

-- Every address that a VM holds, one after the other: { nic, address, id }. id: a secondary address's own, nil for a NIC's first.
function release.addresses(vm)
  local list = {}
  for _, nic in ipairs(vm.nic or {}) do
    for _, one in ipairs(nic.secondaryip or {}) do list[#list + 1] = { nic = nic, address = one.ipaddress, id = one.id } end
    if nic.ipaddress then list[#list + 1] = { nic = nic, address = nic.ipaddress } end
  end
  return list
end

-- The same in words, "address 10.0.0.5, 10.0.0.6"; nil where there is none.
function release.words(vm)
  local words = {}
  for i, one in ipairs(release.addresses(vm)) do words[i] = one.address end
  return #words > 0 and "address " .. table.concat(words, ", ") or nil
end

local function run(cpi, command, params, what)
  return cpi.cloudstack:run { command, params, job = true, idempotent = true, what = what,
    timeout = cpi.settings.cloudstack.timeout.global }
end

local function move(cpi, nic, address)
  return run(cpi, "updateVmNicIp", { nicid = nic.id, ipaddress = address }, "releasing address " .. tostring(nic.ipaddress))
end

-- The address that the NIC has after a move.
local function address_after(task, nic, wanted)
  local now = cloud_nics.with_id((task.result.virtualmachine or {}).nic, nic.id)
  if now then return now.ipaddress end
  return wanted
end

-- The address that the NIC has by now, where it is another one: a move of which nobody knows what became may have been done.
local function moved_after_all(cpi, vm, nic, failure)
  if not cpi.cloudstack.is_open(failure) then return nil end
  local ok, row = pcall(vms.with_id, cpi, vm.id)
  local now = ok and row and cloud_nics.with_id(row.nic, nic.id)
  if now and now.ipaddress ~= nic.ipaddress then return now.ipaddress end
end

-- Moves the NIC to the first of the places that CloudStack gives, at last to one of CloudStack's choice. -> the address, or nil; and
-- the failure, if any
local function park(cpi, vm, nic, places)
  for _, place in ipairs(places) do
    local task = move(cpi, nic, place)
    if not task.failure then return address_after(task, nic, place) end
    if not refusals.is(task.failure, "address_is_taken") then return moved_after_all(cpi, vm, nic, task.failure), task.failure end
  end
  local task = move(cpi, nic, nil)
  if task.failure then return moved_after_all(cpi, vm, nic, task.failure), task.failure end
  local address = address_after(task, nic)
  if #places > 0 then
    cpi.log.warn("no place for parking was free in network '%s': VM %s holds %s, which CloudStack chose, until it is expunged; BOSH "
      .. "may want it (cloudstack.parking)", tostring(nic.networkname), vm.name, tostring(address))
  end
  return address
end

local function stays(cpi, vm, one, failure)
  cpi.log.warn("address %s of VM %s stays taken until it is expunged: %s", tostring(one.address), vm.name, cpi.cloudstack.say(failure))
end

-- What the NICs have besides their own addresses goes all at once; moved gets what did.
local function drop_further(cpi, vm, list, moved)
  local requests = {}
  for i, one in ipairs(list) do requests[i] = cloud_nics.remove_request(cpi, one.id, one.address) end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    local one = list[i]
    if task.failure and not task.failure.unknown_id then
      stays(cpi, vm, one, task.failure)
    else
      moved[#moved + 1] = { nic = one.nic, from = one.address, is_further = true }
    end
  end
end

local function move_first(cpi, vm, one, strategy, moved)
  local nic = one.nic
  local named = strategy.addresses[nic.networkid] or parking.of_site(cpi, nic.networkname, nic.networkid)
  local address, failure = park(cpi, vm, nic, parking.places(cpi, vm, nic, named))
  if failure and not address then return stays(cpi, vm, one, failure) end
  cpi.log.info("address %s of VM %s is free: it holds %s of network '%s' until CloudStack expunges it", tostring(one.address),
    vm.name, tostring(address), tostring(nic.networkname))
  if address then parking.note(cpi, vm, nic.networkid, address) end
  moved[#moved + 1] = { nic = nic, from = one.address, to = address }
end

-- free(cpi, vm, strategy) -> what was moved or dropped: a list of { nic, from, to, is_further }, for take_back(). vm: a stopped VM's
-- row; strategy: the expunge policy's answer. What CloudStack refuses here does not keep the VM: it is a warning.
function release.free(cpi, vm, strategy)
  local moved = {}
  local nics = strategy.strategy == "network" and addressless.leave_by(cpi, vm, strategy.network) or vm.nic
  local own, further = {}, {}
  for _, one in ipairs(release.addresses { nic = nics }) do table.insert(one.id and further or own, one) end
  drop_further(cpi, vm, further, moved)
  for _, one in ipairs(own) do move_first(cpi, vm, one, strategy, moved) end
  return moved
end

-- Moves a stopped VM that is parked on addresses of the network on to others -> is each of them free?
function release.move_on(cpi, vm, network_id)
  local is_free = true
  for _, nic in ipairs(vm.nic or {}) do
    if nic.networkid == network_id and nic.ipaddress then
      local moved = {}
      move_first(cpi, vm, { nic = nic, address = nic.ipaddress }, { addresses = {} }, moved)
      if #moved > 0 then parking.forget(cpi, network_id, nic.ipaddress) end
      is_free = is_free and #moved > 0
    end
  end
  return is_free
end

-- Gives the addresses back to a VM that could not be destroyed -> in words, what it has now.
function release.take_back(cpi, vm, moved)
  local words = {}
  for _, one in ipairs(moved) do
    local task = one.is_further and cpi.cloudstack:run(cloud_nics.add_request(cpi, vm, one.nic, one.from))
      or one.from and move(cpi, { id = one.nic.id, ipaddress = one.to }, one.from)
    local is_back = task and not task.failure
    if is_back and one.to then parking.forget(cpi, one.nic.networkid, one.to) end
    words[#words + 1] = is_back and ("it has address %s again"):format(one.from)
      or ("its address %s was given up, it has %s"):format(tostring(one.from), tostring(one.to or "none in its place"))
  end
  return table.concat(words, "; ")
end

return release
