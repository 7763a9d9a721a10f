-- cpi config show: the configuration in force, each value with where it comes from. What is secret is not shown.
-- cpi config convert FILE: the Go release's configuration in the names of this one, on standard output; remarks on standard error.
-- Exit 0; 2: usage or configuration.

local command = require "operator.command"
local new_paper = require "operator.paper"
local schema = require("setup.settings").schema
local go_configuration = require "operator.go_configuration"
local tables = require "base.tables"

local SECRET = "cloudstack.secret_access_key"
-- Whose values are not shown; passwords within URLs are masked everywhere.
local HIDDEN = { ["cloudstack.api_key"] = true, ["registry.password"] = true, ["registry.tls.private_key"] = true,
  ["agent.blobstore.options"] = true }

local function value_at(settings, path)
  for name in path:gmatch "[^.]+" do
    if type(settings) ~= "table" then return nil end
    settings = settings[name]
  end
  return settings
end

-- Where a value comes from, in words.
local function origin_of(host, given)
  if not given then return "default" end
  return given[2] == "context" and "cpi-config" or host.config.path or "configuration"
end

local function is_given(value) return value ~= nil and value ~= "" and not (type(value) == "table" and next(value) == nil) end

-- { name, value, origin, hidden = true } of every property, or of those that somebody gave.
local function rows_of(host, settings, given, all)
  local rows = {}
  for _, path in ipairs(tables.sorted_keys(schema)) do
    if given[path] or all then
      local value = value_at(settings, path)
      local row = { name = path, origin = origin_of(host, given[path]) }
      if HIDDEN[path] and is_given(value) then row.hidden = true else row.value = value end
      rows[#rows + 1] = row
    end
  end
  local has_secret, from_context = host.config.has_secret()
  if has_secret then
    rows[#rows + 1] = { name = SECRET, hidden = true, origin = from_context and "cpi-config" or host.config.path or "configuration" }
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
  return rows
end

local function shown(json, row)
  if row.hidden then return "(given, not shown)" end
  if row.value == nil then return "(none)" end
  return json.encode(row.value)
end

local function show(host, options)
  host.read_only()
  local settings, given = command.settings(host)
  local paper, rows = new_paper(host), rows_of(host, settings, given, options.all)
  if options.output then
    paper:json(host.json.array(rows))
    return 0
  end
  for _, row in ipairs(rows) do
    paper:line("%-42s %s  %s", row.name, shown(host.json, row), paper:tint("dim", "(" .. row.origin .. ")"))
  end
  if not options.all then paper:line "the rest are defaults: --all shows them" end
  return 0
end

local function convert(host, path)
  local tree, remarks = go_configuration(command.read_json(host, path), host.json.null)
  if not tree then error(command.refusal("%s: %s", path, remarks)) end
  new_paper(host):json(tree)
  for _, remark in ipairs(remarks) do host.console.error(host.console.clean(remark) .. "\n") end
  return 0
end

return command.new("config", function(host, words, options, refuse)
  if words[1] == "show" and #words == 1 then return show(host, options) end
  if words[1] == "convert" and #words == 2 then return convert(host, words[2]) end
  refuse(words[1] == "convert" and "which file?" or nil)
end)
