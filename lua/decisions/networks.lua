-- The order of a VM's NICs, and their MACs: networks in one network of CloudStack share a NIC. The form of this file:
-- lua/decisions/README.md.

local rows = require "decision.rows"

-- A unicast MAC, in the lower case that the agent compares with; one of zeros alone names no NIC.
local function mac(value)
  if type(value) ~= "string" or not value:find "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$" then return nil end
  if not value:find "[1-9a-fA-F]" then return nil end
  if tonumber(value:sub(1, 2), 16) % 2 == 1 then return nil end
  return value:lower()
end

local function match(answer, facts)
  if type(answer) ~= "table" or type(answer.order) ~= "table" then
    return nil, "it must be { order = { network names }, macs = { name = MAC } }"
  elseif answer.macs ~= nil and type(answer.macs) ~= "table" then
    return nil, "its macs must be a table of MACs by the names of networks"
  end
  local names, known, macs, count, owner = {}, {}, {}, 0, {}
  for _, network in ipairs(facts.networks) do
    names[network.name], known[network.name], count = true, network.network.id, count + 1
  end
  for _, name in ipairs(answer.order) do
    if not names[name] then return nil, ("its order names '%s' twice or from nowhere"):format(tostring(name)) end
    names[name], count = nil, count - 1
  end
  if count > 0 then return nil, ("its order leaves out '%s'"):format(tostring(next(names))) end
  for name, value in pairs(answer.macs or {}) do
    macs[name] = mac(value)
    if not macs[name] then return nil, ("'%s' is not a unicast MAC"):format(tostring(value)) end
    if not known[name] then return nil, ("its macs name '%s', which is not a network of this VM"):format(tostring(name)) end
    local other = owner[macs[name]]
    if other and other ~= known[name] then return nil, ("its macs have '%s' for two NICs"):format(value) end
    owner[macs[name]] = known[name]
  end
  return { order = answer.order, macs = macs }
end

return {
  summary = "The order of a VM's NICs, and their MACs. The first NIC is CloudStack's default one, and the one on which a "
    .. "stemcell looks for its metadata. Networks in one network of CloudStack share a NIC, which stands where the first of them does.",
  asked = "Asked by every `create_vm`.",
  verbs = { "create_vm" },
  facts = rows.of_a_new_one {
    { "networks", "object[]", "in the order of the names", fields = {
      { "name", "string", "the network's name in BOSH" },
      { "kind", '"manual"|"dynamic"', "its type in BOSH" },
      { "ip", "string", "the address wanted, manual networks only", optional = true },
      { "family", "integer", "4 or 6", optional = true },
      { "prefix", "integer", "the bits of its block of addresses: 32, or 128 for IPv6, is one address", optional = true },
      { "nic_group", "string", "BOSH's name of the NIC", optional = true },
      { "undiscoverable", "boolean", "the cloud property of that name" },
      { "gateway", "boolean", "is this network BOSH's default for the gateway?" },
      { "dns", "boolean", "is this network BOSH's default for DNS?" },
      { "fresh_mac", "string", "a random MAC that may be used; those that share a NIC have the same" },
      { "network", "object", "the network in CloudStack", fields = {
        { "id", "string", "CloudStack's id" },
        { "name", "string", "its name" },
        { "type", "string", "`Isolated` or `Shared`", optional = true },
        { "serves_metadata", "boolean", "does it offer the service UserData?" },
      } },
    } },
  },
  answer = {
    type = "answer",
    fields = {
      { "order", "string[]", "every name, once" },
      { "macs", "table<string, string>", "MACs by name", optional = true },
    },
    text = "`{ order = { names }, macs = { name = MAC } }`. The order has every name exactly once. `macs` may be absent or "
      .. "leave out names; a MAC is six pairs of hex digits with colons, unicast, not all zeros, in any case, and each is one NIC's.",
  },
  ours = "networks that are not undiscoverable first, then those that serve metadata, then the default for the gateway, "
    .. "then by name; with several networks each NIC gets its `fresh_mac`, because the agent distinguishes NICs by it.",
  example = {
    networks = {
      { name = "backend", kind = "dynamic", family = 4, prefix = 32, undiscoverable = false, gateway = false, dns = false,
        fresh_mac = "02:5d:1c:00:00:01",
        network = { id = "n2", name = "backend-net", type = "Isolated", serves_metadata = false } },
      { name = "default", kind = "manual", ip = "10.0.16.5", family = 4, prefix = 32, nic_group = "1",
        undiscoverable = false, gateway = true, dns = true, fresh_mac = "02:5d:1c:00:00:02",
        network = { id = "n1", name = "bosh-net", type = "Isolated", serves_metadata = true } },
    },
  },
  match = match,
}
