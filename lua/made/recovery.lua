-- The phase that goes by the journal: what processes that are dead have left is removed where BOSH cannot know of it. How an
-- object is found, seen to be in use and removed, its row of made/kinds.lua says.
--
-- An entry is left alone when its process is alive, when another director or another CloudStack account wrote it, when
-- the failed_vm policy keeps the VM (until its time is over), and when its process died between "the answer is ready" and "the answer is
-- written": then BOSH may have the CID. Where the object itself shows that BOSH knows it (is_used), only the
-- entry goes.

local errors = require "errors"
local keeping = require "made.keeping"
local kinds = require "made.kinds"

local recovery = {}

-- Seconds after which a create that nothing is seen of will not appear any more.
local SETTLED = 300

local ANOTHER_ACCOUNT = "another account's"

-- Why an entry is not ours to deal with, or nil.
local function hands_off(cpi, record, director)
  if type(record.kind) ~= "string" or not kinds[record.kind] or type(record.name) ~= "string" then return "of an unknown kind" end
  if record.director ~= director then return "another director's" end
  if record.cloud ~= cpi.journal.cloud then return ANOTHER_ACCOUNT end
  if cpi.journal.alive(record.owner) then return "at work" end
end

-- The entry as it is now -> why to leave it alone or nil, the record or nil. A process may have ended well since the
-- journal was listed: what it wrote last is read after it was seen to be dead, never before.
local function read(cpi, key, listed, director)
  local fate = hands_off(cpi, cpi.json.decode(listed) or {}, director)
  local now = cpi.store.get("journal", key)
  local record = now and cpi.json.decode(now)
  if type(record) ~= "table" then return nil end
  return fate or hands_off(cpi, record, director), record, now
end

-- What becomes of one entry -> fate, is it over?
local function deal_with(cpi, record)
  local kind = kinds[record.kind]
  local row, was_there = kind.find(cpi, record)
  if row and kind.is_used(cpi, row, record) then return "known to BOSH", true end
  if record.answered and row then return "unclear: BOSH may have its CID", false end
  if record.kept and row and not keeping.is_over(record.kept_until, cpi.clock.utc()) then return "kept for inspection", false end
  if row and kind.is_wanted(cpi, row) then return "left to this " .. cpi.journal.verb, false end
  kind.remove(cpi, row, record.name)
  if row then return "removed", true end
  local age = cpi.clock.utc() - (record.since or 0)
  if age < SETTLED and not record.answered and not was_there then return "not there, and may still appear", false end
  return "not there", true
end

-- An entry that was written with another API key, or for another spelling of the endpoint: the account is the same where the
-- object is in it. What is in none of its lists may be another account's.
local function is_of_this_account(cpi, record)
  local ok, row = pcall(kinds[record.kind].find, cpi, record)
  return ok and row ~= nil
end

-- replay(cpi, director, looks) -> { { record, fate, is_over }, ... }: of that director's entries. looks: true where those of other
-- API keys are looked for too, which costs a request each.
-- cpi.store is there. The fate says what could not be removed; its entry stays. Raises CpiError where the journal
-- cannot be read.
function recovery.replay(cpi, director, looks)
  local fates, rows, why = {}, cpi.store.rows "journal"
  if not rows then error(errors.cpi("the journal cannot be read: %s", why)) end
  for _, row in ipairs(rows) do
    local fate, record, text = read(cpi, row.key, row.value, director)
    if record then
      local is_over = false
      if looks and fate == ANOTHER_ACCOUNT and is_of_this_account(cpi, record) then fate = nil end
      if not fate and not cpi.journal.claim(row.key, text, record) then fate = "at work" end
      if not fate then
        local ok, words, over = pcall(deal_with, cpi, record)
        fate, is_over = ok and words or "not removed: " .. errors.words(words), ok and over
        if is_over then cpi.store.delete("journal", row.key) end
      end
      fates[#fates + 1] = { record = record, fate = fate, is_over = is_over }
    end
  end
  return fates
end

-- What a process does by itself before it creates something.
function recovery.by_itself(cpi, director)
  local ok, fates = pcall(recovery.replay, cpi, director)
  if not ok then return cpi.log.warn("the journal was not replayed: %s", errors.words(fates)) end
  for _, one in ipairs(fates) do
    if one.is_over or one.fate:find "^not removed" then
      cpi.log.warn("%s %s of a process that died: %s", one.record.kind, one.record.name, one.fate)
    end
  end
end

return recovery
