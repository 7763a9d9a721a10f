-- cpi cid WORD...: what each is (a CID, an address, an instance, a name), and where its object is in CloudStack. Reads only.
-- Exit 0: all are there; 1: one is not.

local cid = require "operator.cid"
local command = require "operator.command"
local new_paper = require "operator.paper"

local function print_history(paper, object)
  for _, job in ipairs(object.jobs or {}) do
    paper:line("    %s %s since %s", paper:tint("yellow", "at work:"), job.command, tostring(job.since))
  end
  for _, event in ipairs(object.events or {}) do
    local level = event.level == "ERROR" and paper:tint("red", event.level) or event.level
    paper:line("    %s  %-5s  %s  %s  %s", tostring(event.at), tostring(level), tostring(event.type), tostring(event.user),
      tostring(event.text))
  end
  for _, failure in ipairs(object.failures or {}) do paper:line("    %s", paper:tint("red", failure)) end
end

local function print_one(paper, description)
  paper:line("%s: %s", paper:tint("bold", description.cid), description.form)
  for _, failure in ipairs(description.failures) do paper:line("  %s", paper:tint("red", failure)) end
  if #description.objects == 0 and #description.failures == 0 then
    paper:line("  %s", paper:tint("yellow", "not in CloudStack, as far as this account sees"))
  end
  for _, object in ipairs(description.objects) do
    paper:line("  %s %s", object.kind, object.name)
    for _, field in ipairs(object.fields) do paper:value(field[1], field[2], 4) end
    if object.tags then paper:value("tags", object.tags, 4) end
    print_history(paper, object)
  end
end

local function as_json(json, description)
  local objects = {}
  for i, object in ipairs(description.objects) do
    objects[i] = { kind = object.kind, name = object.name, tags = object.tags, events = object.events and json.array(object.events),
      jobs = object.jobs and json.array(object.jobs), failures = object.failures and json.array(object.failures) }
    for _, field in ipairs(object.fields) do objects[i][field[1]] = field[2] end
  end
  return { cid = description.cid, form = description.form, objects = json.array(objects), failures = json.array(description.failures) }
end

return command.new("cid", function(host, words, options, refuse)
  if #words == 0 then refuse "which CID?" end
  host.read_only()
  local client, paper, all, list = command.client(host, command.settings(host)), new_paper(host), true, {}
  local descriptions, objects = {}, {}
  for i, word in ipairs(words) do
    descriptions[i] = cid.describe(client, word)
    table.move(descriptions[i].objects, 1, #descriptions[i].objects, #objects + 1, objects)
  end
  if options.history then cid.history(client, objects) end
  for i, description in ipairs(descriptions) do
    all = all and #description.objects > 0
    if options.output then list[i] = as_json(host.json, description) else print_one(paper, description) end
  end
  if options.output then paper:json(host.json.array(list)) end
  return all and 0 or 1
end)
