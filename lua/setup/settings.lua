-- The configuration: names, types, defaults; checked as a whole, all problems in one message.
--
-- The names are the job properties of the Go release (cloudstack.*, agent.*, ntp, registry.*, env.*,
-- director.name); ours beside them are policies.directory, store.path, log.level and a few under
-- cloudstack. A request's context carries cpi-config properties flat ("endpoint") or under their section
-- ("cloudstack": {"endpoint"}); they win over the file. cloudstack.secret_access_key never arrives here:
-- the host takes it out of the text and keeps it.

local errors = require "errors"
local spans = require "base.spans"
local spelling = require "base.spelling"
local tables = require "base.tables"

local function is_string(value) return type(value) == "string" end
-- No key has blanks, line breaks or control characters: a file that was read whole brings one along at its end.
local function is_key(value) return is_string(value) and not value:find "[%s%c]" end

local LONGEST = 604800 -- seconds: a week is longer than anything that is waited for

local function is_boolean(value) return type(value) == "boolean" end
local function is_table(value) return type(value) == "table" end

local function is_list_of_strings(value)
  if not is_table(value) then return false end
  local n = 0
  for _ in pairs(value) do n = n + 1 end
  for i = 1, n do
    if not is_string(value[i]) then return false end
  end
  return true
end

-- An object of spans by the name of a network.
local function is_ranges(value)
  if not is_table(value) then return false end
  for name, given in pairs(value) do
    if not is_string(name) or not spans.read(given) then return false end
  end
  return true
end

-- Each kind: what a message calls it, and its test.
local kinds = {
  text = { "a string", is_string },
  url = { "an http or https URL", function(v) return is_string(v) and v:find "^https?://[^/%s]+" ~= nil end },
  boolean = { "true or false", is_boolean },
  key = { "a key without blanks and line breaks, also at its end", is_key },
  seconds = { ("a number of seconds above 0, at most %d"):format(LONGEST),
    function(v) return math.type(v) ~= nil and v > 0 and v <= LONGEST end },
  amount = { "a number of 0 or more", function(v) return math.type(v) ~= nil and v >= 0 and v < 1e6 end },
  count = { "a whole number above 0", function(v) return math.type(v) == "integer" and v > 0 end },
  port = { "a port number", function(v) return math.type(v) == "integer" and v > 0 and v < 65536 end },
  list = { "a list of strings", is_list_of_strings },
  object = { "an object", is_table },
  ranges = { 'an object of addresses by the name or id of a network, such as {"net": "10.0.0.240-10.0.0.254"}', is_ranges },
  level = { "one of debug, info, warn, error",
    function(v) return v == "debug" or v == "info" or v == "warn" or v == "error" end },
  log_format = { "text or json", function(v) return v == "text" or v == "json" end },
}

