-- What a simulated cloud consists of before anybody uses it: a sensible default, what a caller changes in it, and clear
-- words about all that makes no sense. Entries of a list are distinguished by their names: one of a known name changes the
-- default's, { name = "x", absent = true } takes it away, any other is added.
local check = require "sim.world_check"
local defaults = require "sim.default_world"
local shapes = require "sim.world_shapes"

local world = {}

-- ---------------------------------------------------------------------------------------------------------
-- what a caller changes

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

local function merged_list(base, changes, key, complain)
  local out = copied(base)
  for i, entry in ipairs(changes) do
    local name = type(entry) == "table" and entry.name
    local at = name and check.position(out, name)
    if type(name) ~= "string" then
      complain("%s[%d] has no name", key, i)
    elseif entry.absent then
      if at then table.remove(out, at) end
    elseif at then
      for field, value in pairs(entry) do out[at][field] = copied(value) end
    else
      out[#out + 1] = copied(entry)
    end
  end
  return out
end

local function merge_key(out, key, value, complain)
  local expected = shapes.PLAIN[key] or (shapes.FIELDS[key] and "table")
  if not expected then return complain("unknown key '%s'", tostring(key)) end
  if key == "latency" and value == "observed" then value = defaults.OBSERVED end
  if type(value) ~= expected then return complain("%s is a %s, not a %s", key, type(value), expected) end
  if shapes.FIELDS[key] then
    out[key] = merged_list(out[key], value, key, complain)
  elseif expected == "table" then
    out[key] = merged_map(out[key], value)
  else
    out[key] = value
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- keys

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

-- Raises all mistakes at once, one a line where there are several.
local function refuse(mistakes)
  if #mistakes == 0 then return end
  if #mistakes == 1 then error("world: " .. mistakes[1], 0) end
  error(("world: %d mistakes\n  %s"):format(#mistakes, table.concat(mistakes, "\n  ")), 0)
end

-- build(changes, bytes) -> the complete world | raises a string that names all that is wrong
function world.build(changes, bytes)
  local w, names = copied(defaults.world()), {}
  local complain, mistakes = check.collector()
  for key in pairs(changes or {}) do names[#names + 1] = key end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(names) do merge_key(w, key, changes[key], complain) end
  check.check(w, complain)
  refuse(mistakes)
  give_keys(w, bytes)
  w.format = check.HYPERVISORS[w.hypervisor]
  return w
end

return world
