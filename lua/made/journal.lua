-- What this CPI is about to create, written down before CloudStack is asked, so that a killed process
-- leaves a trace of what it may have left. Without a store nothing is written; names and tags in
-- CloudStack tell the same, more slowly.
--
--   local entry = journal.open{ kind = "vm", name = vm_cid }
--   entry.note{ job = "...", id = "..." }    more is known
--   entry.close()                            nothing is left of it: it was undone
--   entry.leave()                            it is left, for a later process to remove: the entry stays
--   entry.has_begun()                        was a job begun for it?
-- journal.answered() marks what is open: the answer is about to be written, and from now on BOSH may know the CID.
-- journal.finish() closes what is open: BOSH has taken the answer.
--
-- A journal that cannot be written stops nobody: names and tags tell the same. But an entry that is there must not say less
-- than the truth: what is not marked as answered is removed by the process that finds its owner dead. An entry is only
-- written over where it is still what we wrote: what another process has claimed stays that one's.

-- new{ store, json, log, uuid, clock, liveness, cloud, context, verb, recover } -> journal, which has owner, alive, cloud and verb
-- of them. store may be nil. liveness as lua/setup/liveness.lua makes it: its owner() marks our entries, so that a later
-- process can tell the dead from the living by alive(owner). cloud tells one CloudStack account from another; recover(), where
-- given, is called once before the first entry.
local function new(parts)
  local journal = { cloud = parts.cloud, verb = parts.verb }
  local recover = parts.recover
  local open, order, texts, lost, warned = {}, {}, {}, {}, {} -- records by keys; keys; texts as written by keys; sets

  function journal.owner() return parts.liveness.owner() end
  function journal.alive(owner) return parts.liveness.alive(owner) end

  local function warn(why)
    if not warned[why] then parts.log.warn("the journal could not be written: %s", why) end
    warned[why] = true
  end

  -- Is the text of an entry ours still, as any of our writes may have left it?
  local function is_ours(text, owner)
    local record = parts.json.decode(text)
    return type(record) == "table" and record.owner == owner and not record.claimed
  end

  -- Puts the text where our last one is -> true | false: another process has taken the entry over | nil, why.
  local function put(key, text, owner)
    if not texts[key] then return parts.store.put("journal", key, text) end
    local done, why = parts.store.replace("journal", key, texts[key], text)
    if done ~= false then return done, why end
    local now, trouble = parts.store.get("journal", key)
    if trouble then return nil, trouble end
    if not now or not is_ours(now, owner) then return false end
    return parts.store.replace("journal", key, now, text) -- a write that was reported as failed had been done
  end

  -- Returns nil and why where it is not written.
  local function write(key, record)
    if not record.owner or lost[key] then return true end
    local text = parts.json.encode(record)
    local done, why = put(key, text, record.owner)
    if done then
      texts[key] = text
    elseif done == false then
      lost[key] = true
    else
      warn(why)
    end
    return done ~= nil, why
  end

  -- May the entry, as it was before the last write that failed, be found by others?
  local function may_be_there(key)
    local text, why = parts.store.get("journal", key)
    return text ~= nil or why ~= nil and texts[key] ~= nil
  end

  local function strike(key)
    local record = open[key]
    open[key] = nil
    if not record.owner or lost[key] then return end
    local ok, why = parts.store.delete("journal", key)
    if not ok then warn(why) end
  end

  -- Deals with what dead processes left, once; the first entry does it, and the verbs that go by what there is before that.
  function journal.settle()
    local run = recover
    recover = nil
    if run and parts.store then run() end
  end

  -- The owner of a new entry; nil where it is not written: others could not tell that we are at work.
  local function owner_of_entry()
    if not parts.store then return nil end
    local owner, why = parts.liveness.owner()
    if not owner then warn(why) end
    return owner
  end

  -- open{ kind, name, ... } -> entry. Further fields are kept as they are; nothing secret may be in them.
  function journal.open(record)
    journal.settle()
    local key, entry = parts.uuid(), {}
    record.verb, record.owner, record.at = parts.verb, owner_of_entry(), parts.clock.iso()
    record.director, record.request = parts.context.director_uuid, parts.context.request_id
    record.since, record.cloud = parts.clock.utc(), parts.cloud
    write(key, record)
    open[key], order[#order + 1] = record, key

    function entry.note(more)
      for name, value in pairs(more) do record[name] = value end
      write(key, record)
    end

    function entry.leave() open[key] = nil end

    function entry.close()
      if open[key] then strike(key) end
    end

    -- Was a job begun for it? Else there is nothing that could appear later.
    function entry.has_begun() return record.job ~= nil end

    return entry
  end

  -- Was an object of that name begun by a process that ended before it was done? It still is when a living process deals
  -- with it, and may be removing it just now. Without a store nobody knows: false.
  function journal.is_interrupted(name)
    for _, row in ipairs(parts.store and parts.store.rows "journal" or {}) do
      local record = parts.json.decode(row.value)
      if type(record) == "table" and record.name == name then
        return record.claimed == true or not journal.alive(record.owner)
      end
    end
    return false
  end

  -- Makes another process's entry ours, for as long as we deal with it; text: as it was read. Returns false where another
  -- process got it first, or ours cannot be told to be alive.
  function journal.claim(key, text, record)
    local owner, trouble = parts.liveness.owner()
    if not owner then
      warn(trouble)
      return false
    end
    record.owner, record.claimed = owner, true
    local done, why = parts.store.replace("journal", key, text, parts.json.encode(record))
    if why then warn(why) end
    return done ~= false
  end

  -- Forgets the entry of that name that this process has claimed: what it stands for is BOSH's from now on.
  function journal.hand_over(name)
    for _, row in ipairs(parts.store and parts.store.rows "journal" or {}) do
      local record = parts.json.decode(row.value)
      if type(record) == "table" and record.name == name and record.claimed and record.owner == parts.liveness.owner() then
        parts.store.delete("journal", row.key)
      end
    end
  end

  -- The keys of what is open, in the order of its opening.
  local function open_keys()
    local list = {}
    for _, key in ipairs(order) do list[#list + 1] = open[key] and key end
    return list
  end

  -- Nobody has the CIDs of what is open, and it could not be removed: a later process does it.
  function journal.give_up()
    for _, key in ipairs(open_keys()) do
      open[key].answered, open[key].written = nil, nil
      write(key, open[key])
      open[key] = nil
    end
  end

  -- Returns why, in words, where no answer may be given: an entry that others may find can neither be marked nor struck
  -- out, or another process has taken it over, and removes what it stands for.
  function journal.answered()
    local trouble
    for _, key in ipairs(open_keys()) do
      open[key].answered = true
      local ok, why = write(key, open[key])
      if not ok and may_be_there(key) and not parts.store.delete("journal", key) then
        trouble = ("the journal cannot be told that the answer is ready: %s"):format(why)
      elseif lost[key] then
        trouble = "another process took this one for dead and has begun to remove what it made"
      end
    end
    return trouble
  end

  -- The answer was written, and nobody can tell whether BOSH has it.
  function journal.written()
    for _, key in ipairs(open_keys()) do
      open[key].written = true
      write(key, open[key])
    end
  end

  function journal.finish()
    for _, key in ipairs(open_keys()) do strike(key) end
  end

  return journal
end

return new
