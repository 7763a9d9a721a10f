-- Which hypervisors a cloud has hosts of: what listHypervisors says, and why the templates of others are not seen.
local lists = require "sim.lists"

local hypervisors = {}

-- The hypervisors of a zone's clusters, in their order.
local function of_zone(m, zone)
  local out, seen = {}, {}
  for _, cluster in ipairs(m:rows "cluster") do
    if not seen[cluster.hypervisor] and cluster.zone == zone then
      seen[cluster.hypervisor], out[#out + 1] = true, cluster.hypervisor
    end
  end
  return out
end

-- All that the server may be used with, as a setting says.
local function configured(m)
  local out = {}
  for name in m:setting("hypervisor.list"):gmatch "[^,]+" do out[#out + 1] = name end
  return out
end

-- Has any host of any zone that hypervisor? A template of another one exists and is in no list.
function hypervisors.is_there(m, name)
  if lists.same(name, "Any") then return true end
  return m:first("cluster", function(cluster) return cluster.has_hosts and lists.same(cluster.hypervisor, name) end) ~= nil
end

local function list(m, call)
  local zone, rows = call.arguments.zoneid, m:array()
  local names = zone and of_zone(m, zone) or configured(m)
  for i, name in ipairs(names) do rows[i] = { name = name } end
  if #rows == 0 then return {} end
  return { count = #rows, hypervisor = rows }
end

hypervisors.commands = {
  { name = "listHypervisors", run = list, parameters = { { "zoneid", "uuid", of = "zone" } } },
}

return hypervisors
