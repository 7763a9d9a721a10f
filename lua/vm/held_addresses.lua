-- The addresses that a VM holds which is removed: one in Error keeps its own until CloudStack expunges it, and nobody but an
-- account that may expunge can free them. The VM may be invisible by then; its NICs are shown.

local cloud_nics = require "cloudstack.nics"
local nics = require "vm.nics"

local held_addresses = {}

-- Those of the wanted addresses that the VM has. wanted: as nics.wanted has them; vm: a row with its NICs.
local function had_by(vm, wanted)
  local list = {}
  for _, one in ipairs(wanted) do
    local row = cloud_nics.in_network(vm, one.target.id)
    if row and cloud_nics.has(row, one.ip) then list[#list + 1] = one end
  end
  return list
end

-- find(cpi, planned, vm) -> { { nic = { ip, target }, holder }, ... }: the addresses of the plan that the removed VM still has.
-- planned: NICs as vm/nics.lua groups them; vm: its row from before its removal. Nothing is asked of a VM that had none of them.
function held_addresses.find(cpi, planned, vm)
  local had, list = {}, {}
  for _, nic in ipairs(planned) do
    local some = had_by(vm, nics.wanted(nic))
    table.move(some, 1, #some, #had + 1, had)
  end
  if #had == 0 then return list end
  local payload = cpi.cloudstack:try("listNics", { virtualmachineid = vm.id }) -- refused where it is expunged
  for i, one in ipairs(had_by({ nic = payload and payload.nic }, had)) do
    list[i] = { nic = one, in_range = true, is_own = true,
      holder = { id = vm.id, name = vm.name, state = "Destroyed", created = vm.created, tags = vm.tags } }
  end
  return list
end

-- "address 10.0.0.5 in network 'net', which VM cpivm-1 holds until ..., ..."
function held_addresses.words(list)
  local words = {}
  for i, one in ipairs(list) do
    words[i] = ("address %s in network '%s', which VM %s holds until CloudStack expunges it (expunge.delay and expunge.interval, a day "
      .. "each by default)"):format(one.nic.ip, one.nic.target.name, one.holder.name)
  end
  return table.concat(words, ", ")
end

return held_addresses
