-- How long jobs of each kind lately took, kept in the store for the processes to come: what a wait goes by to choose when it
-- looks (cloudstack/looks.lua). A kind is the command that began the job. Nothing depends on it but the number of looks.
--
-- new{ store, json, now, account } -> durations
--   store    a function that returns the store, or nil; asked at the first job
--   now      the seconds of the wall clock
--   account  a short name of the account at its CloudStack

local TABLE = "durations"
local KEPT = 8          -- samples of a kind: the last ones
local LATELY = 86400    -- seconds for which a sample counts
local FRESH = 60        -- seconds in which a sample like those that are there is not written: many processes share the store
local TOLERANCE = 0.05  -- how far outside of what is known a sample counts as new
local EARLIER = 0.9     -- of the age at which the job was over, where no look shortly before saw it under way: the next look at one
local MUCH_EARLIER = 0.7 -- the same after that happened twice: jobs take less time than they did

local durations = {}
durations.__index = durations

local function new(parts)
  return setmetatable({ parts = parts, known = {} }, durations)
end

-- The store, or nil; it is asked for once.
local function store_of(self)
  if self.store == nil then self.store = self.parts.store() or false end
  return self.store or nil
end

local function is_sample(self, sample)
  if type(sample) ~= "table" then return false end
  local at, from, to = sample.at, sample.from, sample.to
  if math.type(at) == nil or math.type(from) == nil or math.type(to) == nil then return false end
  local age = self.parts.now() - at
  return age >= 0 and age < LATELY and from > 0 and from <= to
end

-- The samples that count, oldest first; what a store holds may be of another release, or spoilt.
local function read(self, store, command)
  local text, samples = store.get(TABLE, self.parts.account .. " " .. command), {}
  local kept = text and self.parts.json.decode(text)
  for _, sample in ipairs(type(kept) == "table" and kept or {}) do
    if is_sample(self, sample) then samples[#samples + 1] = sample end
  end
  return samples
end

local function bounds(samples)
  if #samples == 0 then return nil end
  local from, to = math.huge, 0
  for _, sample in ipairs(samples) do from, to = math.min(from, sample.from), math.max(to, sample.to) end
  return { from = from, to = to }
end

-- of(command) -> { from, to }: the seconds after which such jobs were lately still not over, and those after which all were;
-- nil where nothing is known.
function durations:of(command)
  local known = self.known[command]
  if known == nil then
    local store = store_of(self)
    known = store and bounds(read(self, store, command)) or false
    self.known[command] = known
  end
  return known or nil
end

local function is_news(self, samples, sample)
  if #samples < KEPT then return true end
  local known = bounds(samples)
  if sample.from < known.from * (1 - TOLERANCE) or sample.to > known.to * (1 + TOLERANCE) then return true end
  return self.parts.now() - samples[#samples].at >= FRESH
end

-- pending, over: as learn() has them.
local function sample_of(self, samples, pending, over)
  local missed = pending < over * EARLIER
  local before = samples[#samples]
  local share = before and before.missed and MUCH_EARLIER or EARLIER
  return { at = self.parts.now(), from = math.max(pending, over * share), to = over, missed = missed or nil }
end

-- learn(command, pending, over): a job was last seen under way at the age of `pending` seconds (0: never), and over at `over`.
function durations:learn(command, pending, over)
  local store = store_of(self)
  if not store or over <= 0 then return end
  local samples = read(self, store, command)
  local sample = sample_of(self, samples, pending, over)
  if not is_news(self, samples, sample) then return end
  samples[#samples + 1] = sample
  if #samples > KEPT then table.remove(samples, 1) end
  store.put(TABLE, self.parts.account .. " " .. command, self.parts.json.encode(samples))
  self.known[command] = bounds(samples)
end

return new