-- path = { kind, default }; `required` has no default and must be there. The timeouts are those of the Go
-- release: seconds that an asynchronous job may take.
local schema = {
  ["cloudstack.endpoint"] = { "url", required = true },
  ["cloudstack.api_key"] = { "key", required = true },
  ["cloudstack.default_zone"] = { "text", "Zone1" },
  ["cloudstack.project"] = { "text", "" }, -- names or ids, see lua/cloudstack/tenancy.lua
  ["cloudstack.account"] = { "text", "" },
  ["cloudstack.domain"] = { "text", "" },
  ["cloudstack.skip_verify_ssl"] = { "boolean", false },
  ["cloudstack.ca_cert"] = { "text" }, -- PEM
  ["cloudstack.request_timeout"] = { "seconds", 120 },
  ["cloudstack.cache_age"] = { "amount", 600 }, -- where there is a store
  ["cloudstack.throttle.concurrent"] = { "amount", 0 }, -- requests under way, of all processes with that store
  ["cloudstack.throttle.per_second"] = { "amount", 0 },
  ["cloudstack.prefix_addresses"] = { "count", 16 }, -- of a network with a prefix, at most
  ["cloudstack.user_data_limit"] = { "count", 32768 },
  ["cloudstack.expunge_vm"] = { "boolean", true },
  ["cloudstack.parking.ranges"] = { "ranges" }, -- where the addresses of deleted VMs go to, by network
  ["cloudstack.parking.network"] = { "text", "" }, -- the L2 network by which VMs leave; "new": one that the CPI makes
  ["cloudstack.default_key_name"] = { "text", "" },
  ["cloudstack.enable_auto_anti_affinity"] = { "boolean", false },
  ["cloudstack.auto_anti_affinity_type"] = { "text", "host anti-affinity" },
  ["cloudstack.default_offer.disk"] = { "text", "" },
  ["cloudstack.default_offer.ephemeral_disk"] = { "text", "" },
  ["cloudstack.default_offer.custom_disk"] = { "text", "shared.custom" },
  ["cloudstack.stemcell.public_visibility"] = { "boolean", false },
  ["cloudstack.stemcell.requires_hvm"] = { "boolean", true },
  ["cloudstack.stemcell.os_type"] = { "text", "Other PV (64-bit)" },
  ["cloudstack.stemcell.zones"] = { "list" },
  ["cloudstack.stemcell.mock"] = { "text", "" },
  ["cloudstack.stemcell.any_infrastructure"] = { "boolean", false },
  ["cloudstack.calculate.disk_tags"] = { "list" },
  ["cloudstack.calculate.not_disk_tags"] = { "list" },
  ["cloudstack.calculate.compute_tags"] = { "list" },
  ["cloudstack.calculate.not_compute_tags"] = { "list" },
  ["agent.mbus"] = { "text", "" },
  ["agent.blobstore.provider"] = { "text", "local" },
  ["agent.blobstore.options"] = { "object" },
  ["ntp"] = { "list" },
  ["director.name"] = { "text", "" },
  ["registry.host"] = { "text", "" },
  ["registry.port"] = { "port", 6901 },
  ["registry.username"] = { "text", "" },
  ["registry.password"] = { "text", "" },
  ["registry.tls.certificate"] = { "text", "" }, -- PEM, like the key
  ["registry.tls.private_key"] = { "text", "" },
  ["templates.directory"] = { "text", "" },
  ["templates.url"] = { "text", "" },
  ["templates.port"] = { "port", 6902 },
  ["env.http_proxy"] = { "text", "" },
  ["env.https_proxy"] = { "text", "" },
  ["env.no_proxy"] = { "text", "" },
  ["policies.directory"] = { "text", "" },
  ["policies.log"] = { "text", "" }, -- a file, or "store": beside the store
  ["policies.log_size"] = { "count", 32 }, -- MB
  ["policies.log_days"] = { "count", 14 },
  ["store.path"] = { "text", "" },
  ["metrics.textfile"] = { "text", "" },
  ["log.level"] = { "level", "info" },
  ["log.format"] = { "log_format", "text" },
}
for name, seconds in pairs {
  global = 1800, reboot_vm = 1800, create_vm = 1800, delete_vm = 1800, stop_vm = 1800, create_volume = 1800,
  delete_volume = 1800, resize_volume = 1800, poll_template = 1800, snapshot_volume = 1800,
  delete_snapshot_volume = 1800, attach_volume = 36000, detach_volume = 1800,
} do
  schema["cloudstack.timeout." .. name] = { "seconds", seconds }
end

-- Kept by the host; known here so that the name is not called unknown.
local SECRET = "cloudstack.secret_access_key"

