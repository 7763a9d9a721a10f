-- Holds the simulator against what a 4.23 management server answered: the tables in spec/sim/observed/ say in which
-- situation which call is answered how, and what is left afterwards; each row is one test.
local native = require "host_native"
local sim = require "sim"
local shape = require "tests.support.shape"
local json = native.json
local host = { json = json, bytes = native.bytes } -- without a log

local DIRECTORY = "spec.sim.observed."
local ENVELOPE = { getUploadParamsForTemplate = "postuploadtemplateresponse" }
local PATIENCE = 3600 -- simulated seconds that a job may take

-- What the scenarios need beside the default world: an offering that no host fulfils, one too large, one for no pool.
local function world_of(row)
  local latency = row.latency and { jobs = row.latency } or nil
  return {
    version = row.version, settings = row.settings, latency = latency, hypervisor = "Simulator",
    accounts = row.limits and { { name = "bosh", limits = row.limits } } or nil,
    service_offerings = {
      { name = "nowhere", cpu = 1, mhz = 500, memory = 512, hosttags = "nowhere" },
      { name = "huge", cpu = 128, mhz = 4000, memory = 1048576 },
    },
    disk_offerings = { { name = "nowhere", size = 1, tags = "nowhere" } },
    networks = { { name = "bosh-loop", absent = true }, table.unpack(row.networks or {}) },
    zones = row.zones, clusters = row.clusters, vpcs = row.vpcs, security_groups = row.groups,
  }
end

-- ---------------------------------------------------------------------------------------------------------
-- one cloud and what is known of it

local cloud = {}
cloud.__index = cloud

local function said(text) return tostring(text):sub(1, 300) end

function cloud:ask(command, parameters, account)
  local reply = self.sim.send({ { command = command, params = parameters } }, account)[1]
  assert(reply.status, "no answer to " .. command .. ": " .. said(reply.text))
  local body = assert(json.decode(reply.body), command .. " did not answer JSON: " .. said(reply.body))
  local top = next(body)
  assert(top and next(body, top) == nil, command .. " did not answer one envelope: " .. said(reply.body))
  return { status = reply.status, type = reply.type, top = top, payload = body[top], text = reply.body }
end

function cloud:remember(command, parameters, key, prefix)
  local payload = self:ask(command, parameters).payload
  for _, object in ipairs(payload[key] or {}) do
    self.ids[prefix .. (object.name or "")] = object.id
  end
  return payload[key][1]
end

local function new_cloud(row)
  local self = setmetatable({ sim = sim.new { host = host, world = world_of(row) }, ids = {} }, cloud)
  self.ids.zone = self:remember("listZones", {}, "zone", "zone.").id
  self:remember("listServiceOfferings", {}, "serviceoffering", "offering.")
  self:remember("listDiskOfferings", {}, "diskoffering", "disk.")
  self.ids.domain = self:remember("listNetworks", { account = "bosh" }, "network", "net.").domainid
  self.ids.ostype = self:remember("listOsTypes", {}, "ostype", "ostype.").id
  local template = self:remember("listTemplates", { templatefilter = "executable", zoneid = self.ids.zone }, "template",
    "template.")
  self.ids.template, self.ids.hypervisor = template.id, template.hypervisor
  self.ids.otherhypervisor = template.hypervisor == "KVM" and "XenServer" or "KVM"
  for name, id in pairs(self.ids) do
    local network = name:match "^net%.(.+)$"
    if network == "bosh-net" then self.ids.domain = self:domain_of(id) end
  end
  return self
end

function cloud:domain_of(network)
  return self:ask("listNetworks", { id = network }).payload.network[1].domainid
end

