-- How a bosh-agent reads what a CPI tells it: its settings (Go's decoder over settings/settings.go), the hint of a
-- disk, and where a path leads in a guest. A wrong type makes it reject the whole document; a hint with a number in it
-- makes it panic.

local native = require "host_native"

local agent = {}
local json, null = native.json, native.json.null

-- ---------------------------------------------------------------------------------------------------------
-- the settings

-- A type is a word, { list = type }, { map = type } or a table of keys. Keys that are not here are ignored.
local hint = "hint"
local blobstore = { provider = "string", options = { map = "any" } }
local network = {
  type = "string", ip = "string", netmask = "string", gateway = "string", prefix = "string", resolved = "boolean",
  use_dhcp = "boolean", default = { list = "string" }, dns = { list = "string" }, mac = "string",
  preconfigured = "boolean", alias = "string",
  routes = { list = { destination = "string", gateway = "string", netmask = "string" } },
}
local settings = {
  agent_id = "string", mbus = "string", ntp = { list = "string" }, blobstore = blobstore, vm = { name = "string" },
  networks = { map = network },
  disks = { system = "string", ephemeral = hint, persistent = { map = hint }, raw_ephemeral = { list = { path = "string" } } },
  env = {
    bosh = {
      agent = { settings = { tmpfs = "boolean" } }, password = "string", keep_root_password = "boolean",
      remove_dev_tools = "boolean", remove_static_libraries = "boolean", authorized_keys = { list = "string" },
      swap_size = "unsigned", parallel = "integer", ipv6 = { enable = "boolean" },
      mbus = { cert = { ca = "string", certificate = "string", private_key = "string" }, urls = { list = "string" } },
      job_dir = { tmpfs = "boolean", tmpfs_size = "string" }, run_dir = { tmpfs_size = "string" },
      blobstores = { list = blobstore }, ntp = { list = "string" },
    },
    persistent_disk_fs = "string", persistent_disk_mount_options = { list = "string" }, persistent_disk_partitioner = "string",
  },
  -- of the metadata service's document: parsed, and so a wrong type breaks them too
  registry = { endpoint = "string" }, server = { name = "string" }, dns = { nameserver = { list = "string" } },
}

local words = {
  string = function(v) return type(v) == "string" end,
  boolean = function(v) return type(v) == "boolean" end,
  integer = function(v) return math.type(v) == "integer" end,
  unsigned = function(v) return math.type(v) == "integer" and v >= 0 end,
  any = function() return true end,
}

local function is_object(v) return type(v) == "table" and v ~= null and not json.is_array(v) end
local function is_list(v) return type(v) == "table" and v ~= null and json.is_array(v) end

-- What is wrong with a disk's hint, or nil: its known values go through Go's .(string).
local function problem_of_hint(value)
  if type(value) == "string" then return value == "" and "is empty" or nil end
  if not is_object(value) then return "has no path: it is neither a string nor an object" end
  for _, key in ipairs { "path", "volume_id", "id", "lun", "host_device_id" } do
    if value[key] ~= nil and type(value[key]) ~= "string" then return ("has a %s that is no string: the agent panics"):format(key) end
  end
end

local check

local function check_hint(value, path, report)
  local problem = problem_of_hint(value)
  if problem then report("%s %s", path, problem) end
end

local function check_keys(value, schema, path, report)
  if not is_object(value) then return report("%s must be an object", path) end
  for key, inner in pairs(value) do
    local kind = schema[key:lower()] -- Go finds keys in any case
    if kind then check(inner, kind, path == "" and key or path .. "." .. key, report) end
  end
end

local function check_all(value, fits, kind, path, word, report)
  if not fits(value) then return report("%s must be %s", path, word) end
  for key, inner in pairs(value) do check(inner, kind, ("%s[%s]"):format(path, key), report) end
end

function check(value, kind, path, report)
  if value == null then return end -- null leaves a field as it is
  if kind == hint then return check_hint(value, path, report) end
  if type(kind) == "string" then
    if not words[kind](value) then report("%s must be of type %s", path, kind) end
  elseif kind.list then
    check_all(value, is_list, kind.list, path, "a list", report)
  elseif kind.map then
    check_all(value, is_object, kind.map, path, "an object", report)
  else
    check_keys(value, kind, path, report)
  end
end

local function at(tree, path)
  for key in path:gmatch "[^.]+" do
    if not is_object(tree) or tree[key] == nil or tree[key] == null then return nil end
    tree = tree[key]
  end
  return tree
end

-- What the agent uses of the document: env goes before the rest.
local function check_use(document, report)
  if (at(document, "agent_id") or "") == "" then report "agent_id is missing: metadata does not provide settings" end
  local urls, stores = at(document, "env.bosh.mbus.urls") or {}, at(document, "env.bosh.blobstores") or {}
  local mbus = urls[1] or at(document, "mbus") or ""
  if not mbus:find "^%l+://" then report("mbus '%s' is no URL", mbus) end
  local cert = at(document, "env.bosh.mbus.cert") or {}
  if mbus:find "^https:" and not ((cert.certificate or ""):find "BEGIN" and (cert.private_key or ""):find "BEGIN") then
    report "an https mbus needs env.bosh.mbus.cert"
  end
  if ((stores[1] or at(document, "blobstore") or {}).provider or "") == "" then
    report "there is no blobstore provider: executable bosh-blobstore- not found in PATH"
  end
  if (at(document, "disks.system") or "") == "" then report "disks.system is missing" end
end

-- Several networks without MACs all fall to DHCP, but for aliases; a MAC is compared with sysfs, which has lower case.
local function check_networks(document, report)
  local named = {}
  for name, one in pairs(at(document, "networks") or {}) do
    if one.type ~= "vip" then named[#named + 1] = { name, one } end
  end
  for _, pair in ipairs(named) do
    local name, one = table.unpack(pair)
    if #named > 1 and (one.mac or "") == "" and (one.alias or "") == "" then
      report("networks.%s has no mac among several: it falls to DHCP", name)
    end
    if (one.mac or "") ~= (one.mac or ""):lower() then report("networks.%s has a mac in upper case", name) end
  end
end

-- problems(text) -> a sorted list of what the agent would stumble over in these settings; {} when it starts.
function agent.problems(text)
  local document, why = json.decode(text)
  if not is_object(document) then return { "no JSON object: " .. tostring(why) } end
  local found = {}
  local function report(format, ...) found[#found + 1] = format:format(...) end
  check(document, settings, "", report)
  if #found == 0 then -- of a document of the wrong types nothing is used
    check_use(document, report)
    check_networks(document, report)
  end
  table.sort(found)
  return found
end

-- ---------------------------------------------------------------------------------------------------------
-- disks

-- paths(hint) -> where the agent looks for that disk, in order; raises where it would panic or find nothing.
function agent.paths(given)
  local problem = problem_of_hint(given)
  if problem then error("the hint " .. problem, 0) end
  local path = type(given) == "string" and given or given.path or error("the hint has no path", 0)
  local letter = path:match "^/dev/sd(.*)$"
  if not letter then return { path } end
  return { "/dev/xvd" .. letter, "/dev/vd" .. letter, "/dev/sd" .. letter }
end

return agent
