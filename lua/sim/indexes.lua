-- By what the objects of a kind are found quickly. An index is kept by the assignment itself: the fields that it depends on
-- live behind a metatable, so that `volume.vm = nil` takes the volume out of the VM's.
local bucket = require "sim.bucket"
local collation = require "base.collation"

local indexes = {}

local UNCOUNTED = { Destroyed = true, Expunging = true, Error = true }

local function charged(vm) return not UNCOUNTED[vm.state] and vm.account or nil end
local function doomed(vm) return UNCOUNTED[vm.state] or nil end
local function named(object) return object.name and collation.fold(object.name) end

-- The text under which an object with a tag is found; a value of nil stands for any.
function indexes.tag_key(key, value)
  return collation.fold(key) .. "\0" .. (value and collation.fold(value) or "")
end

local function tagged(object)
  local out = {}
  for _, tag in ipairs(object.tags or {}) do
    out[#out + 1] = indexes.tag_key(tag.key, tag.value)
    if tag.value ~= "" then out[#out + 1] = indexes.tag_key(tag.key) end
  end
  return out
end

local function own(field, sums) return { name = field, needs = { field }, sums = sums } end
local BY_NAME = { name = "named", needs = { "name" }, key = named }
local BY_TAG = { name = "tagged", needs = { "tags" }, key = tagged, many = true }

-- Of each index: its name, the fields that it depends on, the key of an object (that field, unless a function says), whether
-- there are several, and what is summed.
local INDEXES = {
  vm = {
    own("account"), own("host", { "load", "memory" }), own("template"), BY_NAME, BY_TAG,
    { name = "charged", needs = { "state", "account" }, key = charged, sums = { "cpu", "memory" } },
    { name = "doomed", needs = { "state" }, key = doomed },
    { name = "affinity", needs = { "affinity" }, many = true },
    { name = "security_groups", needs = { "security_groups" }, many = true },
  },
  nic = { own("vm"), own("network"), { name = "mac", needs = { "mac" }, key = function(nic) return nic.mac:lower() end } },
  volume = {
    own("vm"), own("pool", { "size" }), own("account", { "size" }), BY_NAME, BY_TAG,
    { name = "in_trash", needs = { "state" }, key = function(volume) return volume.state == "Destroy" or nil end },
  },
  snapshot = { own("account"), own("volume"), BY_NAME, BY_TAG },
  template = { own("account"), BY_NAME, BY_TAG }, network = { own("account"), BY_TAG },
  public_address = { own("account"), own("nic"), own("vm") },
  port_forwarding = { own("vm") },
  job = { { name = "pending", needs = { "status" }, key = function(job) return job.status == 0 or nil end } },
}

-- Per kind: the indexes that depend on a field, and those that sum it.
local WATCHED = {}
for kind, list in pairs(INDEXES) do
  local fields = { removed = list }
  for _, index in ipairs(list) do
    index.key = index.key or function(object) return object[index.name] end
    for _, field in ipairs(index.needs) do
      fields[field] = fields[field] or {}
      table.insert(fields[field], index)
    end
  end
  for _, index in ipairs(list) do
    for _, field in ipairs(index.sums or {}) do fields[field] = fields[field] or {} end
  end
  WATCHED[kind] = fields
end

local function key_of(index, object)
  if object.removed then return nil end
  return index.key(object)
end

local function each_key(index, key, visit)
  if key == nil then return end
  if not index.many then return visit(key) end
  for _, one in ipairs(key) do visit(one) end
end

local function enter(place, index, object, key)
  each_key(index, key, function(one)
    local buckets = place.indexes[index.name]
    buckets[one] = buckets[one] or bucket.new(index.sums)
    if not buckets[one].at[object] then buckets[one]:add(object) end
  end)
end

local function leave(place, index, object, key)
  each_key(index, key, function(one)
    local buckets = place.indexes[index.name]
    local found = buckets[one]
    if not found then return end
    found:remove(object)
    if found.size == 0 then buckets[one] = nil end
  end)
end

-- The sums of the buckets that an object is in follow a field of its own.
local function follow(place, list, object, field, from, to)
  for _, index in ipairs(list) do
    if index.sums then
      each_key(index, key_of(index, object), function(one)
        local found = place.indexes[index.name][one]
        if found then found:change(field, from, to) end
      end)
    end
  end
end

local function write(place, kind, object, hidden, field, value)
  local old = hidden[field]
  if old == value then return end
  local keys, list = {}, WATCHED[kind][field]
  for i, index in ipairs(list) do keys[i] = { key_of(index, object) } end
  follow(place, INDEXES[kind], object, field, old, value)
  for i, index in ipairs(list) do
    local before = keys[i][1]
    hidden[field] = value
    local after = key_of(index, object)
    hidden[field] = old
    if index.many or before ~= after then
      leave(place, index, object, before)
      hidden[field] = value
      enter(place, index, object, after)
      hidden[field] = old
    end
  end
  hidden[field] = value
end

-- prepare(place, kind): the place where a kind's objects are kept gets its empty indexes
function indexes.prepare(place, kind)
  place.indexes = {}
  for _, index in ipairs(INDEXES[kind] or {}) do place.indexes[index.name] = {} end
end

-- watch(place, kind, object): puts the object into the indexes of its kind and follows it from now on
function indexes.watch(place, kind, object)
  local fields = WATCHED[kind]
  if not fields then return end
  local hidden = {}
  for field in pairs(fields) do
    hidden[field] = rawget(object, field)
    rawset(object, field, nil)
  end
  setmetatable(object, { __index = hidden, __newindex = function(_, field, value)
    if fields[field] then write(place, kind, object, hidden, field, value) else rawset(object, field, value) end
  end })
  for _, index in ipairs(INDEXES[kind]) do enter(place, index, object, key_of(index, object)) end
end

-- The set of those with a key, or nil where there is none.
function indexes.bucket(place, name, key)
  return place.indexes[name][key]
end

function indexes.has(place, name)
  return place.indexes[name] ~= nil
end

return indexes
