-- What `cpi validate` makes and where: of its options, and of what the cloud has. Only reads are sent.
--
-- life_order(client, settings, options, director) -> { zone, order }: order as life.run takes it. What is not there ends the
-- program with exit code 2, and the message names what there is.

local command = require "operator.command"
local exact = require "cloudstack.exact"
local networks = require "cloudstack.networks"
local templates = require "cloudstack.templates"
local vms = require "cloudstack.vms"
local zones = require "cloudstack.zones"

local SMALLEST_DISK = 1024 -- MB

local function picked(rows, wanted, what)
  return exact.one(rows, wanted, what) or error(command.refusal("%s '%s' is not there; there are: %s", what, wanted, exact.names(rows)))
end

-- The network that is named; else the only one whose VMs find their user data.
local function network_of(rows, wanted)
  if wanted then return picked(rows, wanted, "network") end
  local serving = {}
  for _, row in ipairs(rows) do
    if networks.offers(row, "UserData") then serving[#serving + 1] = row end
  end
  if #serving == 1 then return serving[1] end
  error(command.refusal("which network? --network NAME; with user data there are: %s", exact.names(serving)))
end

-- A template of the zone that can be used: the one that is named, else one of a stemcell, else any that is ready; the newest.
local function template_of(rows, wanted)
  if wanted then return picked(rows, templates.wanted(wanted), "template") end
  local function rank(row) return ("%d %s %s"):format(templates.is_ours(row.name) and 1 or 0, row.created or "", row.id) end
  local best
  for _, row in ipairs(rows) do
    if row.isready and row.templatetype ~= "SYSTEM" and (not best or rank(row) > rank(best)) then best = row end
  end
  return best or error(command.refusal "no template is ready in the zone: --image FILE uploads one")
end

local function megabytes(text, name)
  local number = math.tointeger(tonumber(text))
  if number and number > 0 then return number end
  error(command.refusal("--%s '%s' is not a whole number of MB above 0", name, text))
end

local function properties_of(options)
  return {
    compute_offering = options.offering, cpu = not options.offering and 1 or nil, ram = not options.offering and 1024 or nil,
    zone = options.zone, disk = options["ephemeral-disk"] and megabytes(options["ephemeral-disk"], "ephemeral-disk") or nil,
    affinity_group = options.affinity,
  }
end

local function stemcell_of(options, template)
  if not options.image then
    return { image = "", cloud_properties = { light_template = template.id, zone = options.zone } }
  end
  return { image = options.image, cloud_properties = { name = "cpi-validate", version = "1", zone = options.zone,
    hypervisor = options.hypervisor, disk_format = options["disk-format"] } }
end

return function(client, settings, options, director)
  local wanted = options.zone or settings.cloudstack.default_zone
  local found = client:gather { zones = zones.request(), networks = networks.request(),
    templates = { "listTemplates", { templatefilter = "executable" }, rows = "template" } }
  local zone = picked(found.zones, wanted, "zone")
  local there = zones.rows_in(found.networks, zone)
  local template = not options.image and template_of(zones.rows_in(found.templates, zone), options.stemcell) or nil
  return {
    director = director, zone = zone, template = template, is_uploaded = options.image ~= nil, stemcell = stemcell_of(options, template),
    network = network_of(there, options.network), address = options.address,
    second_network = options["second-network"] and picked(there, options["second-network"], "network").name or nil,
    vip = options.vip or nil, affinity = options.affinity, properties = properties_of(options),
    disk = options.disk and megabytes(options.disk, "disk") or SMALLEST_DISK,
    disk_properties = { disk_offering = options["disk-offering"] },
    find_vm = function(cid) return vms.pick(client:rows(vms.request(cid)), cid) end,
  }
end