-- Properties of the earlier CPIs that mean nothing here, or have another name now. They are accepted with
-- a warning; `now` says where the value goes.
local legacy = {
  ["cloudstack.private_key"] = { why = "no CPI ever read it" },
  ["cloudstack.clean_disk"] = { why = "there is no cleaner process" },
  ["cloudstack.interval_clean_disk"] = { why = "there is no cleaner process" },
  ["cloudstack.state_timeout"] = { why = "no CPI ever read it" },
  ["cloudstack.state_timeout_volume"] = { why = "no CPI ever read it" },
  ["cloudstack.stemcell_publish_timeout"] = { why = "it counted minutes; see cloudstack.timeout.poll_template" },
  ["cloudstack.proxy_host"] = { why = "see env.http_proxy and env.https_proxy" },
  ["cloudstack.proxy_port"] = { why = "see env.http_proxy and env.https_proxy" },
  ["cloudstack.proxy_user"] = { why = "see env.http_proxy and env.https_proxy" },
  ["cloudstack.proxy_password"] = { why = "see env.http_proxy and env.https_proxy" },
  ["agent.env_service"] = { why = "no CPI ever read it" },
  ["cloudstack.stemcell_public_visibility"] = { now = "cloudstack.stemcell.public_visibility" },
  ["cloudstack.stemcell_requires_hvm"] = { now = "cloudstack.stemcell.requires_hvm" },
  ["cloudstack.stemcell_os_type"] = { now = "cloudstack.stemcell.os_type" },
}

-- What the context holds besides cpi-config properties (bosh external_cpi.rb, cpi_cmd_runner.go).
local of_the_caller = { director_uuid = true, request_id = true, vm = true }

-- Sections that the schema has, as a set: "cloudstack", "cloudstack.timeout", ...
local sections = {}
for path in pairs(schema) do
  for section in path:gmatch "()%." do sections[path:sub(1, section - 1)] = true end
end

