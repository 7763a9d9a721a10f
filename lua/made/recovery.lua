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

local SOONEST = 5   -- seconds between two looks at an entry of which nothing was seen
local PATIENCE = 30 -- seconds for which a verb waits for what a dead process has under way

local MAY_APPEAR, UNDER_WAY = "not there, and may still appear", "under way"

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

-- May what the entry is about come into being yet? What was never asked for may not.
local function may_appear(cpi, record)
  return type(record.job) == "string" and not record.answered and cpi.clock.utc() - (record.since or 0) < SETTLED
end

-- Waits for a job for a while -> is it over? and is it known at all?
local function await(cpi, command, jobid, patience)
  local ok, _, failure = pcall(cpi.cloudstack.made_by, cpi.cloudstack, tostring(command), jobid, patience, 0)
  return ok, ok and not (failure and failure.kind == "lost")
end

-- The object of an entry when nothing is under way on it -> row or nil; was it there once? or the fate of an entry that is to wait.
-- What goes on when its process is dead, a start for example, would undo what is done here.
local function at_rest(cpi, kind, record, patience)
  local row, was_there = kind.find(cpi, record)
  local job = row and row.jobstatus == 0 and row.jobid
  if not row and not was_there and may_appear(cpi, record) then job = record.job end
  if type(job) ~= "string" then return row, was_there end
  local is_over, is_known = await(cpi, record.command, job, patience)
  if not is_over then return row, was_there, UNDER_WAY end
  if not row and not is_known then return nil, false, MAY_APPEAR end
  row = kind.find(cpi, record)
  return row, row ~= nil or is_known
end

-- What becomes of one entry -> fate, is it over? may it wait for another verb? patience: seconds for which what is under way is waited for.
local function deal_with(cpi, record, patience)
  local kind = kinds[record.kind]
  local row, _, fate = at_rest(cpi, kind, record, patience)
  if fate then return fate, false, fate == MAY_APPEAR end
  if row and kind.is_used(cpi, row, record) then return "known to BOSH", true end
  if record.answered and row then return "unclear: BOSH may have its CID", false end
  if record.kept and row and not keeping.is_over(record.kept_until, cpi.clock.utc()) then return "kept for inspection", false end
  if row and kind.is_wanted(cpi, row) then return "left to this " .. cpi.journal.verb, false end
  local why_kept = kind.remove(cpi, row, record.name)
  if type(why_kept) == "string" then return why_kept, false, true end
  return row and "removed" or "not there", true
end

-- An entry that was written with another API key, or for another spelling of the endpoint: the account is the same where the
-- object is in it. What is in none of its lists may be another account's.
local function is_of_this_account(cpi, record)
  local ok, row = pcall(kinds[record.kind].find, cpi, record)
  return ok and row ~= nil
end

-- May the entry wait for another verb? One of which nothing was seen is looked at again when twice the time has passed, and one a
-- verb at most, so that what a dead process left costs the living ones little.
local function may_wait(cpi, record, limit)
  if not limit or not record.looked then return false end
  local now, since = cpi.clock.utc(), record.since or 0
  if now - since >= SETTLED then return false end
  if limit.looked or now - record.looked < math.max(SOONEST, record.looked - since) then return true end
  limit.looked = true
  return false
end

-- Deals with the entry of that key, which this process has claimed -> fate, is it over?
local function settle(cpi, key, record, patience)
  local ok, words, over, may_wait_on = pcall(deal_with, cpi, record, patience)
  if ok and over then
    cpi.store.delete("journal", key)
  elseif ok and may_wait_on then
    record.looked, record.fate = cpi.clock.utc(), words
    cpi.store.put("journal", key, cpi.json.encode(record))
  end
  return ok and words or "not removed: " .. errors.words(words), ok and over
end

-- replay(cpi, director, options) -> { { record, fate, is_over }, ... }: of that director's entries. The fate says what could not be
-- removed; its entry stays. cpi.store is there. Raises CpiError where the journal cannot be read. The options:
--   looks      true where those of other API keys are looked for too, which costs a request each
--   patience   seconds for which what is under way is waited for, for each entry
--   limit      a table where entries of which nothing was seen may wait for another verb
function recovery.replay(cpi, director, options)
  options = options or {}
  local fates, rows, why = {}, cpi.store.rows "journal"
  if not rows then error(errors.cpi("the journal cannot be read: %s", why)) end
  local patience = options.patience or cpi.settings.cloudstack.timeout.create_vm
  for _, row in ipairs(rows) do
    local fate, record, text = read(cpi, row.key, row.value, director)
    if record then
      local is_over = false
      if options.looks and fate == ANOTHER_ACCOUNT and is_of_this_account(cpi, record) then fate = nil end
      if not fate and may_wait(cpi, record, options.limit) then fate = record.fate or MAY_APPEAR end
      if not fate and not cpi.journal.claim(row.key, text, record) then fate = "at work" end
      if not fate then fate, is_over = settle(cpi, row.key, record, patience) end
      fates[#fates + 1] = { record = record, fate = fate, is_over = is_over }
    end
  end
  return fates
end

-- What a process does by itself before it creates something; thorough: also what may wait, because an address that it wants is
-- taken. -> is anything away that was there?
function recovery.by_itself(cpi, director, thorough)
  local ok, fates
  if thorough then
    ok, fates = pcall(recovery.replay, cpi, director)
  else
    ok, fates = pcall(recovery.replay, cpi, director, { patience = PATIENCE, limit = {} })
  end
  if not ok then
    cpi.log.warn("the journal was not replayed: %s", errors.words(fates))
    return false
  end
  local is_away = false
  for _, one in ipairs(fates) do
    is_away = is_away or one.fate == "removed"
    if one.is_over or one.fate:find "^not removed" then
      cpi.log.warn("%s %s of a process that died: %s", one.record.kind, one.record.name, one.fate)
    end
  end
  return is_away
end

return recovery
