-- Why a deploy was refused: no room, or an address that somebody has. CloudStack says the first in several
-- ways, and hides the second from users behind "Internal error executing command".


local capacity = {}

local short_of = { "insufficient capacity", "No suitable host found", "No destination found", "Unable to create a deployment" }

-- Did CloudStack have no room? Code 533 on a job or a request, or a 530 that says so in words.
function capacity.is_short(failure)
  if failure.code == 533 then return true end
  for _, words in ipairs(short_of) do
    if failure.text:find(words, 1, true) then return true end
  end
  return false
end

-- The VM whose NIC has one of the addresses: "10.0.0.5 is held by VM x (Running)".
local function holder(cpi, address, network)
  local rows = cpi.cloudstack:rows({ "listVirtualMachines", { networkid = network.id }, rows = "virtualmachine" })
  for _, vm in ipairs(rows) do
    for _, nic in ipairs(vm.nic or {}) do
      if nic.ipaddress == address and nic.networkid == network.id then
        return ("address %s is held by VM '%s' (%s)"):format(address, vm.name, tostring(vm.state))
      end
    end
  end
  return ("nobody that this account sees holds address %s: it may be outside network '%s' (%s), or held by a "
    .. "destroyed VM until that is expunged"):format(address, network.name, tostring(network.cidr))
end

-- More words for a refused address, or nil where that is not what happened.
function capacity.explain(cpi, plan, failure)
  local masked = failure.kind == "refused" and failure.code == 530
  if not masked then return nil end
  local words = {}
  for _, nic in ipairs(plan.nics) do
    if nic.ip then
      local ok, text = pcall(holder, cpi, nic.ip, nic.target)
      if ok then words[#words + 1] = text end
    end
  end
  if #words == 0 then return nil end
  return ("%s; %s"):format(cpi.cloudstack.say(failure), table.concat(words, "; "))
end

return capacity
