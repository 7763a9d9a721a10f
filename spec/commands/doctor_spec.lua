local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local json = native.json

-- Runs doctor against a simulated CloudStack. options: world, settings (laid over good ones), reply = function that may
-- change the answer to a command.
local function doctor(options)
  options = options or {}
  local vowed
  local trial = new_trial { host = native, world = options.world, account = options.account }
  local config = { cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "key", default_zone = "zone1",
    stemcell = { os_type = "Other PV (64-bit)" } }, agent = { mbus = "nats://10.0.0.1" } }
  for section, values in pairs(options.settings or {}) do
    config[section] = config[section] or {}
    for key, value in pairs(values) do config[section][key] = value end
  end
  local code, out, err = operator.run("doctor", options.arguments or {}, {
    config = { path = "/etc/cpi.json", is_named = true, has_secret = function() return true end, context = function() return {} end,
      read = function() return config end },
    log = options.log or setmetatable({ level = function() end, secret = function() end, warn = function() end }, { __index = native.log }),
    read_only = function() vowed = true end,
    cloudstack = { open = function() end, send = function(requests)
      assert.is_true(vowed)
      local replies = trial.host.cloudstack.send(requests)
      for i, request in ipairs(requests) do
        assert.truthy(request.command:find "^list", request.command)
        replies[i] = options.reply and options.reply(request, replies[i]) or replies[i]
      end
      return replies
    end },
  })
  return out, code, err
end

local function holds(out, ...)
  for _, words in ipairs { ... } do assert.truthy(out:find(words, 1, true), words .. "\n" .. out) end
end

local function date(seconds) return os.date("!%a, %d %b %Y %H:%M:%S GMT", seconds) end

