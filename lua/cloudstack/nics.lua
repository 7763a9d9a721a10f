-- The NICs of a VM, as rows of listVirtualMachines and listNics have them, and the addresses that one has besides its own.

local address = require "base.address"

local nics = {}

-- The NIC of a VM in a network: it has one at most. nil where it has none.
function nics.in_network(vm, network_id)
  for _, nic in ipairs(vm and vm.nic or {}) do
    if nic.networkid == network_id then return nic end
  end
end

-- The NIC with CloudStack's id in a list of NICs (nil: none are known), or nil.
function nics.with_id(list, id)
  for _, nic in ipairs(list or {}) do
    if nic.id == id then return nic end
  end
end

-- The further addresses of a NIC, of both families: { { id, ipaddress }, ... }.
function nics.secondary(nic)
  return type(nic.secondaryip) == "table" and nic.secondaryip or {}
end

-- All addresses of a NIC, its own ones first.
function nics.addresses(nic)
  local list = {}
  for _, key in ipairs { "ipaddress", "ip6address" } do list[#list + 1] = nic[key] end
  for _, one in ipairs(nics.secondary(nic)) do list[#list + 1] = one.ipaddress end
  return list
end

-- Has the NIC the address, in whatever spelling, as its own or besides?
function nics.has(nic, wanted)
  for _, one in ipairs(nics.addresses(nic)) do
    if address.same(one, wanted) then return true end
  end
  return false
end

-- The VM among rows that has the address in the network, or nil.
function nics.holder(rows, wanted, network_id)
  for _, vm in ipairs(rows) do
    for _, nic in ipairs(vm.nic or {}) do
      if nic.networkid == network_id and nics.has(nic, wanted) then return vm end
    end
  end
end

-- The request that gives a NIC an address besides its own; it is taken as soon as CloudStack answers. A lost answer is settled by
-- looking at the NIC.
function nics.add_request(cpi, vm, nic, wanted)
  return { "addIpToNic", { nicid = nic.id, ipaddress = wanted }, job = true,
    what = ("adding address %s to the NIC in network '%s'"):format(wanted, tostring(nic.networkname)),
    timeout = cpi.settings.cloudstack.timeout.global,
    find = function()
      local payload = cpi.cloudstack:call("listNics", { virtualmachineid = vm.id, nicid = nic.id })
      for _, one in ipairs(nics.secondary((payload.nic or {})[1] or {})) do
        if address.same(one.ipaddress, wanted) then return one end
      end
    end }
end

-- The request that frees a further address of a NIC: CloudStack keeps it for a destroyed VM as well.
function nics.remove_request(cpi, id, wanted)
  return { "removeIpFromNic", { id = id }, job = true, idempotent = true, what = "releasing address " .. tostring(wanted),
    timeout = cpi.settings.cloudstack.timeout.global }
end

return nics
