-- From the names and values of a request to the typed arguments of a command, with CloudStack's checks.
--
-- A command lists its parameters as { name, type, required=, of=, max=, field=, since=, admin=, acl=, check= }:
--   type     string boolean integer long uuid uuids strings map
--   of       the kind of object that a uuid names; the argument is the object
--   max      greatest length, 255 unless given; field is what CloudStack's Java calls the parameter
--   admin    only root admins have it; for others it is an unknown parameter, which is none at all
--   acl      the object has to be the caller's own
--   check    function(value) -> nil | what is wrong with the value
local accounts = require "sim.accounts"
local refusal = require "sim.refusal"

local parameters = {}

-- Refuses control characters other than line feed and carriage return, in whatever parameter.
function parameters.refuse_control(pairs_)
  for _, pair in ipairs(pairs_) do
    if pair[2]:find "[%z\1-\9\11\12\14-\31\127]" then
      refusal.parameter("Received value containing illegal ASCII non-printable characters for parameter %s", pair[1])
    end
  end
end

local function fold_map(folded, name, index, key, value)
  local map = folded[name]
  if type(map) ~= "table" then
    map = {}
    folded[name] = map
  end
  map[index] = map[index] or {}
  map[index][key] = value
end

-- details[0].key, and iptonetworklist[0] without a key: into the map of that name.
local function fold_indexed(folded, name, value)
  local base, index, key = name:match "^([^%[]+)%[(%d+)%]%.(.+)$"
  if not base then
    base, index = name:match "^([^%[]+)%[(%d+)%]$"
    if not base then refusal.malformed("Invalid format for map parameter %s", name) end
  end
  fold_map(folded, base:lower(), tonumber(index), key or "", value)
end

-- Names in lower case (the key after a map's index keeps its case); the last of two equal names wins.
function parameters.fold(pairs_)
  local folded = {}
  for _, pair in ipairs(pairs_) do
    local name = pair[1]
    if name:find("[", 1, true) then
      fold_indexed(folded, name, pair[2])
    else
      folded[name:lower()] = pair[2]
    end
  end
  return folded
end

function parameters.unresolved(command, name, value)
  refusal.parameter("Unable to execute API command %s due to invalid value. Invalid parameter %s value=%s due to "
    .. "incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the "
    .. "field in api cmd class.", command, name, value)
end

-- A job is not known in the first moments of its life, nor when it has expired.
local function is_seen(m, object)
  local now = m:now()
  return not (object.vanished_at and object.vanished_at <= now) and not (object.visible_at and object.visible_at > now)
end

-- The object with an id, also a removed one. Internal numbers are taken as well; one that nothing has
-- names a ghost, which no list contains.
local function resolve(m, command, spec, value)
  if spec.of == "project" and value == "-1" then return accounts.ALL_PROJECTS end
  local object = m:find(spec.of, value)
  if object and is_seen(m, object) then return object end
  if value:match "^%d+$" then
    object = m:find_number(spec.of, tonumber(value))
    return object and is_seen(m, object) and object or { ghost = true, id = value, number = tonumber(value) }
  end
  parameters.unresolved(command, spec[1], value)
end

local function split(value)
  local out = {}
  for part in value:gmatch "[^,]+" do out[#out + 1] = part:match "^%s*(.-)%s*$" end
  return out
end

local function number(_, command, spec, value)
  local whole = value:match "^[+-]?%d+$" and math.tointeger(tonumber((value:gsub("^%+", ""))))
  if not whole then
    refusal.parameter("Unable to execute API command %s due to invalid value %s for parameter %s",
      command, value, spec[1])
  end
  return whole
end

local convert = {
  boolean = function(_, _, _, value) return value:lower() == "true" end,
  integer = number,
  long = number,
  uuid = resolve,
}

function convert.string(_, command, spec, value)
  if value == "" and spec.required then
    refusal.parameter("Unable to execute API command %s due to invalid value. Invalid value provided for API arg: %s", command,
      spec[1])
  end
  if #value > (spec.max or 255) then
    refusal.parameter("Unable to execute API command %s due to invalid value. Value greater than max allowed length "
      .. "%d for param: %s", command, spec.max or 255, spec.field or spec[1])
  end
  local wrong = spec.check and spec.check(value)
  if wrong then
    refusal.parameter("Unable to execute API command %s due to invalid value. %s", command, wrong)
  end
  return value
end

function convert.strings(_, _, _, value)
  local list = split(value)
  if #list > 0 then return list end
end

function convert.uuids(m, command, spec, value)
  local out = {}
  for i, id in ipairs(split(value)) do out[i] = resolve(m, command, spec, id) end
  if #out > 0 then return out end
end

-- A map parameter as the list of its entries in the order of their indices.
function convert.map(_, _, _, value)
  if type(value) ~= "table" then return nil end
  local order = {}
  for index in pairs(value) do order[#order + 1] = index end
  table.sort(order)
  for i, index in ipairs(order) do order[i] = value[index] end
  return order
end

local function applies(m, spec, account)
  if spec.since and not m.version:at_least(spec.since) then return false end
  return not spec.admin or account.role == "admin"
end

-- read(m, entry, folded, account) -> arguments by name
function parameters.read(m, entry, folded, account)
  local command, arguments = entry.name:lower(), {}
  for _, spec in ipairs(entry.parameters) do
    local name, value = spec[1], folded[spec[1]]
    if (value ~= nil or spec.required) and applies(m, spec, account) then
      if value == nil then
        refusal.parameter("Unable to execute API command %s due to missing parameter %s", command, name)
      end
      if type(value) ~= "table" or spec[2] == "map" then arguments[name] = convert[spec[2]](m, command, spec, value) end
    end
  end
  if arguments.id and arguments.ids then refusal.invalid "Specify either id or ids but not both parameters" end
  return arguments
end

local function refuse_foreign(object, account)
  if not object.ghost and object.account and not accounts.may_act(account, object.account) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
end

-- What a command works on has to belong to the caller.
function parameters.refuse_foreign(entry, arguments, account)
  for _, spec in ipairs(entry.parameters) do
    local value = arguments[spec[1]]
    if spec.acl and value then
      if spec[2] == "uuids" then
        for _, object in ipairs(value) do refuse_foreign(object, account) end
      else
        refuse_foreign(value, account)
      end
    end
  end
end

-- The fields of details[n].k=v as one table; also parameters that are one string may come that way.
function parameters.merged(map)
  local out = {}
  for _, fields in ipairs(map or {}) do
    for key, value in pairs(fields) do out[key] = value end
  end
  return out
end

return parameters
