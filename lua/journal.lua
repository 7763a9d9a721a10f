-- What this CPI is about to create, written down before CloudStack is asked, so that a killed process
-- leaves a trace of what it may have left. Without a store nothing is written; names and tags in
-- CloudStack tell the same, more slowly.
--
--   local entry = journal.open{ kind = "vm", name = vm_cid }
--   entry.note{ job = "...", id = "..." }    more is known
--   entry.close()                            nothing is left of it: it was undone
-- journal.answered() marks what is open: the answer is about to be written, and from now on BOSH may know the CID.
-- journal.finish() closes what is still open: it runs after the answer has reached BOSH.

-- new{ store, json, log, uuid, clock, owner, alive, cloud, context, verb, recover } -> journal. store may be nil. owner
-- is this process's identity (pid, start time, boot), so that a later one can tell the dead from the living:
-- alive(owner); cloud tells one CloudStack account from another; recover(), where given, is called once before the
-- first entry.
local function new(parts)
  local journal, open, recover = { cloud = parts.cloud }, {}, parts.recover

  -- The CPI goes on without its store: a journal that cannot be written is worth a warning, not a failure.
  local function write(key, record)
    local ok, why = parts.store.put("journal", key, parts.json.encode(record))
    if not ok then parts.log.warn("the journal could not be written: %s", why) end
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
      entry.note, entry.close = function() end, function() end
      return entry
    end
    journal.settle()
    local key = parts.uuid()
    record.verb, record.owner, record.at = parts.verb, parts.owner, parts.clock.iso()
    record.director, record.request = parts.context.director_uuid, parts.context.request_id
    record.since, record.cloud = parts.clock.utc(), parts.cloud
    write(key, record)
    open[key] = record

    function entry.note(more)
      for name, value in pairs(more) do record[name] = value end
      write(key, record)
    end

    function entry.close()
      if not open[key] then return end
      open[key] = nil
      local ok, why = parts.store.delete("journal", key)
      if not ok then parts.log.warn("the journal could not be written: %s", why) end
    end

    return entry
  end

  -- Was an object of that name begun by a process that ended before it was done? Without a store nobody knows: false.
  function journal.is_interrupted(name)
    for _, row in ipairs(parts.store and parts.store.rows "journal" or {}) do
      local record = parts.json.decode(row.value)
      if type(record) == "table" and record.name == name and type(record.owner) == "string" then
        return not parts.alive(record.owner)
      end
    end
    return false
  end

  -- Makes another one's entry ours, for as long as we deal with it.
  function journal.claim(key, record)
    record.owner = parts.owner
    write(key, record)
  end

  function journal.answered()
    for key, record in pairs(open) do
      record.answered = true
      write(key, record)
    end
  end

  function journal.finish()
    for key in pairs(open) do
      open[key] = nil
      parts.store.delete("journal", key)
    end
  end

  return journal
end

return new
