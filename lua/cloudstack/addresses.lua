-- Public addresses: found by their text, acquired, given to a VM by static NAT, released.

local refusals = require "cloudstack.refusals"
local zones = require "cloudstack.zones"

local addresses = {}

-- The account's address with that text.
function addresses.request(address)
  return { "listPublicIpAddresses", { ipaddress = address }, rows = "publicipaddress" }
end

-- All of the owner.
function addresses.request_all()
  return { "listPublicIpAddresses", {}, rows = "publicipaddress" }
end

function addresses.request_by_id(id)
  return { "listPublicIpAddresses", { id = id }, rows = "publicipaddress" }
end

-- The address by which a network's router reaches the world; a network has none before its first VM.
function addresses.request_source_nat(network)
  return { "listPublicIpAddresses", { associatednetworkid = network.id, issourcenat = true }, rows = "publicipaddress" }
end

-- The row of exactly that address in the zone, or nil. The same address may be another's in another zone.
function addresses.pick(rows, address, zone)
  for _, row in ipairs(zones.rows_in(rows, zone)) do
    if row.ipaddress == address then return row end
  end
end

-- The request that acquires an address for the network (a wanted one, or any) and notes it in the journal entry.
function addresses.acquire_request(cpi, network, wanted, entry)
  local place = network.vpcid and { vpcid = network.vpcid } or { networkid = network.id }
  place.ipaddress = wanted
  return { "associateIpAddress", place, job = true, entry = entry,
    what = ("acquiring address %s for network '%s'"):format(wanted or "(any)", network.name),
    timeout = cpi.settings.cloudstack.timeout.global,
    find = wanted and function()
      return addresses.pick(cpi.cloudstack:rows(addresses.request(wanted)), wanted, { id = network.zoneid })
    end or nil }
end

function addresses.release_request(cpi, id)
  return { "disassociateIpAddress", { id = id }, job = true, idempotent = true, what = "releasing an address",
    timeout = cpi.settings.cloudstack.timeout.global }
end

-- guest: the address of the NIC that is meant, nil for its own one.
function addresses.enable_request(id, vm, network, guest)
  return { "enableStaticNat", { ipaddressid = id, virtualmachineid = vm.id, networkid = network.id, vmguestip = guest },
    idempotent = true, what = "static NAT" }
end

-- Asked again after a lost answer, CloudStack refuses what it has done and names the address itself.
function addresses.is_enabled(failure, id)
  return refusals.found(failure, "has_static_nat") == id
end

function addresses.disable_request(cpi, id)
  return { "disableStaticNat", { ipaddressid = id }, job = true, idempotent = true, what = "ending static NAT",
    timeout = cpi.settings.cloudstack.timeout.global }
end

return addresses
