local command = require "operator.command"
local examine = require "operator.examination"
local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

-- (as `cpi doctor` prints it: spec/commands/doctor_spec.lua)

local json = native.json

-- The findings as { subject = { "level: text", ... } }, and each remedy under its text. options: world, settings, skew (seconds by
-- which this machine's clock is ahead), rows = { COMMAND = function(rows) that changes them }.
local function found(options)
  local trial = new_trial { host = native, world = options.world, settings = options.settings }
  local now = trial.sim.clock.utc()
  local send = trial.host.cloudstack.send
  local host = operator.host {
    config = trial.host.config, log = trial.host.log, clock = setmetatable({ utc = function() return now + (options.skew or 0) end },
      { __index = trial.host.clock }),
    cloudstack = { open = function() end, send = function(requests)
      local replies = send(requests)
      for i, reply in ipairs(replies) do
        reply.date = options.skew and os.date("!%a, %d %b %Y %H:%M:%S GMT", now) or nil
        local change = (options.rows or {})[requests[i].command]
        if change then
          local body = json.decode(reply.body)
          change(select(2, next(body)))
          reply.body = json.encode(body)
        end
      end
      return replies
    end },
  }
  local settings = command.settings(host)
  local by_subject, remedies = {}, {}
  for _, one in ipairs(examine(host, settings, command.client(host, settings))) do
    by_subject[one.subject] = by_subject[one.subject] or {}
    table.insert(by_subject[one.subject], one.level .. ": " .. one.text)
    remedies[one.text] = one.remedy
  end
  return by_subject, remedies
end

local function version(text)
  return { listCapabilities = function(payload) payload.capability.cloudstackversion = text end }
end

describe("the clocks", function()
  for skew, line in pairs {
    [0] = "good: both clocks agree within 1 s", [59] = "good: both clocks agree within 59 s",
    [-59] = "good: both clocks agree within 59 s", [60] = "remark: this machine's clock is 60 s ahead of the server's",
    [-60] = "remark: this machine's clock is 60 s behind the server's",
    [539] = "remark: this machine's clock is 539 s ahead of the server's",
    [540] = "problem: this machine's clock is 540 s ahead of the server's",
    [-540] = "problem: this machine's clock is 540 s behind the server's",
  } do
    it(("that differ by %d s: %s"):format(skew, line:match "^%l+"), function()
      assert.same({ line }, found({ skew = skew }).clock)
    end)
  end

  it("are not spoken of where the server tells no date", function() assert.is_nil(found({}).clock) end)
end)

describe("the server's version", function()
  it("is known from 4.11 on", function()
    assert.same({ "good: CloudStack 4.11.0.0: its differences are tested on the simulator" }, found({ rows = version "4.11.0.0" }).version)
    assert.same({ "good: CloudStack 4.22.1.0: tried on management servers of 4.22 and 4.23" },
      found({ rows = version "4.22.1.0" }).version)
    assert.same({ "good: CloudStack 5.0.0: newer than 4.23, the newest that was tried" }, found({ rows = version "5.0.0" }).version)
    local list, remedies = found { rows = version "4.10.9.0" }
    assert.same({ "problem: CloudStack 4.10.9.0 is older than this CPI is tested with" }, list.version)
    assert.equal("use 4.11 or later", remedies["CloudStack 4.10.9.0 is older than this CPI is tested with"])
  end)

  it("that is not told counts as a new one", function()
    assert.same({ "remark: the server does not report its version" }, found({ rows = version "unknown" }).version)
  end)
end)

describe("a command that the version does not have", function()
  it("is no fault of the role's", function()
    local list, remedies = found { world = { version = "4.11.3.0" } }
    assert.same({ "remark: CloudStack 4.11.3.0 has no changeOfferingForVolume, for update_disk",
      "good: the account may send what the verbs always need" }, list.permissions)
    assert.truthy(remedies["CloudStack 4.11.3.0 has no changeOfferingForVolume, for update_disk"]:find("nothing to do", 1, true))
  end)
end)

describe("what is left", function()
  it("is told of the account and of its networks", function()
    local by_subject = found({})
    assert.matches("^good: left: ", by_subject.quota[1])
    assert.truthy(by_subject.addresses)
  end)
end)

describe("what the role lacks", function()
  -- The remarks on it where the role has all but these commands.
  local function without(names, world, settings)
    return found({ world = world, settings = settings, rows = { listApis = function(payload)
      local rows = {}
      for _, row in ipairs(payload.api) do
        if not names[row.name] then rows[#rows + 1] = row end
      end
      payload.api = json.array(rows)
    end } }).permissions
  end

  it("is remarked on case by case, each with its own commands", function()
    assert.same({ "remark: the role lacks detachVolume, for delete_vm (before CloudStack 4.16)",
      "remark: the role lacks detachVolume, for create_stemcell, create_vm, create_disk, create_network, snapshot_disk, delete_vm "
        .. "(when it fails, or a process before it was killed)",
      "problem: the role lacks detachVolume, for detach_disk" }, without { detachVolume = true })
  end)

  it("is not remarked on where the property is not configured that would need it", function()
    local rest = { "remark: the role lacks listProjects, for create_vm, create_disk (for policies that need limits, of a project)",
      "remark: the role lacks listEvents, for cpi list, cpi cid (for cid --history)",
      "good: the account may send what the verbs always need" }
    local role, world = { listDomains = true, listProjects = true, listEvents = true }, { projects = { { name = "p", account = "bosh" } } }
    assert.same(rest, without(role, world))
    table.insert(rest, 1, "remark: the role lacks listProjects, for every other verb (for a project that is configured by name)")
    assert.same(rest, without(role, world, { cloudstack = { project = "p" } }))
  end)
end)

describe("the way to the server", function()
  it("is remarked upon where it is not encrypted, or nobody is verified", function()
    assert.same({ "remark: cloudstack.endpoint is http: user data with passwords goes over the wire as it is" }, found({}).tls)
    local https = { cloudstack = { endpoint = "https://cloud.test/client/api" } }
    assert.same({ "good: the server's certificate is verified" }, found({ settings = https }).tls)
    https.cloudstack.skip_verify_ssl = true
    assert.same({ "remark: cloudstack.skip_verify_ssl is on: anybody may pretend to be the server" }, found({ settings = https }).tls)
  end)
end)

describe("what the configuration names", function()
  local function none(kind)
    return function(payload)
      payload[kind] = json.array {}
      payload.count = 0
    end
  end

  it("is a zone, which may be switched off", function()
    assert.same({ "good: 'zone1' is there (Advanced)" }, found({}).zone)
    assert.same({ "problem: zone 'zone1' is Disabled" },
      found({ rows = { listZones = function(payload) payload.zone[1].allocationstate = "Disabled" end } }).zone)
  end)

  it("is one of at most twelve names, where it is another", function()
    local _, remedies = found { settings = { cloudstack = { default_offer = { disk = "gone" } } }, rows = {
      listDiskOfferings = function(payload)
        for i = 1, 14 do payload.diskoffering[#payload.diskoffering + 1] = { id = "n" .. i, name = ("a%02d"):format(i) } end
        payload.count = #payload.diskoffering
      end } }
    assert.equal("name one of: a01, a02, a03, a04, a05, a06, a07, a08, a09, a10, a11, a12",
      remedies["default_offer.disk 'gone' is not a disk offering"])
  end)

  it("may be named by its id", function()
    local trial = new_trial { host = native }
    local id = json.decode(trial.sim.send({ { command = "listZones", params = {} } })[1].body).listzonesresponse.zone[1].id
    assert.truthy(found({ settings = { cloudstack = { default_zone = id } } }).zone[1]:find "^good: ")
  end)

  it("needs offerings and networks that the account sees", function()
    assert.same({ "problem: this account sees no service offering" },
      { found({ rows = { listServiceOfferings = none "serviceoffering" } }).offerings[1] })
    assert.same({ "problem: this account sees no network" }, found({ rows = { listNetworks = none "network" } }).networks)
  end)

  it("needs a network that serves user data", function()
    local list = found({ rows = { listNetworks = function(payload)
      for _, row in ipairs(payload.network) do row.service = json.array {} end
    end } })
    assert.equal(1, #list.networks)
    assert.matches("^problem: no network serves user data: bosh%-loop, bosh%-net", list.networks[1])
  end)

  it("cannot be told where a list is refused, which is a problem of its own", function()
    local list = found({ rows = { listZones = function(payload)
      for key in pairs(payload) do payload[key] = nil end
      payload.errorcode, payload.errortext = 432, "not allowed"
    end } })
    assert.is_nil(list.zone)
    assert.truthy(list.zones[1]:find "^problem: zones cannot be asked for: .*not allowed", list.zones[1])
  end)
end)

describe("this machine", function()
  it("has policies that are counted, and a message bus", function()
    local function good(...)
      local files = {}
      for _, name in ipairs { ... } do files[name .. ".lua"] = "" end
      local directory = operator.directory(files)
      local lines = found({ settings = { policies = { directory = directory } } }).policies
      return (lines[1]:gsub(directory:gsub("%p", "%%%0"), "DIR"))
    end
    assert.equal("good: 1 file in DIR", good "expunge")
    assert.equal("good: 2 files in DIR", good("expunge", "names"))
    assert.is_nil(found({}).policies)
    assert.is_nil(found({}).agent)
    assert.same({ "remark: agent.mbus is empty" }, found({ settings = { agent = { mbus = "" } } }).agent)
  end)
end)
