-- Templates: one copy per zone, registered by URL or uploaded, listed by filter.
local accounts = require "sim.accounts"
local hypervisors = require "sim.hypervisors"
local limits = require "sim.limits"
local lists = require "sim.lists"
local parameters = require "sim.parameters"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"
local zones = require "sim.zones"

local templates = {}

local FILTERS = {
  featured = true, self = true, selfexecutable = true, sharedexecutable = true, executable = true, community = true,
  all = true,
}
local HYPERVISORS = {
  "XenServer", "KVM", "VMware", "Hyperv", "VirtualBox", "Parralels", "BareMetal", "Simulator", "Ovm", "Ovm3", "LXC",
  "Custom", "External", "Any",
}

-- ---------------------------------------------------------------------------------------------------------
-- making

local function all_zones(m, names)
  if not names then return m:rows "zone" end
  local out = {}
  for i, name in ipairs(names) do out[i] = m:named("zone", name) end
  return out
end

-- add(m, fields, zones, ready): fields of the template, the zones it is to be in, whether it is ready there
function templates.add(m, fields, where, ready)
  local copies = {}
  for i, zone in ipairs(where) do copies[i] = { zone = zone, ready = ready } end
  fields.copies = copies
  local template = m:add("template", fields)
  template.unique_name = template.unique_name
    or ("%d-%d-%s"):format(template.number, template.account.number, template.id)
  return template
end

function templates.seed(m)
  for _, spec in ipairs(m.world.templates) do
    templates.add(m, {
      id = m:id_of("template:" .. spec.name), number = #m:rows "template" == 0 and 111 or nil, name = spec.name,
      displaytext = spec.displaytext or spec.name, account = m:named("account", spec.account or "system"),
      type = (spec.account or "system") == "system" and "BUILTIN" or "USER", format = spec.format or m.world.format,
      hypervisor = spec.hypervisor or m.world.hypervisor, size = spec.size or m.world.upload_size,
      ostype = m:named("ostype", spec.ostype or "Other PV (64-bit)") or m:rows("ostype")[1],
      featured = spec.featured or false,
      public = spec.public or false, details = spec.details or {}, state = "Active", of_world = true,
      unique_name = spec.name, checksum = "", physical_size = spec.size or m.world.upload_size,
      url = "http://download.example.org/templates/" .. spec.name,
    }, all_zones(m, spec.zones), true)
  end
end

local function known_hypervisor(name)
  for _, known in ipairs(HYPERVISORS) do
    if lists.same(known, name) then return known end
  end
  refusal.invalid("Hypervisor Type: %s is invalid. Supported Hypervisor types are: %s", name,
    table.concat(HYPERVISORS, ", "))
end

local function is_reserved(name)
  return lists.like(name, "xs-tools.iso") or lists.like(name, "vmware-tools.iso")
end

-- The fields that register and upload have in common, from the arguments of either.
function templates.fields(m, call)
  local arguments, owner = call.arguments, accounts.owner(m, call)
  local hypervisor = known_hypervisor(arguments.hypervisor)
  if is_reserved(arguments.name) then refusal.invalid "Cannot use reserved names for Templates" end
  if arguments.ispublic and not accounts.is_admin(call.account) and not m:setting "allow.public.user.templates" then
    refusal.invalid "Only private Templates can be created."
  end
  limits.check(m, owner, { template = 1 })
  return {
    name = arguments.name, displaytext = arguments.displaytext or arguments.name, account = owner, type = "USER",
    format = arguments.format:upper(), hypervisor = hypervisor, ostype = arguments.ostypeid or m:rows("ostype")[1],
    public = arguments.ispublic or false, featured = call.account.role == "admin" and arguments.isfeatured or false,
    details = parameters.merged(arguments.details), extractable = arguments.isextractable or false,
    requires_hvm = arguments.requireshvm ~= false, checksum = arguments.checksum,
    passwordenabled = arguments.passwordenabled, sshkeyenabled = arguments.sshkeyenabled,
  }
end

