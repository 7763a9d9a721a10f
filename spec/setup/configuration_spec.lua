local configuration = require "setup.configuration"
local fake = require "tests.support.fake"

-- The host's parts that a configuration touches, and what they were told.
local function host_with(file, options)
  options = options or {}
  local told = { secrets = {}, warnings = {} }
  return {
    json = fake.json,
    config = { path = options.path, read = function() return file end,
      has_secret = function() return options.has_secret ~= false, options.request_has_secret end,
      context = options.context or function() return {} end },
    log = {
      warn = function(format, ...) table.insert(told.warnings, format:format(...)) end,
      level = function(name) told.level = name end, format = function(name) told.format = name end,
      secret = function(value) told.secrets[value] = true end,
    },
    cloudstack = { open = function(how) told.open = how end },
    store = { open = function(path)
      told.store = path
      if options.broken_store then return nil, "not a database" end
      return true
    end },
  }, told
end

local function file(more)
  local tree = { cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "API-KEY" } }
  for name, section in pairs(more or {}) do
    tree[name] = tree[name] or {}
    for key, value in pairs(section) do tree[name][key] = value end
  end
  return tree
end

describe("the configuration", function()
  it("tells the host where CloudStack is, TLS verified", function()
    local host, told = host_with(file())
    configuration.load(host, {})
    assert.same({ endpoint = "https://cloud.test/client/api", api_key = "API-KEY", verify = true, request_timeout = 120 },
      told.open)
  end)

  it("has the properties of the cpi that is named over the file, and the request's over both", function()
    local function host(properties)
      return host_with(file { cloudstack = { default_zone = "of the file", expunge_vm = false } }, { request_has_secret = true,
        context = function() return properties end })
    end
    local properties = { endpoint = "https://east.test/client/api", api_key = "EAST", default_zone = "of the cpi" }
    local one = configuration.load(host(properties), {})
    assert.same({ "https://east.test/client/api", "EAST", "of the cpi", false },
      { one.cloudstack.endpoint, one.cloudstack.api_key, one.cloudstack.default_zone, one.cloudstack.expunge_vm })
    one = configuration.load(host(properties), { default_zone = "of the request" })
    assert.equal("of the request", one.cloudstack.default_zone)
  end)

  it("says what is wrong with a cpi-config, as of a configuration", function()
    local broken = host_with(file(), { context = function() error("cpi-config x.yml: line 3: a tab", 0) end })
    local ok, why = pcall(configuration.load, broken, {})
    assert.is_false(ok)
    assert.same({ "cpi-config x.yml: line 3: a tab", 2 }, { why.message, why.exit_code })
  end)

  it("turns verification off only when the site says so", function()
    local host, told = host_with(file { cloudstack = { skip_verify_ssl = true, ca_cert = "-----BEGIN CERTIFICATE-----" } })
    configuration.load(host, {})
    assert.is_false(told.open.verify)
    assert.equal("-----BEGIN CERTIFICATE-----", told.open.ca_cert)
  end)

  it("chooses the proxy by the scheme of the endpoint", function()
    local proxies = { http_proxy = "http://p1:3128", https_proxy = "http://p2:3128", no_proxy = "localhost" }
    local host, told = host_with(file { env = proxies }, { request_has_secret = true })
    configuration.load(host, {})
    assert.equal("http://p2:3128", told.open.proxy)
    assert.equal("localhost", told.open.no_proxy)
    configuration.load(host, { endpoint = "http://cloud.test/client/api", api_key = "API-KEY" })
    assert.equal("http://p1:3128", told.open.proxy)
  end)

  it("tells the host what to mask and how loud to be", function()
    local host, told = host_with(file { log = { level = "debug", format = "json" }, agent = { mbus = "nats://u:mbus-secret@x:4222" } })
    configuration.load(host, {})
    assert.equal("debug", told.level)
    assert.equal("json", told.format)
    assert.is_true(told.secrets["mbus-secret"] and told.secrets["API-KEY"])
  end)

  it("finds the site's policies from where its file is", function()
    local site = file { policies = { directory = "../policies:/var/vcap/jobs/site/policies" } }
    for path, wanted in pairs {
      ["/jobs/cloudstack_cpi/config/cpi.json"] = "/jobs/cloudstack_cpi/config/../policies:/var/vcap/jobs/site/policies",
      ["cpi.json"] = "../policies:/var/vcap/jobs/site/policies",
    } do
      assert.equal(wanted, configuration.load(host_with(site, { path = path }), {}).policies.directory)
    end
    assert.equal("", configuration.load(host_with(file(), { path = "/a/b.json" }), {}).policies.directory)
  end)

  it("that is wrong opens nothing", function()
    local host, told = host_with({}, { has_secret = false })
    local failure = fake.failure(configuration.load, host, {})
    assert.truthy(failure.message:find("cloudstack.secret_access_key is missing", 1, true))
    assert.is_nil(told.open)
  end)

  it("opens the store where there is one, and goes on without a broken one", function()
    local host, told = host_with(file())
    assert.equal(host.store, configuration.store(host, { store = { path = "/var/vcap/store/cpi.db" } }))
    assert.equal("/var/vcap/store/cpi.db", told.store)
    assert.is_nil(configuration.store(host, { store = { path = "" } }))
    host, told = host_with(file(), { broken_store = true })
    assert.is_nil(configuration.store(host, { store = { path = "/x" } }))
    assert.same({ "going on without the store: not a database" }, told.warnings)
  end)
end)
