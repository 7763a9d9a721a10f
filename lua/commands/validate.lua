-- cpi validate: whether this cloud does what BOSH will ask of it. First what doctor sees; then one VM's whole life by the real
-- verbs, timed; everything is removed again, also after a failure or ^C.
-- Exit 0: it all went well, and nothing is left; 1: something did not, or is left; 2: usage or configuration, or no consent.

local command = require "operator.command"
local consent = require "operator.consent"
local errors = require "errors"
local examine = require "operator.examination"
local findings = require "operator.findings"
local leftovers = require "made.leftovers"
local life = require "operator.life"
local life_order = require "operator.life_order"
local life_report = require "operator.life_report"
local new_paper = require "operator.paper"
local stopwatch = require "operator.stopwatch"

local EARLIEST = -86400 -- seconds: whatever the two clocks say, what was made just now counts

-- What the director of this run has in CloudStack -> a list of { kind, cid, id, why }; nil and why where that cannot be found out.
local function what_is_left(host, director)
  local quiet = setmetatable({ interruption = function() end }, { __index = host })
  local cpi = require("cpi").parts(quiet, { method = "validate", context = { director_uuid = director }, api_version = 2 })
  local ok, found = pcall(leftovers.find, cpi, { known = {}, older_than = EARLIEST })
  if not ok then return nil, errors.words(found) end
  local list = {}
  for i, one in ipairs(found) do list[i] = { kind = one.kind, cid = one.cid, id = one.id, why = one.why } end
  return list
end

local function problems_of(preflight)
  local count = 0
  for _, one in ipairs(preflight) do count = count + (one.level == "problem" and 1 or 0) end
  return count
end

-- What is about to be made, in a line.
local function plan_of(order, settings)
  local parts = {
    order.is_uploaded and "a stemcell from " .. order.stemcell.image or ("the template '%s'"):format(order.template.name),
    ("a VM (%s) in network '%s'%s, twice"):format(order.properties.compute_offering or "1 CPU, 1024 MB", order.network.name,
      order.address and " at " .. order.address or ""),
    ("a disk of %d MB that grows to %d MB, and a snapshot of it"):format(order.disk, 2 * order.disk),
  }
  if order.second_network then parts[#parts + 1] = ("a second network, '%s'"):format(order.second_network) end
  if order.vip then parts[#parts + 1] = "a public address" end
  if order.affinity then parts[#parts + 1] = ("affinity group '%s'"):format(order.affinity) end
  return ("in zone '%s' of %s: %s; all of it is removed again"):format(order.zone.name, settings.cloudstack.endpoint,
    table.concat(parts, ", "))
end

local function print_end(paper, result)
  local sum = life_report.sum(result.steps)
  paper:line("%d done, %d failed, %d not supported, %d skipped; %.1f s, %.1f s of it in CloudStack's jobs; %d requests", sum.done,
    sum.failed, sum.not_supported, sum.skipped, sum.seconds, sum.job_seconds, sum.requests)
  for _, one in ipairs(result.left) do
    paper:line("%s  %s %s (%s)", paper:tint("red", "left behind"), one.kind, one.cid, tostring(one.id))
  end
  if result.left_unknown then
    paper:line("%s  %s", paper:tint("red", "what is left cannot be determined"), result.left_unknown)
  end
  if #result.left > 0 or result.left_unknown then
    paper:line("`cpi list --director %s` shows what is left, `cpi call delete_vm CID` and the like remove it", result.director)
  else
    paper:line "nothing is left in CloudStack"
  end
end

local function write(host, paper, result, format)
  if format == "json" then
    paper:json(life_report.object(host.json, result))
  elseif format == "junit" then
    paper:text(life_report.junit(result))
  elseif #result.steps > 0 then
    print_end(paper, result)
  end
  local sum = life_report.sum(result.steps)
  local is_whole = #result.steps > 0 and sum.failed == 0 and sum.skipped == 0
  return is_whole and #result.left == 0 and not result.left_unknown and 0 or 1
end

-- The life itself -> its result; its steps are printed as they end where the output is for people.
local function live(host, order, preflight, on_step)
  host.catch_signals()
  local steps, trouble = life.run(order, on_step, stopwatch(host))
  local left, why = what_is_left(host, order.director)
  for _, one in ipairs(trouble and left or {}) do
    host.log.warn("left behind: %s %s (%s)", one.kind, one.cid, tostring(one.id))
  end
  if trouble then error(trouble, 0) end
  return { director = order.director, preflight = preflight, steps = steps, left = left or {}, left_unknown = why }
end

return command.new("validate", function(host, words, options, refuse)
  if #words > 0 then refuse(("unknown argument '%s'"):format(words[1])) end
  if options.stemcell and options.image then refuse "--stemcell and --image are both given" end
  local settings, paper = command.settings(host), new_paper(host)
  local client = command.client(host, settings)
  local nothing = { director = host.bytes.uuid(), steps = {}, left = {}, preflight = examine(host, settings, client) }
  if not options.output then findings(host, nothing.preflight, false, true) end
  if problems_of(nothing.preflight) > 0 and not options.anyway then
    if not options.output then paper:line "nothing was made; --anyway goes on all the same" end
    return write(host, paper, nothing, options.output)
  end
  local order = life_order(client, settings, options, nothing.director)
  local plan = plan_of(order, settings)
  if not options.output then paper:line("\n%s", plan) end
  local is_given = consent(host, options.output and plan .. ". Go on?" or "Go on?", options.yes)
  if not is_given then
    error(command.refusal(is_given == nil and "nothing was made: there is no terminal to ask for consent; --yes gives it"
      or "nothing was made"))
  end
  if not options.output then
    paper:line("what is made carries the tag director_uuid=%s\n", order.director)
    life_report.heading(paper)
  end
  return write(host, paper, live(host, order, nothing.preflight, function(step)
    if not options.output then life_report.line(paper, step) end
  end), options.output)
end)