-- When the image is there and unpacked: ready at once, or as long after as the world says.
function templates.make_ready(m, template, size)
  local function ready()
    if template.removed then return end
    template.state, template.size = "Active", m.world.upload_size
    template.physical_size = size
    for _, copy in ipairs(template.copies) do copy.ready = true end
  end
  if m.world.latency.template == 0 then return ready() end
  m.schedule:after(m.world.latency.template, ready)
end

-- ---------------------------------------------------------------------------------------------------------
-- rows

local function status_of(template, copy)
  if copy.ready then return "Download Complete" end
  return template.error or (template.url and "0% Downloaded" or "Processing")
end

local function show_private(out, template, copy, account)
  if not accounts.may_act(account, template.account) then return end
  out.status, out.url = status_of(template, copy), template.url
end

local function download(m, copy, account)
  if not copy.ready then return m:array() end
  local out = { downloadState = "DOWNLOADED", datastore = "secondary1", downloadPercent = "100" }
  if account.role == "admin" then out.datastoreId, out.datastoreRole = m:id_of "secondary1", "Image" end
  return m:array { out }
end

function templates.row(m, template, copy, account)
  local out = {
    id = template.id, name = template.name, displaytext = template.displaytext, ispublic = template.public,
    created = m:date(template.created), isready = copy.ready, passwordenabled = template.passwordenabled or false, format = template.format,
    isfeatured = template.featured, crossZones = template.of_world or false, ostypeid = template.ostype.id,
    ostypename = template.ostype.name, size = template.size,
    physicalsize = copy.ready and template.physical_size or nil,
    templatetype = template.type, hypervisor = template.hypervisor, isextractable = template.extractable or false,
    checksum = template.checksum, details = template.details, downloaddetails = download(m, copy, account),
    arch = "x86_64",
    bits = 0, sshkeyenabled = template.sshkeyenabled or false, isdynamicallyscalable = false, directdownload = false, deployasis = false,
    forcks = false, requireshvm = template.requires_hvm or false, tags = tags.rows(m, template, "Template"),
    hasannotations = false,
  }
  zones.show(out, copy.zone)
  accounts.show_owner(out, template.account)
  show_private(out, template, copy, account)
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- listTemplates

local visible = {
  featured = function(t) return t.featured and t.public end,
  community = function(t) return t.public and not t.featured end,
  self = function(t, account) return t.account == account end,
  selfexecutable = function(t, account, copy) return t.account == account and copy.ready end,
  sharedexecutable = function() return false end,
  executable = function(t, account, copy) return (t.public or t.account == account) and copy.ready end,
  all = function() return true end,
}

local function filter_of(call)
  local name = call.arguments.templatefilter
  if not FILTERS[name] then
    refusal.parameter("No enum constant com.cloud.template.VirtualMachineTemplate.TemplateFilter.%s", name)
  end
  if name == "all" and call.account.role ~= "admin" then refusal.invalid "Filter all can be specified by admin only" end
  return visible[name]
end

local function fits_copy(copy, arguments)
  return (not arguments.zoneid or copy.zone == arguments.zoneid)
    and (arguments.isready == nil or copy.ready == arguments.isready)
end

local function whose(m, call)
  local arguments = call.arguments
  if arguments.projectid then return arguments.projectid.account or call.account end
  if not arguments.account then return call.account end
  return m:first("account", function(account) return account.name == arguments.account end) or call.account
end

