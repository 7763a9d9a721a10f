-- The agent of a stemcell: where it looks for its settings, whether CloudStack has something there, and what it is given so
-- that it finds them: stemcell/metadata-finder.
--
-- The keys of the sources are those of bosh-agent (infrastructure/settings_source_factory.go); the paths on a config drive and
-- on the virtual router are CloudStack's.

local errors = require "errors"

local agent = {}

local JSON, FORM = "/var/vcap/bosh/agent.json", "/var/vcap/bosh/etc/cloudstack-agent.json"
local SCRIPT, PROXY = "/var/vcap/bosh/bin/cloudstack-metadata", "/usr/bin/mdproxy4cs"
local UNIT = "/etc/systemd/system/cloudstack-metadata.service"
local WANTED = "/etc/systemd/system/multi-user.target.wants/cloudstack-metadata.service"

-- The sources until the finder has run for the first time.
local SOURCES = {
  { Type = "ConfigDrive", DiskPaths = { "/dev/disk/by-label/config-2", "/dev/disk/by-label/CONFIG-2" },
    MetaDataPath = "openstack/latest/meta_data.json", UserDataPath = "cloudstack/userdata/user_data.txt" },
  { Type = "HTTP", URI = "http://data-server", UserDataPath = "/latest/user-data",
    InstanceIDPath = "/latest/meta-data/instance-id", SSHKeysPath = "/latest/meta-data/public-keys" },
}

local function finder(host, name)
  local path = host.lua_dir .. "/../stemcell/metadata-finder/" .. name
  local text, why = host.files.read(path)
  return text or error(errors.cpi("%s; install the CPI again", why))
end

local function table_in(value, key)
  if type(value[key]) ~= "table" then value[key] = {} end
  return value[key]
end

-- agent.json of the stemcell, decoded. What there is of the platform stays; our disk hints are those of "virtio".
local function adapted(host, text)
  local settings, why = host.json.decode(text)
  if type(settings) ~= "table" then error(errors.cpi("the stemcell's %s is not JSON: %s", JSON, why or "not an object")) end
  local linux = table_in(table_in(settings, "Platform"), "Linux")
  linux.DevicePathResolutionType, linux.CreatePartitionIfNoEphemeralDisk = "virtio", true
  local found = table_in(table_in(settings, "Infrastructure"), "Settings")
  found.UseServerName, found.UseRegistry = true, true -- an agent of before 2022 may need the registry
  return settings, found
end

-- changes(host, agent.json's text) -> files and links, as lua/workshop/file_system.lua writes them
function agent.changes(host, text)
  local settings, place = adapted(host, text)
  place.Sources = host.json.array(SOURCES)
  local now = host.json.encode(settings) .. "\n"
  place.Sources = host.json.array { "@SOURCES@" }
  return {
    { path = JSON, text = now, mode = 420 }, -- 0644
    { path = FORM, text = host.json.encode(settings) .. "\n", mode = 420 },
    { path = "/var/vcap/bosh/etc/infrastructure", text = "cloudstack\n", mode = 420 },
    { path = SCRIPT, text = finder(host, "cloudstack-metadata"), mode = 493 }, -- 0755
    { path = UNIT, text = finder(host, "cloudstack-metadata.service"), mode = 420 },
  }, { { path = WANTED, target = UNIT } }
end

-- ---------------------------------------------------------------------------------------------------------
-- what a stemcell has

-- One source in words.
local function source_words(source)
  if source.Type == "HTTP" or source.Type == "InstanceMetadata" then return ("%s %s"):format(source.Type, source.URI or "") end
  if source.Type == "ConfigDrive" then return "ConfigDrive " .. tostring(source.UserDataPath) end
  if source.Type == "File" then return "File " .. tostring(source.SettingsPath) end
  return tostring(source.Type)
end

local DRIVE_PATHS = { ["cloudstack/userdata/user_data.txt"] = true, ["openstack/latest/user_data"] = true }

-- Does CloudStack have something at that source? The words say where.
local function judge(source, has_proxy)
  local host = source.Type == "HTTP" and type(source.URI) == "string" and source.URI:match "^http://([^/]+)"
  if host == "data-server" then return "at data-server, where the router's DNS serves the VM" end
  if host == "169.254.169.254:39724" and has_proxy then return "by mdproxy4cs, which finds the virtual router" end
  if source.Type == "ConfigDrive" and DRIVE_PATHS[tostring(source.UserDataPath)] then
    return "on a config drive, in networks that have one"
  end
end

-- look(host, root) -> { sources = { words... }, infrastructure, finder, boots, why }. root: lua/workshop/file_system.lua
function agent.look(host, root)
  local settings = host.json.decode(root:read(JSON) or "")
  local place = type(settings) == "table" and settings.Infrastructure
  place = type(place) == "table" and place.Settings
  local sources = type(place) == "table" and place.Sources
  local seen = { sources = {}, infrastructure = (root:read "/var/vcap/bosh/etc/infrastructure" or ""):match "^%s*([%w_-]*)" }
  seen.finder = root:read(SCRIPT) ~= nil and root:read(FORM) ~= nil
  local has_proxy = root:read(PROXY) ~= nil
  local ways = { seen.finder and "by the metadata finder" or nil }
  for i, source in ipairs(type(sources) == "table" and sources or {}) do
    seen.sources[i] = source_words(source)
    ways[#ways + 1] = not seen.finder and judge(source, has_proxy) or nil
  end
  seen.boots = #ways > 0
  seen.why = seen.boots and "it finds its settings " .. table.concat(ways, "; or ")
    or "CloudStack has nothing where its agent looks for the settings"
  return seen
end

return agent