-- "$name" replaced by the id that it stands for. A name that stands for nothing is an error of the table.
function cloud:resolve(text)
  if type(text) ~= "string" then return text end
  return (text:gsub("%$([%a][%w%.%-]*)", function(name)
    local tail = ""
    -- A full stop after a name belongs to the sentence.
    while self.ids[name] == nil and name:find("[%.%-]$") do name, tail = name:sub(1, -2), name:sub(-1) .. tail end
    return assert(self.ids[name], "nothing is known as $" .. name) .. tail
  end))
end

function cloud:resolved(parameters)
  local out = {}
  for name, value in pairs(parameters) do out[name] = self:resolve(value) end
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- calls and jobs

local function account_of(step)
  return step.by or "bosh"
end

-- The job of an answer, once it has ended.
function cloud:job(id, account)
  local waited = 0
  while true do
    local answer = self:ask("queryAsyncJobResult", { jobid = id }, account)
    assert(answer.status == 200, "the job can't be asked for: " .. said(answer.text))
    if answer.payload.jobstatus ~= 0 then return answer.payload end
    assert(waited < PATIENCE, "the job never ends")
    self.sim.clock.sleep(1)
    waited = waited + 1
  end
end

-- Makes a call; answers its reply with the ended job in it where it started one.
function cloud:call(step)
  local command, account = step[1], account_of(step)
  local answer = self:ask(command, self:resolved(step[2]), account)
  local payload = answer.payload
  local starts = answer.status == 200 and command ~= "queryAsyncJobResult" and payload.jobid
  if step.as and payload.id then self.ids[step.as] = payload.id end
  if step.as and payload.jobid then self.ids[step.as .. ".job"] = payload.jobid end
  if starts and not step.pending and not step.started then answer.job = self:job(payload.jobid, account) end
  return answer
end

local function failed(answer)
  return answer.status ~= 200 or (answer.job ~= nil and answer.job.jobstatus ~= 1)
end

-- What the call was about: the result of its job, or its own envelope.
local function result_of(answer)
  return answer.job and answer.job.jobresult or answer.payload
end

local special = {}

function special.advance(self, seconds) self.sim.advance(seconds) end
function special.fault(self, fault) self.sim.fault(fault) end
function special.throttle(self, milliseconds) self.sim.fault { fault = "throttle", milliseconds = milliseconds } end

function special.restart(self)
  self.sim.fault { fault = "restart", command = "listZones" }
  self:ask("listZones", {})
end

function cloud:prepare(steps)
  for at, step in ipairs(steps or {}) do
    local name = next(step)
    if special[name] then
      special[name](self, step[name])
    else
      local answer = self:call(step)
      if failed(answer) ~= (step.fails or false) then
        error(("step %d, %s, %s: %s"):format(at, step[1], step.fails and "succeeds" or "fails",
          said(answer.job and json.encode(answer.job) or answer.text)), 0)
      end
      for kept, path in pairs(step.keep or {}) do
        self.ids[kept] = assert(shape.at(result_of(answer), path), step[1] .. " has no " .. path)
      end
    end
  end
end

-- One of several VMs that runs on another host than the volume lies.
function cloud:elsewhere(names)
  local function host_of(id)
    return self:ask("listVirtualMachines", { id = id }, "admin").payload.virtualmachine[1].hostid
  end
  local first = host_of(self:resolve(names[1]))
  for at = 2, #names do
    local id = self:resolve(names[at])
    if host_of(id) ~= first then return id end
  end
  error("all VMs are on one host", 0)
end

-- ---------------------------------------------------------------------------------------------------------
-- expectations

-- What differs from the table, told apart from mistakes of this file.
local complaint = { __tostring = function(self) return self.text end }

local function complain(...)
  error(setmetatable({ text = string.format(...) }, complaint), 0)
end

local function expect_text(self, text, expected)
  local wanted = self:resolve(expected)
  if not shape.text_fits(text, wanted) then
    complain("the text is\n  %s\nnot\n  %s", tostring(text), wanted)
  end
end

