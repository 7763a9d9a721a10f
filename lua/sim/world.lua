-- What a simulated cloud consists of before anybody uses it: a sensible default, what a caller changes in it,
-- and clear words about what makes no sense. Entries of a list are told apart by their names: one of a known
-- name changes the default's, { name = "x", absent = true } takes it away, any other is added.
local defaults = require "sim.default_world"
local ipv4 = require "base.ipv4"
local version = require "sim.version"

local world = {}

local ROLES = { admin = true, domainadmin = true, user = true }
local HYPERVISORS = { XenServer = "VHD", KVM = "QCOW2", VMware = "OVA", Simulator = "VHD" }

-- Names that the listed kinds of entry may have, with the type of each; "!" says that there is no doing without.
local SHAPES = {
  accounts = "name:string! role:string! domain:string apikey:string secretkey:string limits:table disabled:boolean "
    .. "without:table",
  projects = "name:string! account:string! members:table state:string limits:table displaytext:string",
  zones = "name:string! pools:table networktype:string securitygroups:boolean localstorage:boolean allocationstate:string "
    .. "dns:string public:string",
  clusters = "name:string! zone:string! hosts:table! pools:table!",
  service_offerings = "name:string! cpu:number mhz:number memory:number customized:boolean storage:string "
    .. "limits:table hosttags:string storagetags:string zone:string rootdisksize:number displaytext:string",
  disk_offerings = "name:string! size:number customized:boolean strict:boolean storage:string tags:string zone:string "
    .. "displaytext:string",
  networks = "name:string! zone:string! type:string! cidr:string! gateway:string! range:table account:string "
    .. "project:string services:table displaytext:string vpc:string acl:string offering:string",
  public_addresses = "name:string! account:string zone:string network:string vpc:string",
  vpcs = "name:string! zone:string! cidr:string! account:string",
  security_groups = "name:string! account:string! description:string",
  templates = "name:string! account:string zones:table format:string hypervisor:string ostype:string size:number "
    .. "featured:boolean public:boolean details:table displaytext:string",
  ostypes = "name:string! category:string",
  keys = "name:string! account:string! project:string publickey:string!",
}

-- The same, read once: { { name =, type =, needed = }, ... } in their order, and each by its name.
local FIELDS = {}
for key, shape in pairs(SHAPES) do
  FIELDS[key] = {}
  for name, kind, needed in shape:gmatch "(%w+):(%w+)(!?)" do
    local field = { name = name, type = kind, needed = needed == "!" }
    table.insert(FIELDS[key], field)
    FIELDS[key][name] = field
  end
end

local PLAIN = {
  version = "string", hypervisor = "string", seed = "string", start = "number", upload_size = "number",
  settings = "table", latency = "table", default_account = "string",
}

-- ---------------------------------------------------------------------------------------------------------
-- what a caller changes

local function complain(format, ...)
  error("world: " .. format:format(...), 0)
end

