-- The service offering of a VM: the one that its cloud_properties name, else those that the service_offering policy names.

local errors = require "errors"
local offerings = require "cloudstack.offerings"

local offering = { name = "offering" }

offering.properties = { compute_offering = "text", cpu = "count", cpu_speed = "count", ram = "count" }

local DEFAULT_CPU_SPEED = 2000 -- MHz, as the Go CPI

function offering.ask() return { services = offerings.service_request() } end

-- What the policy has for the zone: a function of the ids of those that had no room.
local function chooser(cpi, order, found)
  local usable = offerings.usable(found.services, found.zone)
  return function(refused)
    return cpi.decide("service_offering", {
      cpu = order.properties.cpu, ram = order.properties.ram, offerings = usable, refused = refused,
      zone = { id = found.zone.id, name = found.zone.name }, zones = found.zones_left,
    }, order.instance)
  end
end

-- { first, after(refused) }: the offerings to try, best first, and those to try after the ones with the ids of `refused` had no
-- room, nil when there is no more.
function offering.plan(cpi, order, found)
  local properties = order.properties
  if properties.compute_offering then
    local only = offerings.pick(found.services, properties.compute_offering, "service", found.zone)
    return { first = { only }, after = function() end }
  elseif not properties.cpu or not properties.ram then
    error(errors.cloud("cloud_properties of the VM must name 'compute_offering', or both 'cpu' and 'ram'"))
  end
  local choose = chooser(cpi, order, found)
  return { first = choose {}, after = choose }
end

-- Since 4.21 an offering may lend its VMs for some days, after which CloudStack stops or destroys them whatever BOSH wants.
-- leaseduration -1 refuses that (DeployVMCmd); older versions have no such parameter, and no such row.
local function without_lease(cpi, row)
  if not math.type(row.leaseduration) or row.leaseduration < 1 then return nil end
  cpi.log.info("service offering '%s' lends its VMs for %d days: this one is asked for without a lease", row.name, row.leaseduration)
  return -1
end

-- CPU and memory of a customised offering come with the deploy.
function offering.parameters(cpi, order, _, _, try)
  local row, properties = try.offering, order.properties
  local params = { serviceofferingid = row.id, leaseduration = without_lease(cpi, row) }
  if row.isvolatile then
    cpi.log.warn("service offering '%s' is volatile: each reboot gives the VM a new root disk", row.name)
  end
  if not row.iscustomized then return params end
  if not properties.cpu or not properties.ram then
    error(errors.cloud("service offering '%s' is customised: cloud_properties of the VM must have 'cpu' and 'ram'", row.name))
  end
  local problem = offerings.size_problem(row, properties.cpu, properties.ram)
  if problem then error(errors.cloud("service offering '%s' %s", row.name, problem)) end
  local size = offerings.custom_size(row, properties.cpu, properties.cpu_speed or DEFAULT_CPU_SPEED, properties.ram)
  for key, value in pairs(size) do params["details[0]." .. key] = value end
  return params
end

return offering
