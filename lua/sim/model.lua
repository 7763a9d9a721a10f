-- The memory of the simulated CloudStack: every object there is or was, by kind, with the ids, dates and
-- array marks that all nouns need. Objects are never forgotten; a removed one carries the date of its end,
-- for CloudStack still knows the ids of what is gone.
local dates = require "sim.dates"

local model = {}
model.__index = model

-- new{ json, bytes, world, version, schedule, base_url, generation, strict }
function model.new(parts)
  return setmetatable({
    json = parts.json, bytes = parts.bytes, world = parts.world, version = parts.version,
    schedule = parts.schedule, base_url = parts.base_url, settings = parts.world.settings,
    seed = ("%s#%d"):format(parts.world.seed, parts.generation), count = 0,
    kinds = {}, events = {}, strict = parts.strict,
  }, model)
end

function model:now() return self.schedule:now() end
function model:callers_now() return self.schedule:callers_now() end
function model.date(_, seconds) return dates.zoned(seconds) end
function model:array(list) return self.json.array(list or {}) end

local function as_uuid(digest)
  local variant = ("%x"):format(8 + tonumber(digest:sub(17, 17), 16) % 4)
  return table.concat({
    digest:sub(1, 8), digest:sub(9, 12), "4" .. digest:sub(14, 16), variant .. digest:sub(18, 20), digest:sub(21, 32),
  }, "-")
end

-- An id that follows from a name alone: what the world holds keeps its ids from run to run.
local ids = {} -- those made so far: every model of the same world asks for the same
function model:id_of(name)
  local text = self.world.seed .. ":" .. name
  ids[text] = ids[text] or as_uuid(self.bytes.sha256(text))
  return ids[text]
end

-- The next id of those that are handed out; the same calls give the same ids.
function model:fresh_id()
  self.count = self.count + 1
  return as_uuid(self.bytes.sha256(("%s/%d"):format(self.seed, self.count)))
end

local function shelf(self, kind)
  local found = self.kinds[kind]
  if not found then
    found = { list = {}, by_id = {}, by_number = {}, last = 0 }
    self.kinds[kind] = found
  end
  return found
end

-- Keeps an object; it gets an id, a number (CloudStack's internal id) and a date unless it has them.
function model:add(kind, object)
  local place = shelf(self, kind)
  object.kind = kind
  object.id = object.id or self:fresh_id()
  object.number = object.number or place.last + 1
  object.created = object.created or self:now()
  place.last = math.max(place.last, object.number)
  place.list[#place.list + 1] = object
  place.by_id[object.id] = object
  place.by_number[object.number] = object
  return object
end

function model:remove(object)
  object.removed = object.removed or self:now()
end

-- As if it had never been: not even its id is known any more.
function model:forget(object)
  local place = shelf(self, object.kind)
  place.by_id[object.id], place.by_number[object.number] = nil, nil
  for i, other in ipairs(place.list) do
    if other == object then
      table.remove(place.list, i)
      break
    end
  end
end

-- By id, removed or not.
function model:find(kind, id) return shelf(self, kind).by_id[id] end
function model:find_number(kind, number) return shelf(self, kind).by_number[number] end

-- All that are not removed, in the order of their making, that a function says yes to.
function model:rows(kind, fits)
  local out = {}
  for _, object in ipairs(shelf(self, kind).list) do
    if not object.removed and (not fits or fits(object)) then out[#out + 1] = object end
  end
  return out
end

function model:first(kind, fits)
  for _, object in ipairs(shelf(self, kind).list) do
    if not object.removed and fits(object) then return object end
  end
end

function model:named(kind, name)
  return self:first(kind, function(object) return object.name == name end)
end

-- Something that a program which plays the guests has to know of.
function model:tell(event)
  self.events[#self.events + 1] = event
end

function model:setting(name)
  return self.settings[name]
end

return model
