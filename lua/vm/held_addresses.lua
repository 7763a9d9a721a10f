-- The addresses that a VM holds which is removed: one in Error keeps its own until CloudStack expunges it, and nobody but an
-- account that may expunge can free them. The VM may be invisible by then; its NICs are shown.

local held_addresses = {}

-- Those that a removed VM still has, as a set.
local function of_vm(cpi, vm)
  local set = {}
  local payload = cpi.cloudstack:try("listNics", { virtualmachineid = vm.id }) -- refused where it is expunged
  for _, nic in ipairs(payload and payload.nic or {}) do
    if nic.ipaddress then set[nic.ipaddress] = true end
  end
  return set
end

-- find(cpi, nics, vm) -> { { nic, holder }, ... }: the NICs of the plan whose address the removed VM still has. nics: as
-- vm/networks.lua plans them; vm: its row from before its removal. Nothing is asked of a VM that had none of them.
function held_addresses.find(cpi, nics, vm)
  local had, list = {}, {}
  for _, nic in ipairs(vm.nic or {}) do had[nic.ipaddress or ""] = true end
  local has
  for _, nic in ipairs(nics) do
    if nic.ip and had[nic.ip] then
      has = has or of_vm(cpi, vm)
      if has[nic.ip] then
        list[#list + 1] = { nic = nic, in_range = true, is_own = true,
          holder = { id = vm.id, name = vm.name, state = "Destroyed", created = vm.created, tags = vm.tags } }
      end
    end
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
