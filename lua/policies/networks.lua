-- The order of a VM's NICs, and their MACs. The first NIC is CloudStack's default one and the one on which a
-- stemcell looks for its metadata, so a network that serves user data comes first.

local function earlier(a, b)
  if a.undiscoverable ~= b.undiscoverable then return b.undiscoverable end
  if a.network.serves_metadata ~= b.network.serves_metadata then return a.network.serves_metadata end
  if a.gateway ~= b.gateway then return a.gateway end
  return a.name < b.name
end

local function decide(facts)
  local sorted, order, macs = table.move(facts.networks, 1, #facts.networks, 1, {}), {}, {}
  table.sort(sorted, earlier)
  for i, network in ipairs(sorted) do
    order[i] = network.name
    if #sorted > 1 then macs[network.name] = network.fresh_mac end
  end
  return { order = order, macs = macs }
end

return { api = 1, decide = decide }
