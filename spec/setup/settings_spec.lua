local fake = require "tests.support.fake"
local settings = require "setup.settings"

local null = fake.json.null

local function needed(more)
  local file = { cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "KEY" } }
  for key, value in pairs(more or {}) do file.cloudstack[key] = value end
  return file
end

-- -> settings, warnings
local function load(file, context, has_secret)
  local warnings = {}
  local loaded = settings.load {
    file = file or needed(), context = context, has_secret = has_secret ~= false, null = null,
    warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end,
  }
  return loaded, warnings
end

local function problems(file, context, has_secret)
  return fake.failure(load, file, context, has_secret).message
end

describe("the owner of what is made", function()
  it("is an account with its domain, or an account's id, which brings its domain along", function()
    for _, account in ipairs { "a", ("a"):rep(35), ("a"):rep(37) } do
      assert.matches("cloudstack.account needs cloudstack.domain", problems(needed { account = account }))
      assert.equal(account, load(needed { account = account, domain = "d" }).cloudstack.account)
    end
    local id = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
    assert.equal(id, load(needed { account = id }).cloudstack.account)
  end)
end)

describe("settings", function()
  it("fill in the defaults of the Go release", function()
    local loaded = load()
    assert.equal("https://cloud.test/client/api", loaded.cloudstack.endpoint)
    assert.equal("Zone1", loaded.cloudstack.default_zone)
    assert.is_false(loaded.cloudstack.skip_verify_ssl)
    assert.is_true(loaded.cloudstack.expunge_vm)
    assert.equal("shared.custom", loaded.cloudstack.default_offer.custom_disk)
    assert.equal(36000, loaded.cloudstack.timeout.attach_volume)
    assert.equal(1800, loaded.cloudstack.timeout.create_vm)
    assert.equal("local", loaded.agent.blobstore.provider)
    assert.is_nil(loaded.agent.blobstore.options)
    assert.is_nil(loaded.ntp)
    assert.equal("", loaded.policies.directory)
    assert.equal("", loaded.store.path)
    assert.equal("info", loaded.log.level)
    assert.equal("text", loaded.log.format)
  end)

  it("hold what the file says, whole sections untouched", function()
    local loaded = load {
      cloudstack = { endpoint = "http://c/client/api", api_key = "K", timeout = { create_vm = 60 } },
      agent = { mbus = "nats://x", blobstore = { provider = "dav", options = { endpoint = "e" } } }, ntp = { "a", "b" },
    }
    assert.equal(60, loaded.cloudstack.timeout.create_vm)
    assert.equal(1800, loaded.cloudstack.timeout.delete_vm)
    assert.same({ provider = "dav", options = { endpoint = "e" } }, loaded.agent.blobstore)
    assert.same({ "a", "b" }, loaded.ntp)
  end)

  it("take null for absent", function()
    assert.equal("Zone1", load(needed { default_zone = null }).cloudstack.default_zone)
  end)

  it("do not take false for absent", function()
    assert.is_false(load(needed { expunge_vm = false }).cloudstack.expunge_vm)
  end)

  it("take no key with a blank or a line break in it", function()
    for _, key in ipairs { "key\n", "key ", " key", "k\tey", "key\r\n", "k\127" } do
      assert.truthy(problems(needed { api_key = key }):find("cloudstack.api_key must be a key without blanks", 1, true), key)
    end
    assert.equal("a-Z_0.9/+=", load(needed { api_key = "a-Z_0.9/+=" }).cloudstack.api_key)
  end)

  it("wait for a week at most", function()
    assert.equal(604800, load(needed { request_timeout = 604800 }).cloudstack.request_timeout)
    for _, value in ipairs { 604801, 1e9, 1e300, 1 / 0, 0, -1, 0 / 0 } do
      assert.truthy(problems(needed { request_timeout = value, timeout = { create_vm = value } }):find(
        "request_timeout must be a number of seconds above 0, at most 604800", 1, true), tostring(value))
    end
  end)

  it("never hold the secret key", function()
    local loaded = load(needed { secret_access_key = "SECRET" })
    assert.is_nil(loaded.cloudstack.secret_access_key)
  end)
end)

describe("the context", function()
  it("wins over the file, flat or under its section", function()
    local file = needed { default_zone = "file", user_data_limit = 1000 }
    assert.equal("flat", load(file, { default_zone = "flat" }).cloudstack.default_zone)
    assert.equal("nested", load(file, { cloudstack = { default_zone = "nested" } }).cloudstack.default_zone)
    assert.equal(1000, load(file, { default_zone = "flat" }).cloudstack.user_data_limit)
  end)

  it("gives whole sections of cloudstack, flat", function()
    assert.equal(7, load(nil, { timeout = { create_vm = 7 } }).cloudstack.timeout.create_vm)
  end)

  it("gives sections beside cloudstack", function()
    local loaded = load(nil, { agent = { mbus = "nats://c" }, ntp = { "x" } })
    assert.equal("nats://c", loaded.agent.mbus)
    assert.same({ "x" }, loaded.ntp)
  end)

  it("may be all there is", function()
    local loaded = load({}, { endpoint = "http://x/client/api", api_key = "K" })
    assert.equal("http://x/client/api", loaded.cloudstack.endpoint)
  end)

  it("holds what is the caller's, without a word", function()
    local _, warnings = load(nil, { director_uuid = "d", request_id = "cpi-1", vm = { stemcell = { api_version = 3 } } })
    assert.same({}, warnings)
  end)

  it("may hold what a newer director sends: a warning", function()
    local _, warnings = load(nil, { default_zon = "x" })
    assert.same({ "context: default_zon is not known (did you mean 'default_zone'?)" }, warnings)
  end)

  it("is checked like the file", function()
    local message = problems(nil, { endpoint = "ftp://x" })
    assert.truthy(message:find("context: cloudstack.endpoint must be an http or https URL", 1, true))
  end)
end)

