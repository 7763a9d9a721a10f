-- What makes no sense in a world: every mistake, each with the place where it stands.
local defaults = require "sim.default_world"
local guest_addresses = require "sim.guest_addresses"
local ipv4 = require "base.ipv4"
local shapes = require "sim.world_shapes"
local version = require "sim.version"

local world_check = {}

local ROLES = { admin = true, domainadmin = true, user = true }
local TYPES = { Isolated = true, Shared = true, L2 = true }
local LATENCY = { request = true, template = true, jobs = true }
world_check.HYPERVISORS = { XenServer = "VHD", KVM = "QCOW2", VMware = "OVA", Simulator = "VHD" }

-- new() -> complain(format, ...), and the list of what was complained of
function world_check.collector()
  local mistakes = {}
  return function(format, ...) mistakes[#mistakes + 1] = format:format(...) end, mistakes
end

function world_check.position(list, name)
  for i, entry in ipairs(list) do
    if entry.name == name then return i end
  end
end

local function check_entry(key, entry, complain)
  local where, good = ("%s '%s'"):format(key, entry.name), true
  local function wrong(...)
    good = false
    complain(...)
  end
  for _, field in ipairs(shapes.FIELDS[key]) do
    local name, value = field.name, entry[field.name]
    if value == nil and field.needed then wrong("%s has no %s", where, name) end
    if value ~= nil and type(value) ~= field.type then
      wrong("%s: %s is a %s, not a %s", where, name, type(value), field.type)
    end
  end
  local names = {}
  for name in pairs(entry) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for _, name in ipairs(names) do
    if not shapes.FIELDS[key][name] then wrong("%s: unknown key '%s'", where, name) end
  end
  return good
end

local function check_references(w, key, entry, complain)
  for field, list in pairs(shapes.REFERENCES) do
    local name = shapes.FIELDS[key][field] and entry[field]
    if name and name ~= "system" and not world_check.position(w[list], name) then
      complain("%s '%s': %s '%s' does not exist", key, entry.name, field, tostring(name))
    end
  end
end

local function check_range(network, cidr, where, complain)
  if network.type == "Shared" and not network.range then complain("%s has no range", where) end
  for _, address in ipairs(network.range or {}) do
    local number = ipv4.number(address)
    if not number or number < cidr.first or number > cidr.last then
      complain("%s: range address '%s' is not inside %s", where, tostring(address), network.cidr)
    end
  end
end

local function check_ipv6(network, where, complain)
  local fine, why = pcall(guest_addresses.ip6, network.ip6cidr, network.ip6gateway, network.ip6range)
  if not fine then complain("%s: %s", where, why) end
end

local function check_network(network, complain)
  local where = ("networks '%s'"):format(network.name)
  if not TYPES[network.type] then return complain("%s: unknown type '%s'", where, network.type) end
  if network.type == "L2" then return end -- it has no addresses
  check_ipv6(network, where, complain)
  if not network.cidr or not network.gateway then return complain("%s has no %s", where, network.cidr and "gateway" or "cidr") end
  local cidr, gateway = ipv4.network(network.cidr), ipv4.number(network.gateway)
  if not cidr then return complain("%s: '%s' is not a cidr", where, network.cidr) end
  if not gateway or gateway <= cidr.first or gateway >= cidr.last then
    complain("%s: gateway '%s' is not inside %s", where, network.gateway, network.cidr)
  end
  check_range(network, cidr, where, complain)
end

local function check_vm(w, vm, complain)
  for i, entry in ipairs(vm.networks) do
    local name = type(entry) == "table" and entry.name or entry
    if not world_check.position(w.networks, name) then
      complain("vms '%s': networks[%d] '%s' does not exist", vm.name, i, tostring(name))
    end
  end
end

local function check_hypervisor(name, complain)
  if not world_check.HYPERVISORS[name] then complain("unknown hypervisor '%s'", name) end
end

local checks = {}

function checks.accounts(_, account, complain)
  if not ROLES[account.role] then
    complain("accounts '%s': role is 'admin', 'domainadmin' or 'user', not '%s'", account.name, account.role)
  end
end

function checks.networks(_, network, complain) check_network(network, complain) end
function checks.vms(w, vm, complain) check_vm(w, vm, complain) end

function checks.clusters(_, cluster, complain)
  if cluster.hypervisor then check_hypervisor(cluster.hypervisor, complain) end
end

local function check_maps(w, complain)
  for name, value in pairs(w.settings) do
    local default = defaults.SETTINGS[name]
    if default == nil then complain("unknown setting '%s'", name) end
    if default ~= nil and type(default) ~= type(value) then
      complain("settings: %s is a %s, not a %s", name, type(value), type(default))
    end
  end
  for name in pairs(w.latency) do
    if not LATENCY[name] then complain("latency has no '%s'", tostring(name)) end
  end
  for name, value in pairs(w.keep) do
    if defaults.KEEP[name] == nil then complain("keep has no '%s'", tostring(name)) end
    if math.type(value) ~= "integer" or value < 1 then complain("keep: %s is not a number of things", tostring(name)) end
  end
end

-- check(w, complain): looks at a whole world, whose lists and keys have the right types
function world_check.check(w, complain)
  if not version.new(w.version) then complain("'%s' is not a version", w.version) end
  check_hypervisor(w.hypervisor, complain)
  for _, key in ipairs(shapes.LISTS) do
    for _, entry in ipairs(w[key]) do
      local good = check_entry(key, entry, complain)
      check_references(w, key, entry, complain)
      if good and checks[key] then checks[key](w, entry, complain) end
    end
  end
  check_maps(w, complain)
  if not world_check.position(w.accounts, w.default_account) then
    complain("default_account '%s' does not exist", w.default_account)
  end
end

return world_check