local function expect_value(self, where, value, expected)
  if expected == shape.ANY then
    if value == nil then complain("%s is missing", where) end
  elseif expected == shape.ABSENT then
    if value ~= nil then complain("%s is %s, not absent", where, tostring(value)) end
  elseif type(expected) == "string" then
    local wanted = self:resolve(expected)
    if not shape.text_fits(value, wanted) then complain("%s is '%s', not '%s'", where, tostring(value), wanted) end
  elseif value ~= expected then
    complain("%s is %s, not %s", where, tostring(value), tostring(expected))
  end
end

local function expect_all(self, object, has)
  for path, expected in pairs(has or {}) do
    local name = path:match "^(.-)#$"
    local value = shape.at(object, name or path)
    if name then value = value ~= nil and #value or nil end
    expect_value(self, path, value, expected)
  end
end

local function expect_json(answer)
  if answer.type ~= "application/json;charset=utf-8" then complain("the content type is %s", tostring(answer.type)) end
end

local function envelope_of(row, command)
  return row.top or row.envelope or ENVELOPE[command] or command:lower() .. "response"
end

local ABOUT = { always = "uuid:s description:s" }

-- The refusal of a call: status, envelope, and the error with its numbers and its text, nothing else.
local function expect_refusal(self, row, answer)
  local error_ = answer.payload
  if answer.status ~= row.status then
    complain("the status is %s, not %d: %s", tostring(answer.status), row.status, said(answer.text))
  end
  expect_text(self, error_.errortext, row.errortext)
  local fields = "uuidList:a errorcode:i errortext:s" .. (row.cserrorcode and " cserrorcode:i" or "")
  local problems = shape.problems(error_, { always = fields }, json)
  if problems[1] then complain("the error: %s", table.concat(problems, ", ")) end
  if error_.errorcode ~= row.status then complain("errorcode is %d", error_.errorcode) end
  if error_.cserrorcode ~= row.cserrorcode then
    complain("cserrorcode is %s, not %s", tostring(error_.cserrorcode), tostring(row.cserrorcode))
  end
  if row.about then
    local name, id = next(row.about)
    local entry = error_.uuidList[1]
    local wrong = shape.problems(entry or {}, ABOUT, json)
    if wrong[1] then complain("uuidList: %s", table.concat(wrong, ", ")) end
    expect_value(self, "uuidList", entry.uuid, id)
    expect_value(self, "uuidList", entry.description, name)
  elseif #error_.uuidList ~= 0 then
    complain("uuidList is not empty")
  end
end

local function expect_job_failure(self, row, answer)
  if not answer.job then complain("no job was started: %s", said(answer.text)) end
  local job, result = answer.job, answer.job.jobresult
  if job.jobstatus ~= 2 then complain("the job succeeded: %s", said(json.encode(result))) end
  local wanted = row.job
  for _, choice in ipairs(row.job.any_of or {}) do
    if shape.text_fits(result.errortext, choice.errortext) then wanted = choice end
  end
  expect_text(self, result.errortext, wanted.errortext or "one of several")
  if job.jobresultcode ~= wanted.code then complain("jobresultcode is %d, not %d", job.jobresultcode, wanted.code) end
  if result.errorcode ~= wanted.code then complain("errorcode is %s", tostring(result.errorcode)) end
end

local function expect_success(answer)
  if answer.status ~= 200 then complain("it is refused with %d: %s", answer.status, said(answer.text)) end
  if answer.job and answer.job.jobstatus ~= 1 then complain("its job fails: %s", said(json.encode(answer.job))) end
end

local function expect_answer(self, row, answer, command)
  expect_json(answer)
  local top = envelope_of(row, command)
  if answer.top ~= top then complain("the envelope is %s, not %s: %s", answer.top, top, said(answer.text)) end
  if row.status then return expect_refusal(self, row, answer) end
  if row.job then return expect_job_failure(self, row, answer) end
  expect_success(answer)
  if row.empty and next(answer.payload) ~= nil then complain("it is not empty: %s", said(answer.text)) end
  expect_all(self, result_of(answer), row.has)
