-- Networks without a free address: CloudStack hides that from users behind "Internal error executing command", so what can
-- be seen of it is looked for, after a failed deploy only. Where CloudStack says something else, nothing is.

local address = require "base.address"
local cloud_nics = require "cloudstack.nics"
local errors = require "errors"
local ipv4 = require "base.ipv4"
local refusals = require "cloudstack.refusals"

local exhaustion = {}

-- Addresses that VMs can have in a network: without its first, its last and its router's. nil where that is not known; a
-- shared network may give out a part of it only.
local function room(network)
  local range = network.type ~= "Shared" and ipv4.network(network.cidr) or nil
  return range and range.last - range.first - 2
end

-- IPv4 addresses that a NIC holds.
local function addresses_of(nic)
  local count = 1
  for _, one in ipairs(cloud_nics.secondary(nic)) do count = count + (address.family(one.ipaddress) == 4 and 1 or 0) end
  return count
end

local function held(rows, network)
  local count = 0
  for _, vm in ipairs(rows) do
    for _, nic in ipairs(vm.nic or {}) do
      if nic.networkid == network.id then count = count + addresses_of(nic) end
    end
  end
  return count
end

-- A network is full where CloudStack says so, or where it can be counted; it may be full where CloudStack hides the reason.
local function words_of(network, count, is_said)
  local most, place = room(network), tostring(network.cidr)
  if most then place = ("%s, %d for VMs"):format(place, most) end
  local is_full = is_said or most and count >= most
  return ("network '%s' (%s) %s no free address: VMs that this account sees hold %d; destroyed ones hold theirs until "
    .. "they are expunged"):format(network.name, place, is_full and "has" or "may have", count)
end

-- explain(cpi, nics, failure) -> words, or nil where the failure is about something else; nil and why where the look fails. nics:
-- as vm/nics.lua groups them, those that take any address count.
function exhaustion.explain(cpi, nics, failure)
  local is_said = refusals.is(failure, "address_is_not_given")
  if not is_said and not refusals.is(failure, "reason_is_hidden") then return nil end
  local requests, networks = {}, {}
  for i, nic in ipairs(nics) do
    if not nic.ip then
      requests[i] = { "listVirtualMachines", { networkid = nic.target.id }, rows = "virtualmachine" }
      networks[#networks + 1] = { nic.target, i }
    end
  end
  if #networks == 0 then return nil end
  local ok, found = pcall(cpi.cloudstack.gather, cpi.cloudstack, requests)
  if not ok then return nil, errors.words(found) end
  local list = {}
  for i, one in ipairs(networks) do list[i] = words_of(one[1], held(found[one[2]], one[1]), is_said) end
  return (is_said and "" or "CloudStack does not show the reason to this account; ") .. table.concat(list, "; ")
end

return exhaustion
