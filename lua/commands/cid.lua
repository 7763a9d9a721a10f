-- cpi cid CID...: what each is, and where its object is in CloudStack. Reads only. Exit 0: all are there; 1: one is not.

local command = require "operator.command"
local describe = require("operator.cid").describe
local new_paper = require "operator.paper"

local function print_one(paper, told)
  paper:line("%s: %s", paper:tint("bold", told.cid), told.form)
  for _, failure in ipairs(told.failures) do paper:line("  %s", paper:tint("red", failure)) end
  if #told.objects == 0 and #told.failures == 0 then
    paper:line("  %s", paper:tint("yellow", "not in CloudStack, as far as this account sees"))
  end
  for _, object in ipairs(told.objects) do
    paper:line("  %s %s", object.kind, object.name)
    for _, field in ipairs(object.fields) do paper:value(field[1], field[2], 4) end
    if object.tags then paper:value("tags", object.tags, 4) end
  end
end

local function as_json(json, told)
  local objects = {}
  for i, object in ipairs(told.objects) do
    objects[i] = { kind = object.kind, name = object.name, tags = object.tags }
    for _, field in ipairs(object.fields) do objects[i][field[1]] = field[2] end
  end
  return { cid = told.cid, form = told.form, objects = json.array(objects), failures = json.array(told.failures) }
end

return command.new("cid", function(host, words, options, refuse)
  if #words == 0 then refuse "which CID?" end
  host.read_only()
  local client, paper, all, list = command.client(host, command.settings(host)), new_paper(host), true, {}
  for i, cid in ipairs(words) do
    local told = describe(client, cid)
    all = all and #told.objects > 0
    if options.output then list[i] = as_json(host.json, told) else print_one(paper, told) end
  end
  if options.output then paper:json(host.json.array(list)) end
  return all and 0 or 1
end)
