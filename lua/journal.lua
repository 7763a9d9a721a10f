-- What this CPI is about to create, written down before CloudStack is asked, so that a killed process
-- leaves a trace of what it may have left. Without a store nothing is written; names and tags in
-- CloudStack tell the same, more slowly.
--
--   local entry = journal.open{ kind = "vm", name = vm_cid }
--   entry.note{ job = "...", id = "..." }    more is known
--   entry.close()                            nothing is left of it: it was undone
--   entry.leave()                            it is left, for a later process to remove: the entry stays
-- journal.answered() marks what is open: the answer is about to be written, and from now on BOSH may know the CID.
--
-- A journal that cannot be written stops nobody: names and tags tell the same. But an entry that is there must not say less
-- than the truth: what is not marked as answered is removed by whoever finds the process dead.
-- journal.finish() closes what is still open: it runs after the answer has reached BOSH.

-- new{ store, json, log, uuid, clock, owner, alive, cloud, context, verb, recover } -> journal, which has owner, alive and
-- cloud of them. store may be nil. owner is this process's identity (pid, start time, boot), so that a later one can tell
-- the dead from the living: alive(owner); cloud tells one CloudStack account from another; recover(), where given, is
-- called once before the first entry.
local function new(parts)
  local journal, recover = { cloud = parts.cloud, owner = parts.owner, alive = parts.alive }, parts.recover
  local open, order, written, warned = {}, {}, {}, {} -- records by keys; keys; sets

  local function warn(why)
    if not warned[why] then parts.log.warn("the journal could not be written: %s", why) end
    warned[why] = true
  end

  -- Answers nil and why where it is not written.
  local function write(key, record)
    local ok, why = parts.store.put("journal", key, parts.json.encode(record))
    if not ok then warn(why) end
    written[key] = written[key] or ok
    return ok, why
  end

  -- May the entry, as it was before the last write that failed, be found by others?
  local function may_be_there(key)
    local text, why = parts.store.get("journal", key)
    return text ~= nil or why ~= nil and written[key]
  end

  local function strike(key)
    open[key] = nil
    local ok, why = parts.store.delete("journal", key)
    if not ok then warn(why) end
    return ok
  end

  -- Deals with what dead processes left, once; the first entry does it, and who goes by what there is before that.
  function journal.settle()
    if not recover or not parts.store then return end
    local run = recover
    recover = nil
    run()
  end

  -- open{ kind, name, ... } -> entry. Further fields are kept as they are; nothing secret may be in them.
  function journal.open(record)
    local entry = {}
    if not parts.store then
      entry.note, entry.close, entry.leave = function() end, function() end, function() end
      return entry
    end
    journal.settle()
    local key = parts.uuid()
    record.verb, record.owner, record.at = parts.verb, parts.owner, parts.clock.iso()
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

    return entry
  end

  -- Was an object of that name begun by a process that ended before it was done? It still is when a living process deals
  -- with it, and may be removing it just now. Without a store nobody knows: false.
  function journal.is_interrupted(name)
    for _, row in ipairs(parts.store and parts.store.rows "journal" or {}) do
      local record = parts.json.decode(row.value)
      if type(record) == "table" and record.name == name and type(record.owner) == "string" then
        return record.claimed == true or not parts.alive(record.owner)
      end
    end
    return false
  end

  -- Makes another one's entry ours, for as long as we deal with it; text: as it was read. Answers false where somebody
  -- else was faster.
  function journal.claim(key, text, record)
    record.owner, record.claimed = parts.owner, true
    local is_ours, why = parts.store.replace("journal", key, text, parts.json.encode(record))
    if why then warn(why) end
    return is_ours ~= false
  end

  -- The keys of what is open, in the order of its opening.
  local function open_keys()
    local list = {}
    for _, key in ipairs(order) do list[#list + 1] = open[key] and key end
    return list
  end

  -- Answers why, and the open records, where one that others may find can neither be marked nor struck out: then no
  -- answer may be given.
  function journal.answered()
    local trouble
    for _, key in ipairs(open_keys()) do
      open[key].answered = true
      local ok, why = write(key, open[key])
      if not ok and may_be_there(key) and not parts.store.delete("journal", key) then trouble = why end
    end
    if not trouble then return nil end
    local records = {}
    for i, key in ipairs(open_keys()) do records[i] = open[key] end
    return trouble, records
  end

  function journal.finish()
    for _, key in ipairs(open_keys()) do strike(key) end
  end

  return journal
end

return new