end

local function expect_left(self, row)
  for _, check in ipairs(row.left or {}) do
    if check.advance then
      self.sim.advance(check.advance)
    else
      local fine, why = pcall(expect_answer, self, check, self:call(check[1]), check[1][1])
      if not fine then complain("what is left, %s: %s", check[1][1], tostring(why)) end
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- rows

local function play(row)
  local self = new_cloud(row)
  self:prepare(row.given)
  if row.elsewhere then self.ids.elsewhere = self:elsewhere(row.elsewhere) end
  local step = row[2]
  if row.started then step = setmetatable({ started = true }, { __index = step }) end
  return self, self:call(step), step[1]
end

local function follow(row)
  local self, answer, command = play(row)
  expect_answer(self, row, answer, command)
  expect_left(self, row)
end

local function expect_fields(where, object, fields)
  local problems = shape.problems(object, fields, json)
  if problems[1] then complain("%s: %s", where, table.concat(problems, ", ")) end
end

-- The fields of an object and of what it holds.
local function expect_object(row, object)
  expect_fields(row.object or "it", object, row.fields)
  for name, fields in pairs(row.inside or {}) do
    if not json.is_array(object[name]) then complain("%s is not an array", name) end
    if #object[name] == 0 then complain("%s is empty", name) end
    for at, part in ipairs(object[name]) do expect_fields(name .. "." .. at, part, fields) end
  end
end

local function expect_list(row, payload)
  local rows = payload[row.object]
  local problems = shape.problems(payload, { always = "count:i " .. row.object .. ":a" }, json)
  if problems[1] then complain("the list: %s", table.concat(problems, ", ")) end
  if payload.count ~= #rows then complain("count is %d of %d", payload.count, #rows) end
  if #rows ~= 1 and not row.any_count then complain("there are %d of them", #rows) end
  for _, object in ipairs(rows) do expect_object(row, object) end
end

local function expect_shape(row, payload)
  if row.part then payload = payload[row.part] end
  if row.list then return expect_list(row, payload) end
  if not row.object then return expect_object(row, payload) end
  expect_fields("the envelope", payload, { always = row.object .. ":o" })
  expect_object(row, payload[row.object])
end

local function compare(row)
  local self, answer, command = play(row)
  expect_answer(self, row, answer, command)
  expect_shape(row, result_of(answer))
end

-- ---------------------------------------------------------------------------------------------------------
-- signatures