-- The names that may stand directly below a section ("" is the top).
local function names_below(section)
  local names = {}
  local prefix = section == "" and "" or section .. "."
  for path in pairs(schema) do
    if path:sub(1, #prefix) == prefix then names[path:sub(#prefix + 1):match "^[^.]+"] = true end
  end
  if section == "cloudstack" then names.secret_access_key = true end
  return tables.sorted_keys(names)
end

local function collect_legacy(rule, path, value, origin, values, report)
  if rule.now then
    report.warn("%s: %s is now called %s", origin, path, rule.now)
    values[rule.now] = { value, origin, path }
  else
    report.warn("%s: %s is ignored: %s", origin, path, rule.why)
  end
end

-- Walks one source and puts each known value into `values` by path; notes problems and warnings.
local function collect(source, section, origin, values, report)
  for _, key in ipairs(tables.sorted_keys(source)) do
    local value, path = source[key], section == "" and key or section .. "." .. key
    if value == report.null or value == nil or path == SECRET then -- luacheck: ignore (nothing to take)
    elseif legacy[path] then
      collect_legacy(legacy[path], path, value, origin, values, report)
    elseif schema[path] then
      values[path] = { value, origin, path }
    elseif sections[path] and is_table(value) then
      collect(value, path, origin, values, report)
    elseif sections[path] then
      report.problem("%s: %s must be an object", origin, path)
    else
      report.problem("%s: %s is not known%s", origin, path, spelling.suggestion(tostring(key), names_below(section)))
    end
  end
end

-- The context's properties in the shape of the file: a flat name of the cloudstack section moves there. A
-- flat name that is not ours may be a newer director's, so it is a warning and no error.
local function from_context(context, report)
  local tree, flat = {}, {}
  for _, key in ipairs(tables.sorted_keys(context)) do
    local value = context[key]
    local ours = "cloudstack." .. key
    if of_the_caller[key] then -- luacheck: ignore (not a property)
    elseif sections[key] or schema[key] then
      tree[key] = value
    elseif schema[ours] or sections[ours] or legacy[ours] or ours == SECRET then
      flat[key] = value
    else
      report.warn("context: %s is not known%s", key, spelling.suggestion(tostring(key), names_below "cloudstack"))
    end
  end
  return tree, { cloudstack = flat }
end

local function place(tree, path, value)
  for section in path:gmatch "([^.]+)%." do
    tree[section] = tree[section] or {}
    tree = tree[section]
  end
  tree[path:match "[^.]+$"] = value
end

local NUMBERS = { seconds = true, amount = true, count = true, port = true }

-- What a message says of a wrong value: a number where a number belongs is not a secret.
local function shown(kind, value)
  return NUMBERS[kind] and math.type(value) and tostring(value) or type(value)
end

-- Types, required keys and defaults, in the order of the names.
local function settle(values, sources, report)
  local settings = {}
  for _, path in ipairs(tables.sorted_keys(schema)) do
    local rule, given = schema[path], values[path]
    local words, fits = table.unpack(kinds[rule[1]])
    if given and not fits(given[1]) then
      report.problem("%s: %s must be %s, not %s", given[2], given[3], words, shown(rule[1], given[1]))
    elseif not given and rule.required and not sources.is_daemon then
      report.problem("%s is missing", path)
    end
    local value = rule[2]
    if given then value = given[1] end
    place(settings, path, value)
  end
  if not sources.has_secret and not sources.is_daemon then report.problem("%s is missing", SECRET) end
  return settings
end

-- What is right by itself and wrong together.
local function check_owner(site, report)
  local is_id = type(site.account) == "string" and #site.account == 36
  if site.project ~= "" and site.account ~= "" then
    report.problem "cloudstack.project and cloudstack.account are both set; a VM belongs to one of them"
  elseif site.account ~= "" and site.domain == "" and not is_id then
    report.problem "cloudstack.account needs cloudstack.domain, the domain that the account is in"
  end
end

-- What of a CloudStack and its account the file says, before the context goes over it.
local function credentials_of(values)
  local own = {}
  for _, name in ipairs { "endpoint", "api_key" } do
    local given = values["cloudstack." .. name]
    own[name] = given and given[1]
  end
  return own
end

local function is_other(given, own)
  if not given or given[2] ~= "context" or type(given[1]) ~= "string" or type(own) ~= "string" then return false end
  return given[1]:gsub("/+$", "") ~= own:gsub("/+$", "")
end

-- Endpoint and keys belong together. A context that brings some of them and not the rest would have the file's secret sign
-- for another account, or be sent to another cloud.
local function check_credentials(own, values, sources, report)
  local key, missing, cause = values["cloudstack.api_key"], {}, nil
  if is_other(values["cloudstack.endpoint"], own.endpoint) then
    cause = "cloudstack.endpoint"
    if key and key[2] ~= "context" then missing[1] = "cloudstack.api_key" end
  elseif is_other(key, own.api_key) then
    cause = "cloudstack.api_key"
  end
  if cause and sources.has_secret and not sources.request_has_secret then missing[#missing + 1] = SECRET end
  if #missing == 0 then return end
  report.problem("context: missing: %s; what the configuration has there does not belong to the context's %s",
    table.concat(missing, ", "), cause)
end

-- load{ file, context, has_secret, request_has_secret, null, warn } -> settings, nested as the paths above, defaults filled in; and
-- what was given, by path: { value, "configuration" or "context", the name under which it was given }.
-- file and context are decoded JSON; null is the decoder's null; warn(format, ...) takes warnings; has_secret: a secret key
-- is known, request_has_secret: it came with the context; is_daemon: it
-- does without CloudStack, which may be known to the director alone. Raises
-- one CpiError that lists every problem.
local function load(sources)
  local problems, values = {}, {}
  local report = { null = sources.null, warn = sources.warn }
  function report.problem(format, ...) problems[#problems + 1] = format:format(...) end

  if not is_table(sources.file) then
    error(errors.configuration("the configuration must be a JSON object"))
  end
  if sources.file.CloudStack ~= nil then
    error(errors.configuration "the configuration is that of the Go release, and cpi config convert writes it in the names of the job")
  end
  collect(sources.file, "", "configuration", values, report)
  local own = credentials_of(values)
  local nested, flat = from_context(sources.context or {}, report)
  collect(flat, "", "context", values, report)
  collect(nested, "", "context", values, report)
  local settings = settle(values, sources, report)
  check_owner(settings.cloudstack, report)
  check_credentials(own, values, sources, report)
  if #problems > 0 then
    error(errors.configuration("the configuration has %d problem%s: %s", #problems, #problems == 1 and "" or "s",
      table.concat(problems, "; ")))
  end
  return settings, values
end

return { load = load, schema = schema, legacy = legacy }