describe("doctor", function()
  it("finds nothing wrong where nothing is", function()
    local out, code = doctor()
    assert.equal(0, code)
    holds(out, "ok       endpoint     https://cloud.test/client/api answers", "ok       tls ", "ok       signature",
      "ok       version      CloudStack 4.23", "the account may send what the verbs always need", "'zone1' is there (Advanced)",
      "service offerings: shared.custom.compute, shared.large", "with user data: bosh-loop", " 0 problems\n")
  end)

  it("names the secrets that cannot be masked everywhere", function()
    local log = setmetatable({ level = function() end, warn = function() end }, { __index = native.log })
    local out, code = doctor { log = log, settings = { registry = { password = "secret" }, cloudstack = { api_key = "0123456789ab" } } }
    assert.equal(0, code)
    holds(out, "remark   secrets      registry.password is too short to be masked wherever it may be written\n", "at least 8 characters")
    assert.is_nil(out:find("api_key", 1, true))
  end)

  for fault, words in pairs {
    resolve = "this machine's resolver", connect = "that the management server runs", tls = "cloudstack.ca_cert",
    timeout = "request_timeout", closed = "https or http?",
  } do
    it("has a remedy for " .. fault, function()
      local out, code = doctor { reply = function() return { fault = fault, text = "it is dead", sent = false, seconds = 0 } end }
      assert.equal(1, code)
      holds(out, "problem  endpoint     https://cloud.test/client/api: it is dead\n", words)
      assert.is_nil(out:find("zone1", 1, true))
    end)
  end

  it("knows an answer that is none of CloudStack's", function()
    local out, code = doctor { reply = function() return { status = 200, type = "text/html", body = "<html>", seconds = 0 } end }
    assert.equal(1, code)
    holds(out, "answers (HTTP 200, text/html), but not as CloudStack's API does",
      "what answers at https://cloud.test is not CloudStack's management server")
  end)

  for what, case in pairs {
    ["a redirect"] = { { status = 302, location = "https://cloud.test:8443/client/api?x=y" },
      "it leads to https://cloud.test:8443/client/api; cloudstack.endpoint should be https://cloud.test:8443/client/api" },
    ["a path that is not known"] = { { status = 404 }, "what answers at https://cloud.test is not CloudStack's" },
    ["a gateway without a server"] = { { status = 503 }, "try again in a minute" },
    ["a port without TLS"] = { { fault = "tls", text = "SSL routines::wrong version number" }, "is it http://cloud.test/client/api" },
    ["a certificate for another name"] = { { fault = "tls",
      text = "SSL: no alternative certificate subject name matches target host name 'cloud.test'" }, "certificate is for another name" },
    ["a proxy that is not there"] = { { fault = "resolve", text = "Could not resolve proxy: proxy.test" },
      "it is the proxy http://proxy.test: check env.https_proxy" },
  } do
    it("has a remedy for " .. what, function()
      local reply = { seconds = 0, sent = false, body = case[1].status and "<html>no</html>" or nil, type = "text/html" }
      for key, value in pairs(case[1]) do reply[key] = value end
      local out, code = doctor { reply = function() return reply end, settings = { env = { https_proxy = "http://proxy.test" } } }
      assert.equal(1, code)
      holds(out, case[2])
    end)
  end

  it("believes no error because its status is 200", function()
    local out, code = doctor { reply = function() return { status = 200, seconds = 0, date = date(os.time()),
      body = json.encode { listcapabilitiesresponse = { errorcode = 530, errortext = "no" } } } end }
    assert.equal(1, code)
    holds(out, "problem  answer       listCapabilities: no (530)")
    holds(out, "the key was not refused: see the management server's log")
  end)

  it("does not blame the signature for what a role lacks", function()
    local out = doctor { reply = function() return { status = 432, seconds = 0, date = date(os.time()),
      body = json.encode { errorresponse = { errorcode = 432, errortext = "The API [listCapabilities] does not exist" } } } end }
    holds(out, "allow listCapabilities in the account's role")
    assert.is_nil(out:find("signature", 1, true))
  end)

  local function refused(at)
    return function()
      return { status = 401, seconds = 0, date = date(at), body = json.encode { listcapabilitiesresponse = {
        errorcode = 401, errortext = "unable to verify user credentials and/or request signature" } } }
    end
  end

  it("tells a wrong key from a wrong clock", function()
    local out, code = doctor { reply = refused(os.time()) }
    assert.equal(1, code)
    holds(out, "ok       clock", "problem  signature", "are a pair of this server")
    out = doctor { reply = refused(os.time() + 3600) }
    holds(out, "problem  clock        this machine's clock is 3", " s behind the server's", "first set the clock")
  end)

  it("tells a clock that is going to be wrong", function()
    local out, code = doctor { reply = function(_, reply)
      reply.date = date(os.time() - 120)
      return reply
    end }
    assert.equal(0, code)
    holds(out, "remark   clock        this machine's clock is 12", "ahead of the server's", "ntp")
  end)

  it("tells what each verb may not send", function()
    local out, code = doctor { reply = function(request, reply)
      if request.command == "listApis" then
        local rows = {}
        for _, row in ipairs(json.decode(reply.body).listapisresponse.api) do
          if row.name ~= "attachVolume" and row.name ~= "updateVmNicIp" then rows[#rows + 1] = { name = row.name } end
        end
        reply.body = json.encode { listapisresponse = { count = #rows, api = json.array(rows) } }
      end
      return reply
    end }
    assert.equal(1, code)
    holds(out, "problem  permissions  the role lacks attachVolume, for attach_disk\n", "`cpi permissions role` writes the rules",
      "remark   permissions  the role lacks updateVmNicIp, for delete_vm (expunge policy release)")
  end)

  it("goes on where the role does not allow listApis", function()
    local out, code = doctor { reply = function(request, reply)
      if request.command ~= "listApis" then return reply end
      return { status = 401, seconds = 0, body = json.encode { errorresponse = { errorcode = 401, errortext = "no such command" } } }
    end }
    assert.equal(0, code)
    holds(out, "remark   permissions  what the account may do cannot be determined: no such command", "'zone1' is there")
  end)

  for what, row in pairs {
    ["a zone that is not there"] = { { cloudstack = { default_zone = "zone9" } }, "default_zone 'zone9' is not in CloudStack",
      "name one of: zone1" },
    ["a disk offering that is not there"] = { { cloudstack = { default_offer = { disk = "gone" } } },
      "default_offer.disk 'gone' is not a disk offering", "name one of: local.custom, shared.custom" },
    ["a key pair that is not there"] = { { cloudstack = { default_key_name = "gone" } },
      "cloudstack.default_key_name 'gone' is not there for this account", "name one of: bosh" },
    ["a template that is not there"] = { { cloudstack = { stemcell = { mock = "gone", os_type = "Other PV (64-bit)" } } },
      "cloudstack.stemcell.mock 'gone' is not there", "name one of: " },
    ["an OS type that is none"] = { { cloudstack = { stemcell = { os_type = "DOS" } } },
      "cloudstack.stemcell.os_type 'DOS' is none of the server's", "cmk list ostypes" },
    ["policies that are not there"] = { { policies = { directory = "/nowhere" } }, "/nowhere: No such file or directory",
      "leave policies.directory out" },
    ["a store without a directory"] = { { store = { path = "/nowhere/store.db" } },
      "there is no directory for /nowhere/store.db (/nowhere: No such file", "make the directory of store.path" },
  } do
    it("finds " .. what, function()
      local out, code = doctor { settings = row[1] }
      assert.equal(1, code)
      holds(out, row[2], row[3])
    end)
  end

  it("finds policies that are broken", function()
    local out, code = doctor { settings = { policies = { directory = operator.directory { ["retri.lua"] = "" } } } }
    assert.equal(1, code)
    holds(out, "no decision is called 'retri' (did you mean 'retry'?)")
  end)

  it("finds a project that is not there", function()
    local out, code = doctor { settings = { cloudstack = { project = "gone" } } }
    assert.equal(1, code)
    holds(out, "problem  tenant", "'gone'", "cloudstack.project")
  end)

  it("remarks on what works and may not be meant", function()
    local out, code = doctor { settings = { agent = { mbus = "" }, cloudstack = { skip_verify_ssl = true,
      default_offer = { custom_disk = "gone" } } } }
    assert.equal(0, code)
    holds(out, "agent.mbus is empty", "skip_verify_ssl is on", "default_offer.custom_disk 'gone' is not a disk offering",
      "holds another address until CloudStack expunges it")
  end)

  it("finds a zone that is switched off, and an account without networks", function()
    local world = { zones = { { name = "zone1", allocationstate = "Disabled" } }, networks = {} }
    for _, name in ipairs { "bosh-net", "bosh-net-2", "bosh-loop", "shared-net" } do
      world.networks[#world.networks + 1] = { name = name, absent = true }
    end
    local out, code = doctor { world = world }
    assert.equal(1, code)
    holds(out, "problem  zone", "problem  networks     this account sees no network")
  end)

  it("says the same as JSON", function()
    local out, code = doctor { arguments = { "--output", "json" }, settings = { cloudstack = { default_zone = "zone9" } } }
    local told = json.decode(out)
    assert.equal(1, code)
    assert.equal(1, told.problems)
    assert.equal("endpoint", told.findings[1].subject)
  end)

  it("takes no words", function()
    local _, code, err = doctor { arguments = { "x" } }
    assert.equal(2, code)
    holds(err, "unknown argument 'x'")
  end)
end)
