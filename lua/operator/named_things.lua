-- Whether what a configuration names is in CloudStack, and what a site needs besides: zones, hypervisors, offerings, networks, key
-- pair, template, OS type. For `cpi doctor`.
--
-- named_things.requests(settings) -> { { subject, request }, ... }, as lua/operator/examination.lua asks them
-- named_things.check(found, asked, settings, client): adds findings; asked: the outcomes by subject

local os_types = require "cloudstack.os_types"
local support = require "operator.support"

local named_things = {}

function named_things.requests(settings)
  local site = settings.cloudstack
  local list = {
    { "zones", { "listZones", {}, rows = "zone" } },
    { "service offerings", { "listServiceOfferings", {}, rows = "serviceoffering" } },
    { "disk offerings", { "listDiskOfferings", {}, rows = "diskoffering" } },
    { "networks", { "listNetworks", {}, rows = "network" } },
    { "OS types", os_types.request(site.stemcell.os_type) },
  }
  if site.default_key_name ~= "" then list[#list + 1] = { "key pairs", { "listSSHKeyPairs", {}, rows = "sshkeypair" } } end
  if site.stemcell.mock ~= "" then
    list[#list + 1] = { "templates", { "listTemplates", { templatefilter = "executable" }, rows = "template" } }
  end
  return list
end

local function has_name(rows, wanted)
  for _, row in ipairs(rows) do
    if row.name == wanted or row.id == wanted then return row end
  end
end

local function names_of(rows)
  local names = {}
  for i, row in ipairs(rows) do names[i] = tostring(row.name) end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ", 1, math.min(#names, 12)) or "none"
end

-- A list that could not be asked for is a finding of its own.
local function rows_of(found, asked, subject)
  local outcome = asked[subject]
  if not outcome.failure then return outcome.rows end
  found:problem(subject, ("%s cannot be asked for: %s"):format(subject, outcome.failure.text), "see permissions")
end

-- The zones that templates are wanted in besides.
local function check_more_zones(found, rows, wanted)
  local are_there = #wanted > 0
  for _, name in ipairs(wanted) do
    if name ~= "*" and not has_name(rows, name) then
      found:problem("zone", ("cloudstack.stemcell.zones: '%s' is not in CloudStack"):format(name), "name one of: " .. names_of(rows))
      are_there = false
    end
  end
  if are_there then found:good("zone", "stemcells come to %s too", table.concat(wanted, ", ")) end
end

local function check_zone(found, asked, settings)
  local wanted, rows = settings.cloudstack.default_zone, rows_of(found, asked, "zones")
  if not rows then return end
  local zone = has_name(rows, wanted)
  if not zone then
    found:problem("zone", ("cloudstack.default_zone '%s' is not in CloudStack"):format(wanted),
      "name one of: " .. names_of(rows))
  elseif zone.allocationstate and zone.allocationstate ~= "Enabled" then
    found:problem("zone", ("zone '%s' is %s"):format(wanted, zone.allocationstate), "an administrator must enable it")
  else
    found:good("zone", "'%s' is there (%s)", wanted, tostring(zone.networktype or "of no type"))
  end
  check_more_zones(found, rows, settings.cloudstack.stemcell.zones or {})
end

-- The hypervisors of the default zone's hosts, and whether the CPI was tried on them.
local function check_hypervisors(found, asked, settings, client)
  local zone = has_name(asked.zones.rows or {}, settings.cloudstack.default_zone)
  local outcome = zone and client:wave({ { "listHypervisors", { zoneid = zone.id }, rows = "hypervisor" } })[1]
  if not outcome or outcome.failure then return end
  local known = 0
  for _, row in ipairs(outcome.rows) do
    local how, words = support.of_hypervisor(row.name or "")
    if how then
      known = known + 1
      found:good("hypervisor", "%s: %s (%s)", row.name, how, words)
    end
  end
  if known == 0 then
    found:problem("hypervisor", ("the zone has hosts of none that stemcells are for: %s"):format(names_of(outcome.rows)),
      "XenServer, KVM or VMware is needed")
  end
end

local function check_offerings(found, asked, settings)
  local services, disks = rows_of(found, asked, "service offerings"), rows_of(found, asked, "disk offerings")
  if services and #services == 0 then
    found:problem("offerings", "this account sees no service offering", "an administrator must make some, or share them")
  elseif services then
    found:good("offerings", "service offerings: %s", names_of(services))
  end
  if not disks then return end
  local default = settings.cloudstack.default_offer
  for _, key in ipairs { "disk", "ephemeral_disk" } do
    if default[key] ~= "" and not has_name(disks, default[key]) then
      found:problem("offerings", ("default_offer.%s '%s' is not a disk offering"):format(key, default[key]),
        "name one of: " .. names_of(disks))
    end
  end
  if default.custom_disk ~= "" and not has_name(disks, default.custom_disk) then
    found:remark("offerings", ("default_offer.custom_disk '%s' is not a disk offering"):format(default.custom_disk),
      "nothing to do where disks may take the smallest offering that fits; else name one of: " .. names_of(disks))
  else
    found:good("offerings", "disk offerings: %s", names_of(disks))
  end
end

local function serves_metadata(network)
  for _, service in ipairs(type(network.service) == "table" and network.service or {}) do
    if service.name == "UserData" then return true end
  end
  return false
end

local function with_ipv6(rows)
  local list = {}
  for _, row in ipairs(rows) do
    if row.ip6cidr then list[#list + 1] = row end
  end
  return list
end

local function check_networks(found, asked)
  local rows = rows_of(found, asked, "networks")
  if not rows then return end
  local serving, silent = {}, {}
  for _, row in ipairs(rows) do
    local list = serves_metadata(row) and serving or silent
    list[#list + 1] = row
  end
  if #rows == 0 then
    found:problem("networks", "this account sees no network", "make one, or have one shared with the account")
  elseif #serving == 0 then
    found:problem("networks", "no network serves user data: " .. names_of(silent),
      "a VM's agent finds its settings there: use a network offering with the service UserData")
  else
    found:good("networks", "with user data: %s", names_of(serving))
    if #silent > 0 then
      found:remark("networks", "without user data: " .. names_of(silent),
        "nothing to do where a VM has another network that serves it; ours makes that one its first")
    end
    found:good("networks", "with IPv6: %s", names_of(with_ipv6(rows)))
  end
end

-- Things that the configuration may name: { subject, wanted, rows' subject, the property }.
local function check_named(found, asked, settings)
  local site = settings.cloudstack
  for _, row in ipairs {
    { "key pair", site.default_key_name, "key pairs", "default_key_name" },
    { "template", site.stemcell.mock, "templates", "stemcell.mock" },
  } do
    local subject, wanted, list, property = table.unpack(row)
    local rows = wanted ~= "" and rows_of(found, asked, list)
    if rows and not has_name(rows, wanted) then
      found:problem(subject, ("cloudstack.%s '%s' is not there for this account"):format(property, wanted),
        "name one of: " .. names_of(rows))
    elseif rows then
      found:good(subject, "'%s' is there", wanted)
    end
  end
  local types = rows_of(found, asked, "OS types")
  local ok = types and pcall(os_types.pick, types, site.stemcell.os_type)
  if types and not ok then
    found:problem("OS type", ("cloudstack.stemcell.os_type '%s' is none of the server's"):format(site.stemcell.os_type),
      "`cmk list ostypes` has them; create_stemcell needs one for stemcells that name none")
  end
end

function named_things.check(found, asked, settings, client)
  check_zone(found, asked, settings)
  check_hypervisors(found, asked, settings, client)
  check_offerings(found, asked, settings)
  check_networks(found, asked)
  check_named(found, asked, settings)
end

return named_things
