-- calculate_vm_cloud_properties({ cpu, ram, ephemeral_disk_size }): the cloud_properties of a VM that has at
-- least so many CPUs and MB; create_vm takes what it returns. Raises CloudError when nothing is large enough.
--
-- BOSH does not say in which zone the VM will be. So an offering is named when its name (or id) leads to one that is large
-- enough in every zone; where it does not, the size is returned, and create_vm chooses in the zone that its request names.

local arguments = require "request.arguments"
local capabilities = require "cloudstack.capabilities"
local disk_choice = require "disks.choice"
local errors = require "errors"
local offerings = require "cloudstack.offerings"
local zones = require "cloudstack.zones"

-- A whole number above 0. The director takes 0 for ephemeral_disk_size, which means no such disk.
local function count(wanted, key, may_be_none)
  local value = math.type(wanted[key]) and math.tointeger(wanted[key])
  if not value or value < 0 or value == 0 and not may_be_none then
    error(errors.cpi("desired_instance_size.%s must be a whole number%s", key, may_be_none and ", 0 for none" or " above 0"))
  end
  return value > 0 and value or nil
end

-- The zones, the default one first.
local function zones_of(cpi, rows)
  local default = zones.pick(rows, cpi.settings.cloudstack.default_zone)
  local list = { default }
  for _, zone in ipairs(rows) do
    if zone.id ~= default.id then list[#list + 1] = zone end
  end
  return list
end

-- The offerings that create_vm would use for that handle, one a zone, and the names of the zones where it would use none
-- that suits.
local function uses_of(search, handle)
  local used, without = {}, {}
  for _, zone in ipairs(search.zones) do
    local ok, row = pcall(offerings.pick, search.rows, handle, search.kind, zone)
    local is_good = ok and offerings.has_storage(row, zone)
      and #offerings.tagged({ row }, search.tags, search.not_tags) == 1 and search.suits(row)
    local list = is_good and used or without
    list[#list + 1] = is_good and row or zone.name
  end
  return used, without
end

-- What to call one of the candidates, and the offerings that create_vm takes it for. nil where none is good everywhere, and
-- create_vm may choose: but the tags that the site wants are known here alone, so then it is the first one, with a warning.
local function handle_of(cpi, search, candidates)
  for _, candidate in ipairs(candidates) do
    for _, handle in ipairs { candidate.name, candidate.id } do
      local used, without = uses_of(search, handle)
      if #without == 0 then return handle, used end
    end
  end
  if #(search.tags or {}) + #(search.not_tags or {}) == 0 then return nil, {} end
  local handle = offerings.handle(candidates[1], offerings.in_zone(search.rows, search.zones[1]))
  local used, without = uses_of(search, handle)
  cpi.log.warn("%s offering '%s' is the one for cloudstack.calculate.*, and none that suits in zone %s: VMs will be refused there",
    search.kind, handle, table.concat(without, ", "))
  return handle, used
end

local function has_customised(rows)
  for _, row in ipairs(rows) do
    if row.iscustomized then return true end
  end
  return false
end

local function compute(cpi, found, cpu, ram)
  local tagged, zone = cpi.settings.cloudstack.calculate, found.zones[1]
  local search = {
    kind = "service", rows = found.services, zones = found.zones, tags = tagged.compute_tags, not_tags = tagged.not_compute_tags,
    suits = function(row) return not offerings.size_problem(row, cpu, ram) end,
  }
  local candidates = cpi.decide("service_offering", {
    cpu = cpu, ram = ram, zone = { id = zone.id, name = zone.name }, refused = {},
    offerings = offerings.tagged(offerings.usable(found.services, zone), search.tags, search.not_tags),
  })
  local handle, used = handle_of(cpi, search, candidates)
  local with_size = not handle or has_customised(used)
  return handle, with_size and cpu or nil, with_size and ram or nil
end

local function ephemeral(cpi, found, size)
  local tagged, zone = cpi.settings.cloudstack.calculate, found.zones[1]
  local limits = capabilities.read(found.capabilities).custom_disk
  local search = {
    kind = "disk", rows = found.disks, zones = found.zones, tags = tagged.disk_tags, not_tags = tagged.not_disk_tags,
    suits = function(row) return offerings.disk(row, size, limits) ~= nil end,
  }
  local choice = disk_choice(cpi, "ephemeral", {
    size = size, zone = zone, limits = limits, offerings = offerings.tagged(found.disks, search.tags, search.not_tags),
  })
  return (handle_of(cpi, search, { choice.offering }))
end

return function(cpi, desired)
  desired = arguments.object("desired_instance_size", desired, cpi.json.null)
  local cpu, ram, disk = count(desired, "cpu"), count(desired, "ram"), count(desired, "ephemeral_disk_size", true)
  local found = cpi.cloudstack:gather {
    zones = zones.request(), services = offerings.service_request(), disks = offerings.disk_request(),
    capabilities = capabilities.request(),
  }
  found.zones = zones_of(cpi, found.zones)
  local answer = { disk = disk, ephemeral_disk_offering = disk and ephemeral(cpi, found, offerings.gigabytes(disk)) }
  answer.compute_offering, answer.cpu, answer.ram = compute(cpi, found, cpu, ram)
  return answer
end
