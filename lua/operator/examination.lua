-- What may be wrong between a configuration and its CloudStack, and what to do about it. Only reads are sent.
--
-- examine(host, settings, client) -> { { level, subject, text, remedy }, ... }
--   level   "good", "remark" (it works, but somebody may have wanted something else) or "problem"

local capacity = require "operator.capacity"
local capabilities = require "cloudstack.capabilities"
local configuration = require "setup.configuration"
local endpoint = require "cloudstack.endpoint"
local errors = require "errors"
local http_date = require "operator.http_date"
local named_things = require "operator.named_things"
local parked = require "operator.parked"
local permissions = require "operator.permissions"
local policy_directory = require "operator.policy_directory"
local ready_stemcells = require "operator.ready_stemcells"
local refusals = require "cloudstack.refusals"
local replies = require "cloudstack.replies"
local support = require "operator.support"
local store_finding = require "operator.store_finding"
local weak_secrets = require "operator.weak_secrets"

local EXPIRY, SUSPICIOUS = 600, 60 -- seconds: after the first a signed request is refused
local ROLE_REMEDY = "allow it in the account's role; `cpi permissions role` writes the rules"

local findings = {}
findings.__index = findings

local function note(self, level, subject, text, remedy)
  self[#self + 1] = { level = level, subject = subject, text = text, remedy = remedy }
end

function findings:good(subject, format, ...) note(self, "good", subject, format:format(...)) end
function findings:remark(subject, text, remedy) note(self, "remark", subject, text, remedy) end
function findings:problem(subject, text, remedy) note(self, "problem", subject, text, remedy) end

-- ---------------------------------------------------------------------------------------------------------
-- the way to CloudStack

local function check_clock(found, reply, now)
  local there = reply.date and http_date.utc(reply.date)
  if not there then return 0 end
  local skew = now - there
  local text = ("this machine's clock is %d s %s the server's"):format(math.abs(skew), skew < 0 and "behind" or "ahead of")
  local remedy = "let both follow the same time servers (ntp): signed requests are valid for 10 minutes"
  if math.abs(skew) >= EXPIRY - SUSPICIOUS then
    found:problem("clock", text, remedy)
  elseif math.abs(skew) >= SUSPICIOUS then
    found:remark("clock", text, remedy)
  else
    found:good("clock", "both clocks agree within %d s", math.max(1, math.abs(skew)))
  end
  return skew
end

local function check_transport_security(found, site)
  if site.endpoint:find "^http:" then
    found:remark("tls", "cloudstack.endpoint is http: user data with passwords goes over the wire as it is",
      "use https where the network is not your own")
  elseif site.skip_verify_ssl then
    found:remark("tls", "cloudstack.skip_verify_ssl is on: anybody may pretend to be the server",
      "turn it off and put the authority's certificate into cloudstack.ca_cert")
  else
    found:good("tls", "the server's certificate is verified")
  end
end

-- One request by hand, without the client's patience: is the server reached, and does it accept our key?
local function check_way(found, host, settings)
  local site = settings.cloudstack
  local reply = host.cloudstack.send({ { command = "listCapabilities" } })[1]
  if reply.fault then
    found:problem("endpoint", ("%s: %s"):format(site.endpoint, reply.text),
      endpoint.remedy(site.endpoint, configuration.proxy_for(settings), reply))
    return false
  end
  local _, failure = replies.read(host.json, "listCapabilities", reply, site.endpoint, host.log.mask)
  local is_other = failure and (failure.kind == "garbled" or failure.kind == "elsewhere")
  if is_other then
    found:problem("endpoint", ("%s answers (HTTP %d, %s), but not as CloudStack's API does"):format(site.endpoint, reply.status,
      reply.type or "no type"), failure.advice
        or "a management server that is starting, or a gateway before it: try again in a minute; " .. failure.text)
    return false
  end
  found:good("endpoint", "%s answers", site.endpoint)
  check_transport_security(found, site)
  local skew = check_clock(found, reply, host.clock.utc())
  if failure and refusals.is(failure, "not_authenticated") then
    found:problem("signature", ("CloudStack refuses it: %s"):format(failure.text),
      math.abs(skew) >= EXPIRY - SUSPICIOUS and "first set the clock: to the server the request is expired or not yet valid"
      or "check that api_key and secret_access_key are a pair of this server, that the user is enabled, and that its keys "
        .. "may be used from this address (api.allowed.source.cidr.list)")
    return false
  elseif failure then
    local is_role = refusals.is(failure, "command_not_allowed")
    found:problem("answer", ("listCapabilities: %s (%s)"):format(failure.text, tostring(failure.code or failure.status)),
      is_role and "allow listCapabilities in the account's role (cpi permissions role)"
      or "the key was not refused: see the management server's log")
    return false
  end
  found:good("signature", "CloudStack accepts the key and its signature")
  return true
end

-- ---------------------------------------------------------------------------------------------------------
-- the account

local function check_version(found, can)
  if not can.version:find "^%d+%.%d+" then
    return found:remark("version", "the server does not report its version", "nothing to do: it counts as a new one")
  end
  local how, words = support.of_version(function(major, minor) return capabilities.at_least(can.version, major, minor) end)
  if how then
    found:good("version", "CloudStack %s: %s", can.version, words)
  else
    found:problem("version", "CloudStack " .. can.version .. " is older than this CPI is tested with",
      ("use %d.%d or later"):format(table.unpack(support.oldest)))
  end
end

-- What of the list is not allowed, and what of it a CloudStack of that version does not have at all.
local function missing_of(list, allowed, version)
  local missing, absent = {}, {}
  for _, name in ipairs(list) do
    local since = permissions.since[name]
    local is_there = not since or capabilities.at_least(version, since[1], since[2])
    if not allowed[name] then table.insert(is_there and missing or absent, name) end
  end
  return missing, absent
end

-- A remark for each case of the row that may occur and whose commands the role lacks. settings: cloudstack's.
local function check_cases(found, row, allowed, settings, version)
  for _, case in ipairs(row.sometimes or {}) do
    local missing = missing_of(case.commands, allowed, version)
    if #missing > 0 and not (case.property and settings[case.property] == "") then
      found:remark("permissions", ("the role lacks %s, for %s (%s)"):format(table.concat(missing, ", "), permissions.title(row),
        case.when), ROLE_REMEDY)
    end
  end
end

local function check_permissions(found, outcome, settings, version)
  if outcome.failure then
    found:remark("permissions", "what the account may do cannot be determined: " .. outcome.failure.text,
      "allow listApis in the account's role")
    return
  end
  local allowed, lacking = {}, false
  for _, row in ipairs(outcome.rows) do allowed[row.name] = true end
  for _, row in ipairs(permissions) do
    local always, absent = missing_of(row.always, allowed, version)
    lacking = lacking or #always > 0
    if #absent > 0 then
      found:remark("permissions", ("CloudStack %s has no %s, for %s"):format(version, table.concat(absent, ", "), permissions.title(row)),
        "nothing to do: the CPI goes without it there")
    end
    if #always > 0 then
      found:problem("permissions", ("the role lacks %s, for %s"):format(table.concat(always, ", "), permissions.title(row)), ROLE_REMEDY)
    else
      check_cases(found, row, allowed, settings, version)
    end
  end
  if not lacking then found:good("permissions", "the account may send what the verbs always need") end
end

-- ---------------------------------------------------------------------------------------------------------
-- this machine

local function check_policies(found, host, directories)
  if directories == "" then return end
  local files, why = policy_directory.check(host, directories)
  if not files then return found:problem("policies", why, "make the directory, or leave policies.directory out") end
  local are_good = true
  for _, file in ipairs(files) do
    for _, problem in ipairs(file.problems) do
      found:problem("policies", problem, "see `cpi policy check`")
      are_good = false
    end
  end
  if are_good then found:good("policies", "%d file%s in %s", #files, #files == 1 and "" or "s", directories) end
end

local function check_here(found, host, settings)
  if settings.agent.mbus == "" then
    found:remark("agent", "agent.mbus is empty", "set it, unless the director gives it with each VM (env.bosh.mbus)")
  end
  check_policies(found, host, settings.policies.directory)
  if settings.store.path ~= "" then
    local level, text, remedy = store_finding.of(host, settings.store.path)
    note(found, level, "store", text, remedy)
  end
end

-- What is asked of CloudStack, all at once: by subject.
local function requests_of(settings)
  local list = { { "capabilities", { "listCapabilities", {} } }, { "apis", { "listApis", {}, rows = "api" } } }
  for _, part in ipairs { named_things.requests(settings), ready_stemcells.requests(), capacity.requests(settings) } do
    table.move(part, 1, #part, #list + 1, list)
  end
  return list
end

local function ask(client, settings)
  local list, requests, asked = requests_of(settings), {}, {}
  for i, row in ipairs(list) do requests[i] = row[2] end
  for i, outcome in ipairs(client:wave(requests)) do asked[list[i][1]] = outcome end
  return asked
end

-- Everything that CloudStack is asked about. A project or domain that cannot be found makes an end of it.
local function check_there(found, host, settings, client)
  local ok, asked = pcall(ask, client, settings)
  if not ok then
    found:problem("tenant", errors.words(asked), "check cloudstack.project, account and domain, and to whom the key belongs")
    return
  end
  local outcome = asked.capabilities
  local can = capabilities.read(not outcome.failure and outcome.payload or {})
  check_version(found, can)
  check_permissions(found, asked.apis, settings.cloudstack, can.version)
  parked.check(found, host, settings, can)
  named_things.check(found, asked, settings, client)
  ready_stemcells.check(found, asked, settings)
  capacity.check(found, asked, settings)
end

-- A secret that could be an ordinary word is not masked where one may stand: help and JSON keys would be unreadable.
local function check_secrets(found, host, settings)
  for _, name in ipairs(weak_secrets(host, settings)) do
    found:remark("secrets", ("%s is too short to be masked wherever it may be written"):format(name),
      "use at least 8 characters, or 12 where they are letters of one case: shorter ones are masked only as words of their own "
      .. "and beside the name of a secret")
  end
end

local function examine(host, settings, client)
  local found = setmetatable({}, findings)
  if check_way(found, host, settings) then check_there(found, host, settings, client) end
  check_here(found, host, settings)
  check_secrets(found, host, settings)
  return setmetatable(found, nil)
end

return examine