local function list(m, call)
  local arguments, shows, account = call.arguments, filter_of(call), whose(m, call)
  local found = {}
  local function is_seen(t) return lists.fits(t, arguments) and hypervisors.is_there(m, t.hypervisor) end
  for _, template in ipairs(m:rows("template", is_seen)) do
    for _, copy in ipairs(template.copies) do
      if shows(template, account, copy) and fits_copy(copy, arguments)
        and (not arguments.hypervisor or lists.same(template.hypervisor, arguments.hypervisor)) then
        found[#found + 1] = { template = template, copy = copy }
        if arguments.showunique then break end
      end
    end
  end
  return lists.answer(m, call, "template", found, function(entry)
    return templates.row(m, entry.template, entry.copy, call.account)
  end)
end

-- ---------------------------------------------------------------------------------------------------------
-- registerTemplate

local LOOPBACK = { "^127%.", "^localhost$", "^169%.254%.", "^0%.0%.0%.0$", "^%[::1%]" }

local function check_url(url, format)
  local scheme, host, path = url:match "^(%a[%w+.-]*)://([^/:]*)[^/]*(.*)$"
  if not scheme or not (scheme:lower() == "http" or scheme:lower() == "https") then
    refusal.internal("Scheme is not supported: %s", url)
  end
  for _, pattern in ipairs(LOOPBACK) do
    if host:lower():match(pattern) then refusal.parameter "Illegal host specified in URL." end
  end
  local file = path:lower():gsub("%?.*$", ""):gsub("%.gz$", ""):gsub("%.bz2$", ""):gsub("%.zip$", "")
  local suffix = format:lower()
  if not file:match("%." .. suffix .. "$") and not (suffix == "qcow2" and file:match "%.img$") then
    refusal.parameter("Please specify a valid %s", suffix)
  end
end

local function zones_of(m, call)
  local arguments = call.arguments
  local text = arguments.zoneids or arguments.zoneid
  if not text then refusal.parameter "Either zoneid or zoneids is required. Both cannot be null." end
  if text == "-1" then
    if call.account.role ~= "admin" then
      refusal.invalid("Template registered for 'All zones' can only be owned a Root Admin account. "
        .. "Please select specific zone(s).")
    end
    return m:rows "zone"
  end
  local out = {}
  for id in text:gmatch "[^,]+" do
    out[#out + 1] = m:find("zone", id) or parameters.unresolved("registertemplate", "zoneids", id)
  end
  return out
end

local function register(m, call)
  local where = zones_of(m, call)
  check_url(call.arguments.url, call.arguments.format)
  local fields = templates.fields(m, call)
  fields.url, fields.state = call.arguments.url, "Active"
  local template = templates.add(m, fields, where, false)
  templates.make_ready(m, template, 5242880)
  local rows = m:array()
  for i, copy in ipairs(template.copies) do rows[i] = templates.row(m, template, copy, call.account) end
  return { count = #rows, template = rows }
end

templates.COMMON_PARAMETERS = {
  { "name", "string", required = true }, { "format", "string", required = true },
  { "hypervisor", "string", required = true },
  { "displaytext", "string", max = 4096 }, { "ostypeid", "uuid", of = "ostype" }, { "bits", "integer" },
  { "details", "map" }, { "isextractable", "boolean" }, { "isfeatured", "boolean" }, { "ispublic", "boolean" },
  { "passwordenabled", "boolean" }, { "sshkeyenabled", "boolean" }, { "requireshvm", "boolean" }, { "checksum", "string" },
  { "templatetag", "string", ignored = true },
  { "account", "string" }, { "domainid", "uuid", of = "domain" }, { "projectid", "uuid", of = "project" },
}

-- The common parameters and some of its own.
function templates.parameters(own)
  local out = {}
  for _, spec in ipairs(own) do out[#out + 1] = spec end
  for _, spec in ipairs(templates.COMMON_PARAMETERS) do out[#out + 1] = spec end
  return out
end

templates.commands = {
  { name = "listTemplates", run = list, parameters = lists.owned_parameters {
    { "templatefilter", "string", required = true }, { "id", "uuid", of = "template" },
    { "ids", "uuids", of = "template", since = "4.9" }, { "name", "string" }, { "zoneid", "uuid", of = "zone" },
    { "hypervisor", "string" }, { "showunique", "boolean", since = "4.13.2" }, { "isready", "boolean", since = "4.21" },
    { "tags", "map" },
  } },
  { name = "registerTemplate", run = register, parameters = templates.parameters {
    { "url", "string", required = true, max = 2048 }, { "zoneid", "string" },
    { "zoneids", "string", max = 4096, since = "4.11" },
  } },
}

return templates
