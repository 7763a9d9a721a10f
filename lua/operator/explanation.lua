-- One request, watched: what it asks CloudStack, what it decides and from which facts, what it would send. Reads are
-- sent, all else is imagined (operator/imagination.lua); the host refuses to send anything else.
--
-- explain(host, request) -> { events, names, result, failure, is_certain, otherwise }
--   events      { kind = "ask", requests = { { command, params, answer = text } } }
--               { kind = "decide", decision, file, is_site (is it the site's?), facts, answer (in our words), remark, candidates, failure }
--               { kind = "send", requests = { { command, params } } }
--               { kind = "registry", action = "write", "edit" or "remove", vm, bytes (of a write), disks (after an edit) }
--   names       { ID = name } of what CloudStack's answers have shown
--   is_certain  false when the failure came after something imagined: the real CloudStack may give another answer
--   otherwise   where a decision is asked for only when a command fails: { command, events, names, failure } of what comes then

local decisions = require "decisions"
local errors = require "errors"
local memory_store = require "base.memory_store"
local new_imagination = require "operator.imagination"
local tables = require "base.tables"
local throttle = require "setup.throttle"

local MOST_IMAGINED = 500 -- answers; a verb that waits for what never comes ends there

local function is_reading(command)
  return command:find "^list%u" ~= nil or command:find "^query%u" ~= nil
end

-- ---------------------------------------------------------------------------------------------------------
-- CloudStack

local MOST_NAMES = 6

-- "3: small, medium, large", or what was refused.
local function summary(payload, reply)
  if not payload then return reply.text or ("HTTP %s"):format(tostring(reply.status)) end
  if payload.errorcode then return ("%d %s"):format(payload.errorcode, tostring(payload.errortext)) end
  for _, rows in pairs(payload) do
    if type(rows) == "table" and #rows > 0 then
      local names = {}
      for i = 1, math.min(#rows, MOST_NAMES) do names[i] = tostring(rows[i].name or rows[i].description or rows[i].id) end
      return ("%d: %s%s"):format(#rows, table.concat(names, ", "), #rows > MOST_NAMES and ", ..." or "")
    end
  end
  return next(payload) == nil and "none" or payload.count == 0 and "none" or "answered"
end

local function payload_of(json, reply)
  local document = reply.body and json.decode(reply.body)
  local payload = type(document) == "table" and select(2, next(document)) or nil
  return type(payload) == "table" and payload or nil
end

-- Notes what the rows of an answer are called.
local function learn_names(names, payload)
  for _, rows in pairs(payload) do
    for _, row in ipairs(type(rows) == "table" and rows or {}) do
      if type(row) == "table" and type(row.id) == "string" and type(row.name) == "string" then names[row.id] = row.name end
    end
  end
end

-- A read as one word, to find its answer again.
local function key_of(json, request)
  return request.command .. " " .. json.encode(request.params or {})
end

-- The host's send, which lets reads through and imagines the rest. known: the answers of reads that need not go out again.
local function watched_send(host, imagined, add, known, names)
  local count = 0

  local function answered_here(request)
    local reply = not is_reading(request.command) and imagined:answer(request) or imagined:recall(request)
    if not reply then return known[key_of(host.json, request)] end
    count = count + 1
    if count > MOST_IMAGINED then error(errors.cloud("what comes next depends on answers that only a real request gets")) end
    return reply
  end

  return function(requests)
    local replies, outside, places = {}, {}, {}
    local asked, sent = { kind = "ask", requests = {} }, { kind = "send", requests = {} }
    for i, request in ipairs(requests) do
      replies[i] = answered_here(request)
      if not is_reading(request.command) then
        table.insert(sent.requests, { command = request.command, params = tables.copy(request.params or {}) })
      elseif not replies[i] then
        outside[#outside + 1], places[#places + 1] = request, i
      end
    end
    for n, reply in ipairs(#outside > 0 and host.cloudstack.send(outside) or {}) do
      local payload = payload_of(host.json, reply)
      if payload then
        imagined:notice(payload)
        learn_names(names, payload)
      end
      replies[places[n]], known[key_of(host.json, outside[n])] = reply, reply
      table.insert(asked.requests, { command = outside[n].command, params = tables.copy(outside[n].params or {}),
        answer = summary(payload, reply) })
    end
    if #asked.requests > 0 then add(asked) end
    if #sent.requests > 0 then add(sent) end
    return replies
  end
end

-- A file that is not sent.
local function watched_upload(add)
  return function(url, file)
    add { kind = "send", requests = { { command = "upload", params = { file = file, url = url } } } }
    return { status = 200, body = "upload successful.", seconds = 0 }
  end
end

-- Waiting for what is imagined takes no time.
local function watched_clock(host, imagined)
  local ahead = 0
  return setmetatable({
    now = function() return host.clock.now() + ahead end,
    sleep = function(seconds)
      if imagined.seen_any then ahead = ahead + seconds else host.clock.sleep(seconds) end
    end,
  }, { __index = host.clock })
end

-- ---------------------------------------------------------------------------------------------------------
-- decisions

-- What the CPI makes of a policy's answer, and what became of each candidate.
local function judge(event, facts, answer, why)
  local decision = require("decisions." .. event.decision)
  if answer == nil and not decision.may_be_nil then
    event.failure = type(why) == "string" and why or "it gave no answer and no reason"
    return
  end
  local matched, problem = decision.match(answer, facts)
  if matched == nil then
    event.failure = "not an answer it may give: " .. problem
    return
  end
  event.answer, event.remark = matched, type(why) == "string" and why or nil
  if decision.weigh then event.candidates = decision.weigh(facts, matched) end
end

-- The host's sandbox, which notes whose decision is asked for.
local function watched_policy(host, add)
  local files, ours = {}, host.lua_dir .. "/policies"
  local sandbox = setmetatable({}, { __index = host.policy })

  function sandbox.load(directory, name)
    local path, policy = host.policy.load(directory, name)
    if type(policy) == "table" and policy.decide then
      files[policy.decide] = { decision = name, file = path, is_site = directory ~= ours }
    end
    return path, policy
  end

  function sandbox.call(decide, facts, default)
    local file = files[decide]
    local event = { kind = "decide", decision = file.decision, file = file.file, is_site = file.is_site, facts = tables.copy(facts) }
    add(event)
    local ok, answer, why = pcall(host.policy.call, decide, facts, default)
    if not ok then
      event.failure = errors.words(answer)
      error(answer, 0)
    end
    judge(event, event.facts, answer, why)
    return answer, why
  end
  return sandbox
end

-- ---------------------------------------------------------------------------------------------------------
-- the registry

-- Is a registry configured, by the file or for this request?
local function has_registry(host, request)
  for _, source in ipairs { host.config.read(), request.context } do
    if type(source.registry) == "table" and (source.registry.host or "") ~= "" then return true end
  end
  return false
end

-- A store that is empty, and gone afterwards; what would be written to the registry is noted. A VM's row there is edited
-- where it has one, which is not looked up: to open a store is to make one.
local function watched_store(json, add, is_noted)
  local store = memory_store {}
  if not is_noted then return store end
  local real = setmetatable({}, { __index = store })

  local function unless_registry(name, act)
    local plain = store[name]
    real[name] = function(kind, ...)
      if kind ~= "registry" then return plain(kind, ...) end
      return act(...)
    end
  end

  unless_registry("get", function() return "{}" end)
  unless_registry("put", function(vm, text)
    add { kind = "registry", action = "write", vm = vm, bytes = #text }
    return true
  end)
  unless_registry("replace", function(vm, _, text)
    add { kind = "registry", action = "edit", vm = vm, disks = json.decode(text).disks.persistent }
    return true
  end)
  unless_registry("delete", function(vm)
    add { kind = "registry", action = "remove", vm = vm }
    return true
  end)
  return real
end

-- ---------------------------------------------------------------------------------------------------------

local function nothing() end

-- Information is what the events are about; warnings are logged the first time.
local function quiet(log, is_silent)
  local silent = is_silent and nothing or nil
  return setmetatable({ debug = silent, info = nothing, warn = silent }, { __index = log })
end

-- The request once, with the answers to reads that are known already. failing: the command that fails, or nil.
local function watch(host, request, known, failing)
  local events, names, imagined = {}, {}, new_imagination(host.json, host.bytes.uuid, failing)
  local function add(event) events[#events + 1] = event end
  local watched = setmetatable({
    cloudstack = { open = host.cloudstack.open, send = watched_send(host, imagined, add, known, names) },
    http = { upload = watched_upload(add) },
    images = setmetatable({ publish = function() return true end, withdraw = function() return true end },
      { __index = host.images }),
    files = setmetatable({ append = function() return true end }, { __index = host.files }), -- what is explained is not decided
    clock = watched_clock(host, imagined), policy = watched_policy(host, add),
    store = watched_store(host.json, add, has_registry(host, request)),
    throttle = throttle.none, log = quiet(host.log, failing), closing = nothing, -- nothing was done that would be counted
  }, { __index = host })
  local ok, result = pcall(require "cpi", watched, request)
  for id, made in pairs(imagined.made) do names[id] = names[id] or made.row.name end
  local story = { events = events, names = names, is_certain = not imagined.seen_any }
  story[ok and "result" or "failure"] = result
  return story
end

-- The place of the event that sends a command, or nil.
local function place_of(events, command)
  for i, event in ipairs(events) do
    for _, request in ipairs(event.kind == "send" and event.requests or {}) do
      if request.command == command then return i end
    end
  end
end

-- What comes when a command fails that a decision waits for.
local function watch_failure(host, request, known, events)
  for _, name in ipairs(decisions) do
    local command = require("decisions." .. name).after_failure_of
    if command and place_of(events, command) then
      local story = watch(host, request, known, command)
      local from = (place_of(story.events, command) or #story.events) + 1
      return { command = command, events = table.move(story.events, from, #story.events, 1, {}), failure = story.failure,
        names = story.names }
    end
  end
end

local function explain(host, request)
  local known = {}
  local story = watch(host, request, setmetatable({}, { __newindex = known }))
  story.otherwise = watch_failure(host, request, known, story.events)
  return story
end

return explain
