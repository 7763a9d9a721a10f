-- What this process is about to create, written to the store before CloudStack is asked: when the process is killed, a later one
-- finds what may be left (made/recovery.lua). Without a store nothing is written, and what is left is found more slowly, by
-- names and tags in CloudStack (made/leftovers.lua).
--
--   local entry = journal.open{ kind = "vm", name = vm_cid }     kind: a name of made/kinds.lua
--   entry.note{ job = "...", id = "..." }    adds what is known by now
--   entry.close()                            nothing is left of it: it was undone
--   entry.leave()                            it may be left, for a later process to remove: the entry stays
--   entry.has_begun()                        was a job begun for it?
--
-- The life of the entries that are open when the verb ends well (made/delivery.lua):
--   journal.answered()   the answer is about to be written: from now on BOSH may know the CIDs
--   journal.finish()     BOSH has taken the answer: the entries are deleted
--   journal.written()    the answer was written, and whether BOSH has it is not known: the entries stay
--   journal.give_up()    BOSH does not have the answer, and the undo left something: the entries stay, for a later process
-- For the entries of dead processes: settle(), is_interrupted(), claim(), hand_over().
--
-- A journal that cannot be written stops no verb. But an entry that is there must not say less than the truth: what is not
-- marked as answered is removed by the process that finds its owner dead. An entry is overwritten only where it is still what
-- we wrote: what another process has claimed belongs to that process.

-- new{ store, json, log, uuid, clock, liveness, cloud, context, verb, recover } -> journal, which has owner, alive, cloud and verb
-- of them. store may be nil. liveness as lua/setup/liveness.lua makes it: its owner() marks our entries, so that a later
-- process knows by alive(owner) whether we are still at work. cloud identifies the CloudStack account; recover(thorough), where
-- given, is called once before the first entry.
local function new(parts)
  local journal = { cloud = parts.cloud, verb = parts.verb }
  local recover, recover_again = parts.recover, parts.recover
  local open, order, texts, lost, warned = {}, {}, {}, {}, {} -- records by keys; keys; texts as written by keys; sets

  function journal.owner() return parts.liveness.owner() end
  function journal.alive(owner) return parts.liveness.alive(owner) end

  local function warn(why)
    if not warned[why] then parts.log.warn("the journal could not be written: %s", why) end
    warned[why] = true
  end

  -- Is the entry with this text still ours, as any of our writes may have left it?
  local function is_ours(text, owner)
    local record = parts.json.decode(text)
    return type(record) == "table" and record.owner == owner and not record.claimed
  end

  -- Replaces our last text by this one -> true | false: another process has taken the entry over | nil, why.
  local function put(key, text, owner)
    if not texts[key] then return parts.store.put("journal", key, text) end
    local done, why = parts.store.replace("journal", key, texts[key], text)
    if done ~= false then return done, why end
    local now, trouble = parts.store.get("journal", key)
    if trouble then return nil, trouble end
    if not now or not is_ours(now, owner) then return false end
    return parts.store.replace("journal", key, now, text) -- a write that was reported as failed had succeeded
  end

  -- -> true, also for an entry that is not ours to write; nil and why where it could not be written.
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

  -- After a write that failed: may another process find the entry as it was before?
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

  -- Removes what dead processes left, once per process. open() calls it; so do, earlier, the verbs that decide by what there is.
  function journal.settle()
    local run = recover
    recover = nil
    if run and parts.store then run() end
  end

  -- The same again, also what may still appear, for a verb that finds an address taken; once per process. -> is anything away?
  function journal.settle_again()
    local run = recover_again
    recover_again = nil
    return run ~= nil and parts.store ~= nil and run(true) or false
  end

  -- The owner of a new entry; nil: then the entry is not written, because other processes would take us for dead.
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

    -- Without a job there is nothing that could appear later.
    function entry.has_begun() return record.job ~= nil end

    return entry
  end

  -- Was an object of that name begun by a process that ended before it was done? Also true while a living process has claimed
  -- the entry, because it may be removing the object just now. Without a store that is not known: false.
  function journal.is_interrupted(name)
    for _, row in ipairs(parts.store and parts.store.rows "journal" or {}) do
      local record = parts.json.decode(row.value)
      if type(record) == "table" and record.name == name then
        return record.claimed == true or not journal.alive(record.owner)
      end
    end
    return false
  end

  -- Takes over another process's entry while we deal with it; text: as it was read. Returns false where another process got
  -- it first, or where others would take us for dead. Where the store fails the entry counts as taken: a removal can be
  -- repeated by another process without harm.
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

  -- Deletes the entry of that name that this process has claimed: what it stands for is BOSH's from now on.
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

  -- BOSH does not have the CIDs of what is open, and it could not be removed: a later process does that.
  function journal.give_up()
    for _, key in ipairs(open_keys()) do
      open[key].answered, open[key].written = nil, nil
      write(key, open[key])
      open[key] = nil
    end
  end

  -- Marks what is open. Returns why, in words, where no answer may be given: an entry that others may find can neither be marked
  -- nor deleted, or another process has taken it over and removes what it stands for.
  function journal.answered()
    local trouble
    for _, key in ipairs(open_keys()) do
      open[key].answered = true
      local ok, why = write(key, open[key])
      if not ok and may_be_there(key) and not parts.store.delete("journal", key) then
        trouble = ("the journal cannot note that the answer is ready: %s"):format(why)
      elseif lost[key] then
        trouble = "another process took this one for dead and has begun to remove what it made"
      end
    end
    return trouble
  end

  -- The answer was written, and whether BOSH has it is not known.
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
