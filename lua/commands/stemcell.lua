-- cpi stemcell convert|inspect|light: stemcells for CloudStack, made on the operator's machine. lua/workshop does the work.

local command = require "operator.command"
local errors = require "errors"
local exact = require "cloudstack.exact"
local formats = require "workshop.formats"
local new_paper = require "operator.paper"
local templates = require "cloudstack.templates"
local zones = require "cloudstack.zones"

-- run(say), where say shows what is under way on the status line of a terminal: "packing the stemcell 42 %". The line ends
-- before a message, whatever happens.
local function with_status(host, run)
  local _ <close> = setmetatable({}, { __close = function() host.log.status() end })
  return run(function(text, percent) host.log.status(percent and ("%s %d %%"):format(text, math.floor(percent)) or text) end)
end

local actions = {}

-- The hypervisor of CloudStack that a stemcell of another infrastructure is made for when nobody says it.
local USUAL = { kvm = "kvm", xen = "xen", vmware = "vmware", esxi = "vmware" }

local function hypervisor_of(name)
  for word, hypervisor in pairs(USUAL) do
    if (name or ""):match "[^/]*$":find("-" .. word .. "-", 1, true) then return hypervisor end
  end
  return "kvm"
end

function actions.convert(host, from, result, options, refuse)
  local word = options.hypervisor or hypervisor_of(from)
  local format = formats.of(word)
  if not format then refuse(("--hypervisor takes %s, not '%s'"):format(table.concat(formats.names(), ", "), word)) end
  host.catch_signals()
  local made = with_status(host, function(say) return require("workshop.conversion").run(host, from, result, format, say) end)
  local paper = new_paper(host)
  if options.output then
    paper:json { file = result, name = made.name, version = made.version, size = made.size, formats = host.json.array(made.formats) }
    return 0
  end
  paper:line("%s", result)
  paper:line("  %s/%s for %s, %d MB", made.name, made.version, format.hypervisor, made.size // 1048576)
  paper:line("  bosh upload-stemcell %s", result)
  return 0
end

local function several(sources) return #sources > 0 and table.concat(sources, ", ") or "none" end

local function show(paper, report)
  local image, seen, layout = report.image, report.agent, report.layout
  paper:line("%s/%s", report.name, report.version)
  paper:line("  made for        %s, %s", report.infrastructure or "unknown", report.hypervisor or "unknown")
  paper:line("  formats         %s", several(report.formats))
  if image.format then
    paper:line("  image           %s (%s), %d MB, a disk of %d MB", image.format, image.packing == "none" and "not packed"
      or image.packing, image.size // 1048576, image.disk_size // 1048576)
  end
  if layout then
    paper:line("  disk            %s, %d partitions, / is number %d%s", layout.label, #layout.partitions, layout.root,
      layout.uefi and "; it boots by UEFI" or "")
  end
  if seen then
    paper:line("  agent's sources %s", several(seen.sources))
    paper:line("  finder          %s", seen.finder and "yes" or "no")
  end
  paper:line("  %s  %s", report.boots and paper:tint("green", "boots on CloudStack") or paper:tint("red", "does not boot on CloudStack"),
    report.why)
  if report.remedy then paper:line("  %s", report.remedy) end
end

function actions.inspect(host, from, _, options)
  host.catch_signals()
  local place = (host.environment "TMPDIR" or "/tmp") .. "/cpi-stemcell"
  local report = with_status(host, function(say) return require("workshop.inspection").run(host, from, place, say) end)
  local paper = new_paper(host)
  if options.output then paper:json(report) else show(paper, report) end
  return report.boots and 0 or 1
end

-- ---------------------------------------------------------------------------------------------------------
-- light stemcells

local KINDS = { KVM = "kvm", XenServer = "xen", VMware = "vmware", Simulator = "simulator" }

local function zone_names(rows)
  local list = {}
  for i, row in ipairs(rows) do list[i] = { name = row.zonename } end
  return exact.names(list)
end

-- The template's row in the zone that is wanted, which must be said where it has several.
local function find_template(cpi, wanted, zone_name)
  local request = { "listTemplates", exact.filter(wanted), rows = "template" }
  request[2].templatefilter = "executable"
  local rows = cpi.cloudstack:rows(request)
  local template = exact.one(rows, wanted, "template")
  if not template then error(errors.cloud("template '%s' is not in CloudStack, or this account may not use it", wanted)) end
  local own = {}
  for _, row in ipairs(rows) do
    if row.id == template.id then own[#own + 1] = row end
  end
  if not zone_name then
    if #own > 1 then error(errors.cloud("template '%s' is in several zones; name one with --zone: %s", wanted, zone_names(own))) end
    return template
  end
  local zone = zones.pick(cpi.cloudstack:rows(zones.request()), zone_name)
  return zones.rows_in(own, zone)[1] or templates.refuse_absent(wanted, zone, own)
end

function actions.light(host, wanted, result, options, refuse)
  if not options.version or not options.os then refuse "a light stemcell needs --version and --os" end
  command.settings(host)
  host.catch_signals()
  local cpi = require("cpi").parts(host, { context = {}, method = "stemcell" })
  local template = find_template(cpi, wanted, options.zone)
  local facts = {
    name = options.name or template.name, version = options.version, operating_system = options.os, template = template.id,
    zone = template.zonename, hypervisor = KINDS[template.hypervisor],
  }
  if not facts.hypervisor then
    error(errors.cloud("template '%s' is for the hypervisor '%s'; stemcells run on KVM, XenServer and VMware", wanted,
      tostring(template.hypervisor)))
  end
  require("workshop.light").run(host, result, facts, function() end)
  new_paper(host):line("%s stands for template '%s' (%s) in zone '%s'", result, template.name, template.id, template.zonename)
  return 0
end

return command.new("stemcell", function(host, words, options, refuse)
  local action, from, result = words[1], words[2], words[3]
  if not actions[action] or #words ~= (action == "inspect" and 2 or 3) then refuse() end
  for name, only in pairs { hypervisor = "convert", zone = "light", name = "light", version = "light", os = "light" } do
    if options[name] and action ~= only then refuse(("--%s is for %s"):format(name, only)) end
  end
  if options.output and action == "light" then refuse "--output is for convert and inspect" end
  return actions[action](host, from, result, options, refuse)
end)
