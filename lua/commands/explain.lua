-- cpi explain VERB ARGUMENT... | [--request FILE]: what a request would do, as a plan of a few lines; with --verbose why, event by
-- event. Reads only: the host refuses to send anything else.
-- Exit 0: it would go through, as far as that can be known; 1: it would fail.

local command = require "operator.command"
local errors = require "errors"
local explain = require "operator.explanation"
local new_paper = require "operator.paper"
local order = require "operator.order"
local plan = require "operator.plan"

-- Parameters whose value is secret, or too long to read.
local hidden = { userdata = true, password = true }

local function shown(params)
  local twin = {}
  for key, value in pairs(params) do
    twin[key] = hidden[key:lower()] and ("(%d bytes, not shown)"):format(#tostring(value)) or value
  end
  return twin
end

local print_event = {}

function print_event.ask(paper, event)
  paper:line("%s", paper:tint("bold", #event.requests > 1 and "asks, at once" or "asks"))
  for _, request in ipairs(event.requests) do
    local filter = {}
    for key, value in pairs(request.params) do
      if key ~= "page" and key ~= "pagesize" then filter[#filter + 1] = ("%s=%s"):format(key, tostring(value)) end
    end
    table.sort(filter)
    paper:line("  %s%s", request.command, #filter > 0 and " " .. table.concat(filter, " ") or "")
    paper:line("    %s", request.answer)
  end
end

function print_event.decide(paper, event)
  local decision = require("decisions." .. event.decision)
  paper:line("%s by %s", paper:tint("bold", "decides " .. event.decision), event.file)
  paper:line "  from"
  paper:described(decision.facts, event.facts, 4)
  if event.failure then
    paper:line("  %s", paper:tint("red", event.failure))
    return
  end
  if event.candidates then
    paper:line "  candidates"
    paper:candidates(event.candidates, 4)
  else
    paper:value("answer", event.answer, 2)
  end
  if event.remark then paper:line("  %s", event.remark) end
end

function print_event.send(paper, event)
  paper:line("%s", paper:tint("bold", #event.requests > 1 and "would send, at once" or "would send"))
  for _, request in ipairs(event.requests) do
    paper:line("  %s", paper:tint("yellow", request.command))
    paper:fields(shown(request.params), 4)
  end
end

local registry_words = { write = "would write its settings", edit = "would put its disks into its settings, where it has any",
  remove = "would remove its settings, where it has any" }

function print_event.registry(paper, event)
  paper:line("%s", paper:tint("bold", "registry"))
  paper:line("  VM %s: %s%s", event.vm, registry_words[event.action],
    event.bytes and (" (%d bytes, not shown)"):format(event.bytes) or "")
  if event.disks then paper:value("disks", event.disks, 4) end
end

local function print_events(paper, events)
  for _, event in ipairs(events) do print_event[event.kind](paper, event) end
end

-- What comes when a command fails.
local function print_otherwise(paper, otherwise)
  paper:line("\n%s", paper:tint("bold", ("and if %s failed"):format(otherwise.command)))
  print_events(paper, otherwise.events)
  paper:line("%s", paper:tint("yellow", "would fail"))
  paper:line("  %s", errors.words(otherwise.failure))
end

local function print_end(paper, story)
  if not story.failure then
    paper:line("%s", paper:tint("green", story.is_certain and "would succeed" or "would succeed, if CloudStack does as it is asked"))
    paper:value("result", story.result, 2)
  elseif story.is_certain then
    paper:line("%s", paper:tint("red", "would fail"))
    paper:line("  %s", tostring(story.failure))
  else
    paper:line("%s", paper:tint("yellow", "what comes then depends on CloudStack's answers"))
    paper:line("  %s", errors.words(story.failure))
  end
end

-- The same for programs.
local function as_json(json, story)
  local events = {}
  for i, event in ipairs(story.events) do
    local twin = {}
    for key, value in pairs(event) do twin[key] = value end
    for _, request in ipairs(twin.requests or {}) do request.params = shown(request.params) end
    events[i] = twin
  end
  local otherwise = story.otherwise and as_json(json, story.otherwise)
  if otherwise then otherwise.command = story.otherwise.command end
  return { events = json.array(events), result = story.result, certain = story.is_certain, otherwise = otherwise,
    failure = story.failure and { type = story.failure.type, message = story.failure.message } }
end

-- The plan, and what comes when it fails at the one place that a decision waits for.
local function print_plan(paper, story)
  for _, line in ipairs(plan.of(story)) do paper:line("  %s", line) end
  if story.failure then return print_end(paper, story) end
  paper:line("%s", paper:tint("green", story.is_certain and "would succeed" or "would succeed, if CloudStack does as it is asked"))
  if type(story.result) ~= "table" and story.result ~= nil then paper:value("result", story.result, 2) end
  if not story.otherwise then return end
  paper:line("%s", paper:tint("bold", ("if %s failed"):format(story.otherwise.command)))
  for _, line in ipairs(plan.otherwise(story)) do paper:line("  %s", line) end
  paper:line("  and the request would fail: %s", errors.words(story.otherwise.failure))
end

local function print_events_and_end(paper, story)
  print_events(paper, story.events)
  print_end(paper, story)
  if story.otherwise then print_otherwise(paper, story.otherwise) end
end

return command.new("explain", function(host, words, options, refuse)
  if #words > 0 and options.request then refuse "a verb, or a request" end
  if #words == 0 then options.request = options.request or "-" end
  if options.request == "-" and host.console.tty then
    host.console.error "the request is read from standard input; --request FILE names a file\n"
  end
  host.read_only()
  local request = #words > 0 and order.read(host, words, options) or command.request(host, options.request)
  local story = explain(host, request)
  if story.failure and story.failure.exit_code then error(story.failure, 0) end
  local paper = new_paper(host)
  if options.output then
    paper:json(as_json(host.json, story))
  else
    paper:line("%s, reads only: nothing is changed", request.method)
    ;(options.verbose and print_events_and_end or print_plan)(paper, story)
  end
  return story.failure and story.is_certain and 1 or 0
end)
