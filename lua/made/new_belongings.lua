-- What a verb gives to the VM that it makes: public addresses, firewall rules, places in load balancers. All of it is taken away
-- again when the verb fails, also what CloudStack was asked for and never answered.
--
-- new(cpi, vm_cid, vm, undo) -> belongs; vm: the VM's row; undo: the verb's rollback (base/rollback.lua)
--   belongs.vm_cid, belongs.vm
--   belongs.open(kind, name)                  -> the journal entry of something that is made for the VM; kind: a name of
--                                             made/kinds.lua
--   belongs.add(kind, id, role, entry, name)  -> the item (made/belongings.lua), noted once per id; entry: the journal entry of
--                                             what we made, else nil; name: for messages, or nil
--   belongs.ask(kind, role, name, task, entry) notes a create that has no id: -> will its job be asked what it made?
--   belongs.doubt(task)                       notes a request that failed and may go on all the same

local belongings = require "made.belongings"
local errors = require "errors"
local refusals = require "cloudstack.refusals"

local SHORT_WAIT = 10 -- seconds: the verb has failed already

-- ---------------------------------------------------------------------------------------------------------
-- taking back; self: { items, asked, doubted, entries, ... }

-- Makes items of what was asked for and never answered, where CloudStack knows the job by now; the others stay asked for.
local function find_asked(cpi, self)
  local unknown = {}
  for _, one in ipairs(self.asked) do
    local id, failure = cpi.cloudstack:made_by(one.kind, one.jobid, SHORT_WAIT)
    local is_open = failure and (failure.unanswered or refusals.is(failure, "internal_error"))
    local is_nothing = one.is_refused and not is_open
    if id then self.add(one.kind, id, one.role, one.entry)
    elseif is_nothing then one.entry.close()
    else unknown[#unknown + 1] = one end
  end
  self.asked = unknown
end

-- Waits for what may go on although it was refused, so that the look that follows sees what it has done.
local function await_doubted(cpi, self)
  for _, request in ipairs(self.doubted) do cpi.cloudstack:made_by(request[1], request[2].customjobid, SHORT_WAIT) end
  self.doubted = {}
end

-- Adds what has the VM's tag and is not among the items.
local function add_tagged(cpi, self)
  local seen = {}
  for _, item in ipairs(self.items) do seen[item.id] = true end
  for _, item in ipairs(belongings.of(cpi.cloudstack:rows(belongings.request(self.vm_cid)), nil)) do
    if not seen[item.id] then self.items[#self.items + 1] = item end
  end
end

-- What may be left, for people.
local function described(self)
  local words = {}
  for _, one in ipairs(self.asked) do words[#words + 1] = ("%s %s, asked for by job %s"):format(one.kind, one.name, one.jobid) end
  for _, item in ipairs(self.items) do
    words[#words + 1] = ("%s %s"):format(item.kind, item.name and ("%s (%s)"):format(item.name, item.id) or item.id)
  end
  return #words > 0 and table.concat(words, ", ") or "whatever they are"
end

-- Takes everything away. Raises CloudError where something may be left; a journal entry leads to it then.
local function take_back(cpi, self)
  for _, entry in ipairs(self.entries) do
    if not entry.has_begun() then entry.close() end
  end
  local ok, why = pcall(function()
    find_asked(cpi, self)
    await_doubted(cpi, self)
    add_tagged(cpi, self)
    belongings.take_away(cpi, self.vm_cid, self.items, self.vm)
  end)
  if not ok then
    cpi.journal.open({ kind = "vm", name = self.vm_cid }).leave() -- the VM may be gone: its tags lead to the rest
    error(errors.cloud("%s: %s", described(self), errors.words(why)))
  end
  for _, item in ipairs(self.items) do
    if item.entry then item.entry.close() end
  end
end

-- ---------------------------------------------------------------------------------------------------------

return function(cpi, vm_cid, vm, undo)
  local self = { vm_cid = vm_cid, vm = vm, items = {}, asked = {}, doubted = {}, entries = {} }

  function self.open(kind, name)
    local entry = cpi.journal.open { kind = kind, name = name, vm = vm_cid }
    self.entries[#self.entries + 1] = entry
    return entry
  end

  function self.add(kind, id, role, entry, name)
    for _, item in ipairs(self.items) do
      if item.id == id then return item end
    end
    local item = { kind = kind, id = id or error(errors.cpi("a %s without an id", kind)), role = role, entry = entry, name = name }
    self.items[#self.items + 1] = item
    return item
  end

  -- Where CloudStack refused the create by an internal error it may have made the thing before: its job, if it has one, knows.
  function self.ask(kind, role, name, task, entry)
    local is_lost = task.failure and cpi.cloudstack.is_open(task.failure)
    local is_refused = task.failure and not is_lost and refusals.is(task.failure, "internal_error")
    if not is_lost and not is_refused then
      entry.close()
      return false
    end
    table.insert(self.asked, { kind = kind, role = role, name = name, entry = entry, is_refused = is_refused,
      jobid = task.jobid or task.request[2].customjobid })
    return true
  end

  -- A job may be under way after an internal error at its request, and after a look at it that was refused.
  function self.doubt(task)
    local kind, request = task.failure.kind, task.request
    local may_go_on = kind == "job" or kind == "vanished" or kind == "lost" or refusals.is(task.failure, "internal_error_of_request")
    if request.job and may_go_on then table.insert(self.doubted, request) end
  end

  undo.add("the addresses and load balancers of VM " .. vm_cid, function() take_back(cpi, self) end)
  return self
end