local function escaped(value, keep)
  return (value:gsub("[^%w%-%._%*" .. (keep or "") .. "]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

local function names_of(parameters, lower)
  local names = {}
  for name in pairs(parameters) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if lower then return a:lower() < b:lower() end
    return a < b
  end)
  return names
end

local function signature_of(row, parameters, secret)
  local parts = {}
  for at, name in ipairs(names_of(parameters, row.sorted_lower)) do
    parts[at] = name .. "=" .. escaped(parameters[name], row.tilde and "~")
  end
  local text = table.concat(parts, "&"):lower()
  return native.bytes.base64(native.bytes.hmac_sha1(secret, text))
end

local function expires_of(row, now)
  if row.expires == false then return nil end
  if type(row.expires) == "function" then return row.expires(now + 600) end
  return os.date("!%Y-%m-%dT%H:%M:%S+0000", now + (row.expires or 600))
end

local function chosen(value, default)
  if value == false then return nil end
  return value == nil and default or value
end

local function signed(row, account, now)
  local parameters = { response = "json" }
  for name, value in pairs(row.parameters or {}) do parameters[name] = value end
  parameters.command = chosen(row.command, "listZones")
  parameters.apikey = chosen(row.key, account.apikey)
  parameters.signatureVersion = chosen(row.version, "3")
  parameters.expires = expires_of(row, now)
  local signature = signature_of(row, parameters, account.secretkey)
  parameters.signature = row.broken and signature:reverse() or signature
  for name, value in pairs(row.unsigned or {}) do parameters[name] = value end
  local parts = {}
  for at, name in ipairs(names_of(parameters)) do parts[at] = escaped(name) .. "=" .. escaped(parameters[name], "~") end
  return table.concat(parts, "&")
end

local function sign(row)
  local self = setmetatable({ sim = sim.new { host = host }, ids = {} }, cloud)
  local account
  for _, each in ipairs(self.sim.accounts) do
    if each.account == "bosh" then account = each end
  end
  local text = signed(row, account, self.sim.clock.utc())
  local method = row.method or "POST"
  local reply = self.sim.http {
    method = method, path = "/client/api", query = method == "POST" and "" or text,
    body = method == "POST" and text or "", client = "127.0.0.1",
    headers = { ["content-type"] = "application/x-www-form-urlencoded" },
  }
  assert.are.equal(row.status, reply.status, said(reply.body))
  if row.empty_body then return assert.are.equal("", reply.body) end
  local body = assert(json.decode(reply.body))
  local command = chosen(row.command, "listZones") or "null"
  local top = next(body)
  assert.are.equal(row.envelope or command:lower() .. "response", top)
  if row.errortext then
    expect_refusal(self, row, { status = reply.status, payload = body[top], text = reply.body })
    -- The text stands in a header as well, except where it is about credentials.
    local header = reply.status ~= 401 and body[top].errortext or shape.ABSENT
    expect_value(self, "X-Description", reply.headers["X-Description"], header)
  end
end

-- ---------------------------------------------------------------------------------------------------------

local function rows_of(title, rows, check)
  describe(title, function()
    for _, row in ipairs(rows) do
      it(row[1], function()
        local fine, why = pcall(check, row)
        if not fine and getmetatable(why) == complaint then assert(false, why.text) end
        if not fine then error(why, 0) end
      end)
    end
  end)
end

local jobs = require(DIRECTORY .. "jobs")

local function compare_job(row)
  local _, answer = play(row)
  expect_success(answer)
  local job = answer.job
  if not job then complain "no job was started" end
  if job.cmd ~= row.cmd then complain("cmd is %s, not %s", tostring(job.cmd), row.cmd) end
  if job.jobinstancetype ~= row.instance then complain("jobinstancetype is %s", tostring(job.jobinstancetype)) end
  expect_shape(row, job.jobresult)
end

local function follow_job(row)
  row.latency = row.latency or { deployVirtualMachine = 8 }
  local self, answer, command = play(row)
  expect_answer(self, row, answer, command)
  expect_shape(row, answer.payload)
end

describe("as a 4.23 management server answers", function()
  rows_of("the fields of", require(DIRECTORY .. "shapes"), compare)
  rows_of("the job of", jobs.successes, compare_job)
  rows_of("job", jobs.lives, follow_job)
  rows_of("requests:", require(DIRECTORY .. "requests"), follow)
  rows_of("deployVirtualMachine:", require(DIRECTORY .. "deploy"), follow)
  rows_of("virtual machines:", require(DIRECTORY .. "vms"), follow)
  rows_of("volumes:", require(DIRECTORY .. "volumes"), follow)
  rows_of("snapshots, offerings, pools:", require(DIRECTORY .. "snapshots"), follow)
  rows_of("templates, tags, keys:", require(DIRECTORY .. "objects"), follow)
  rows_of("networks:", require(DIRECTORY .. "networking"), follow)
  rows_of("made stopped first:", require(DIRECTORY .. "stopped_first"), follow)
  rows_of("addresses and NICs:", require(DIRECTORY .. "nics"), follow)
  rows_of("names and keys:", require(DIRECTORY .. "collation"), follow)
  rows_of("signatures:", require(DIRECTORY .. "signing"), sign)
end)
