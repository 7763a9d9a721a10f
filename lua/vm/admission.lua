-- Whether a VM may be made as it was ordered, and with which cloud_properties: the decision `vm`. Ours leaves every order as it is,
-- so where no file of the site decides, nothing is asked.

local admitted = require "request.admitted"
local tables = require "base.tables"

local admission = {}

-- The site's own keys, which the CPI hands to every policy and does not read.
admission.properties = { policy = "object" }

local WHAT = "cloud_properties of the VM"

-- BOSH's networks in the order of their names; what is not one is refused where networks are read.
local function networks_of(order, null)
  local list = {}
  for name, network in pairs(type(order.given_networks) == "table" and order.given_networks or {}) do
    if type(network) == "table" and type(name) == "string" then
      local function text(key) return type(network[key]) == "string" and network[key] ~= "" and network[key] or nil end
      list[#list + 1] = { name = name, type = text "type", ip = text "ip",
        cloud_properties = admitted.facts(network.cloud_properties, null) }
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function facts_of(order, null)
  return {
    stemcell_cid = order.stemcell_cid, cloud_properties = admitted.facts(order.given_properties, null),
    networks = networks_of(order, null), disks = order.disk_cids,
  }
end

-- admit(cpi, order, known) -> the order as it is to be made. order: the arguments of create_vm with `properties`, as they were
-- read; given_properties, as they came. known: the kinds of the properties. Raises CloudError in the site's words where it
-- refuses the VM, and CpiError where its cloud_properties are none. What it needs to know is asked for before everything else.
function admission.admit(cpi, order, known)
  local null = cpi.json.null
  local function facts() return facts_of(order, null) end
  if not cpi.decide.matters("vm", facts, order.instance, "as ordered") then return order end
  local usage = require "cloudstack.usage"
  local requests = usage.requests(cpi, { "vm" }, order.instance)
  if next(requests) then
    order = tables.with(order, { instance = usage.read(cpi, cpi.cloudstack:gather(requests), order.instance) })
  end
  return admitted.read(cpi, "vm", cpi.decide("vm", facts(), order.instance), order, known, WHAT)
end

return admission