describe("a context that brings a part of the credentials", function()
  local file = needed()
  file.cloudstack.default_zone = "z"

  local function told(context, request_has_secret)
    local sources = { file = file, context = context, has_secret = true, request_has_secret = request_has_secret, null = null,
      warn = function() end }
    local ok, failure = pcall(settings.load, sources)
    return not ok and failure.message or nil
  end

  it("is refused, and told what is missing", function()
    local function words(missing, cause)
      return ("the configuration has 1 problem: context: missing: %s; what the configuration has there does not belong to the "
        .. "context's cloudstack.%s"):format(missing, cause)
    end
    local other = "https://other.test/client/api"
    for _, wrap in ipairs { function(t) return t end, function(t) return { cloudstack = t } end } do
      assert.equal(words("cloudstack.secret_access_key", "api_key"), told(wrap { api_key = "OTHER" }))
      assert.equal(words("cloudstack.api_key, cloudstack.secret_access_key", "endpoint"), told(wrap { endpoint = other }))
      assert.equal(words("cloudstack.api_key", "endpoint"), told(wrap { endpoint = other }, true))
      assert.equal(words("cloudstack.secret_access_key", "endpoint"), told(wrap { endpoint = other, api_key = "OTHER" }))
    end
  end)

  it("is taken when it brings all of them, or nothing else than the file has", function()
    assert.is_nil(told({ api_key = "OTHER" }, true))
    assert.is_nil(told({ endpoint = "https://other.test/client/api", api_key = "OTHER" }, true))
    assert.is_nil(told { endpoint = "https://cloud.test/client/api/", api_key = "KEY" })
    assert.is_nil(told { default_zone = "y" })
  end)
end)

describe("a wrong configuration", function()
  it("is told in one message, every problem of it", function()
    local message = problems({
      cloudstack = { endpoint = "cloud", user_data_limit = -1, expung_vm = true, timeout = { create_vm = "long" } },
      log = { level = "loud", format = "xml" }, ntp = "pool", agnt = {},
    }, nil, false)
    assert.truthy(message:find("the configuration has 10 problems: ", 1, true), message)
    for _, words in ipairs {
      "configuration: agnt is not known (did you mean 'agent'?)",
      "configuration: cloudstack.expung_vm is not known (did you mean 'expunge_vm'?)",
      "configuration: cloudstack.endpoint must be an http or https URL, not string",
      "cloudstack.api_key is missing", "cloudstack.secret_access_key is missing",
      "configuration: cloudstack.user_data_limit must be a whole number above 0, not -1",
      "configuration: cloudstack.timeout.create_vm must be a number of seconds above 0, at most 604800, not string",
      "configuration: log.level must be one of debug, info, warn, error, not string",
      "configuration: log.format must be text or json, not string",
      "configuration: ntp must be a list of strings, not string",
    } do
      assert.truthy(message:find(words, 1, true), words .. "\nis not in\n" .. message)
    end
  end)

  it("never shows a value", function()
    local message = problems({ cloudstack = { endpoint = 3, api_key = { "hush-hush" } }, registry = { password = 4711 } })
    assert.is_nil(message:find("hush", 1, true))
    assert.is_nil(message:find("4711", 1, true))
  end)

  it("is a CpiError", function()
    assert.equal("Bosh::Clouds::CpiError", fake.failure(load, {}).type)
    assert.equal("Bosh::Clouds::CpiError", fake.failure(load, "no object").type)
  end)

  it("has a section where a section belongs", function()
    assert.truthy(problems({ cloudstack = "x" }):find("cloudstack must be an object", 1, true))
  end)

  for path, value in pairs {
    ["cloudstack.request_timeout"] = 0, ["cloudstack.skip_verify_ssl"] = "yes", ["cloudstack.ca_cert"] = true,
    ["registry.port"] = 70000, ["agent.mbus"] = {}, ["store.path"] = 3, ["cloudstack.calculate.disk_tags"] = { 1 },
  } do
    it("is one with a wrong " .. path, function()
      local section, rest = path:match "^(%w+)%.(.+)$"
      local file = needed()
      file[section] = file[section] or {}
      local place = file[section]
      for inner in rest:gmatch "([^.]+)%." do
        place[inner] = {}
        place = place[inner]
      end
      place[rest:match "[^.]+$"] = value
      assert.truthy(problems(file):find("configuration: " .. path .. " must be ", 1, true))
    end)
  end
end)

describe("a legacy key", function()
  it("that nobody reads is accepted with a warning", function()
    local _, warnings = load(needed { clean_disk = true })
    assert.same({ "configuration: cloudstack.clean_disk is ignored: there is no cleaner process" }, warnings)
  end)

  it("that has another name now goes there", function()
    local loaded, warnings = load(needed { stemcell_os_type = "Ubuntu" })
    assert.equal("Ubuntu", loaded.cloudstack.stemcell.os_type)
    assert.same({ "configuration: cloudstack.stemcell_os_type is now called cloudstack.stemcell.os_type" }, warnings)
  end)
end)