local function copied(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, item in pairs(value) do out[key] = copied(item) end
  return out
end

local function merged_map(base, changes)
  local out = copied(base)
  for key, value in pairs(changes) do
    out[key] = type(value) == "table" and type(out[key]) == "table" and merged_map(out[key], value) or copied(value)
  end
  return out
end

local function position(list, name)
  for i, entry in ipairs(list) do
    if entry.name == name then return i end
  end
end

local function merged_list(base, changes, key)
  local out = copied(base)
  for i, entry in ipairs(changes) do
    if type(entry) ~= "table" or type(entry.name) ~= "string" then complain("%s[%d] has no name", key, i) end
    local at = position(out, entry.name)
    if entry.absent then
      if at then table.remove(out, at) end
    elseif at then
      for name, value in pairs(entry) do out[at][name] = copied(value) end
    else
      out[#out + 1] = copied(entry)
    end
  end
  return out
end

local function merge_key(out, key, value)
  local expected = PLAIN[key] or (SHAPES[key] and "table")
  if not expected then complain("unknown key '%s'", key) end
  if key == "latency" and value == "observed" then value = defaults.OBSERVED end
  if type(value) ~= expected then complain("%s is a %s, not a %s", key, type(value), expected) end
  if SHAPES[key] then
    out[key] = merged_list(out[key], value, key)
  elseif expected == "table" then
    out[key] = merged_map(out[key], value)
  else
    out[key] = value
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- what makes no sense

local function check_entry(key, entry)
  local where = ("%s '%s'"):format(key, entry.name)
  for _, field in ipairs(FIELDS[key]) do
    local name, value = field.name, entry[field.name]
    if value == nil and field.needed then complain("%s has no %s", where, name) end
    if value ~= nil and type(value) ~= field.type then
      complain("%s: %s is a %s, not a %s", where, name, type(value), field.type)
    end
  end
  for name in pairs(entry) do
    if not FIELDS[key][name] then complain("%s: unknown key '%s'", where, tostring(name)) end
  end
end

local function check_reference(w, key, entry, field, list)
  local name = entry[field]
  if name and name ~= "system" and not position(w[list], name) then
    complain("%s '%s': %s '%s' does not exist", key, entry.name, field, name)
  end
end

local function check_network(network)
  local cidr, gateway = ipv4.network(network.cidr), ipv4.number(network.gateway)
  local where = ("networks '%s'"):format(network.name)
  if not cidr then complain("%s: '%s' is no cidr", where, network.cidr) end
  if not gateway or gateway <= cidr.first or gateway >= cidr.last then
    complain("%s: gateway '%s' is not inside %s", where, network.gateway, network.cidr)
  end
  if network.type ~= "Isolated" and network.type ~= "Shared" then
    complain("%s: unknown type '%s'", where, network.type)
  end
  if network.type == "Shared" and not network.range then complain("%s has no range", where) end
  for _, address in ipairs(network.range or {}) do
    local number = ipv4.number(address)
    if not number or number < cidr.first or number > cidr.last then
      complain("%s: range address '%s' is not inside %s", where, tostring(address), network.cidr)
    end
  end
end

local function check(w)
  if not version.new(w.version) then complain("'%s' is no version", w.version) end
  if not HYPERVISORS[w.hypervisor] then complain("unknown hypervisor '%s'", w.hypervisor) end
  for key in pairs(SHAPES) do
    for _, entry in ipairs(w[key]) do
      check_entry(key, entry)
      check_reference(w, key, entry, "zone", "zones")
      check_reference(w, key, entry, "account", "accounts")
      check_reference(w, key, entry, "project", "projects")
      check_reference(w, key, entry, "network", "networks")
      check_reference(w, key, entry, "vpc", "vpcs")
    end
  end
  for _, account in ipairs(w.accounts) do
    if not ROLES[account.role] then
      complain("accounts '%s': role is 'admin', 'domainadmin' or 'user', not '%s'", account.name, account.role)
    end
  end
  for name in pairs(w.settings) do
    if defaults.SETTINGS[name] == nil then complain("unknown setting '%s'", name) end
  end
  for _, network in ipairs(w.networks) do check_network(network) end
  if not position(w.accounts, w.default_account) then
    complain("default_account '%s' does not exist", w.default_account)
  end
end

-- A key of the usual length that follows from a text.
local keys = {} -- those made so far: the same few are asked for by every world
local function key_of(text, bytes)
  if not keys[text] then
    local raw = (bytes.sha256(text) .. bytes.sha256(text .. "!")):gsub("%x%x", function(hex)
      return string.char(tonumber(hex, 16))
    end)
    keys[text] = bytes.base64(raw):gsub("=", ""):gsub("+", "-"):gsub("/", "_")
  end
  return keys[text]
end

-- Accounts that bring no keys get those that follow from their names.
local function give_keys(w, bytes)
  for _, account in ipairs(w.accounts) do
    account.domain = account.domain or "bosh"
    account.apikey = account.apikey or key_of(w.seed .. ":apikey:" .. account.name, bytes)
    account.secretkey = account.secretkey or key_of(w.seed .. ":secretkey:" .. account.name, bytes)
  end
end

-- build(changes, bytes) -> the complete world | raises a string that names what is wrong
function world.build(changes, bytes)
  local w = copied(defaults.world())
  for key, value in pairs(changes or {}) do merge_key(w, key, value) end
  check(w)
  give_keys(w, bytes)
  w.format = HYPERVISORS[w.hypervisor]
  return w
end

return world
