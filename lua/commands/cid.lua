-- cpi cid CID...: what each is, and where its object is in CloudStack. Reads only. Exit 0: all are there; 1: one is not.

local command = require "operator.command"
local describe = require("operator.cid").describe
local new_paper = require "operator.paper"

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
  end
end

local function as_json(json, description)
  local objects = {}
  for i, object in ipairs(description.objects) do
    objects[i] = { kind = object.kind, name = object.name, tags = object.tags }
    for _, field in ipairs(object.fields) do objects[i][field[1]] = field[2] end
  end
  return { cid = description.cid, form = description.form, objects = json.array(objects), failures = json.array(description.failures) }
end

return command.new("cid", function(host, words, options, refuse)
  if #words == 0 then refuse "which CID?" end
  host.read_only()
  local client, paper, all, list = command.client(host, command.settings(host)), new_paper(host), true, {}
  for i, cid in ipairs(words) do
    local description = describe(client, cid)
    all = all and #description.objects > 0
    if options.output then list[i] = as_json(host.json, description) else print_one(paper, description) end
  end
  if options.output then paper:json(host.json.array(list)) end
  return all and 0 or 1
end)
