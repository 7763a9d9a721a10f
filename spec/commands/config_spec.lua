local native = require "host_native"
local operator = require "tests.support.operator"

local json = native.json

local FILE = { cloudstack = { endpoint = "https://x/client/api", api_key = "THE-API-KEY", default_zone = "z", expunge_vm = false },
  agent = { mbus = "https://u:the-mbus-password@0.0.0.0:6868", blobstore = { options = { password = "the-blob-password" } } } }

local function config(words, options)
  options = options or {}
  return operator.run("config", words, { read_only = function() end, cloudstack = { open = function() end },
    config = { path = "/etc/cpi.json", is_named = true, read = function() return options.file or FILE end,
      has_secret = function() return true, options.context ~= nil end, context = function() return options.context or {} end } })
end

describe("cpi config show", function()
  it("has what was given, with its origin, and no secret", function()
    local code, out = config { "show" }
    assert.equal(0, code)
    for _, line in ipairs { 'cloudstack.default_zone                    "z"  (/etc/cpi.json)\n',
      "cloudstack.expunge_vm                      false  (/etc/cpi.json)\n",
      "cloudstack.api_key                         (given, not shown)  (/etc/cpi.json)\n",
      "cloudstack.secret_access_key               (given, not shown)  (/etc/cpi.json)\n",
      "the rest are defaults: --all shows them\n" } do
      assert.truthy(out:find(line, 1, true), line .. out)
    end
    for _, secret in ipairs { "THE-API-KEY", "the-mbus-password", "the-blob-password" } do assert.is_nil(out:find(secret, 1, true), out) end
    assert.is_nil(out:find("cache_age", 1, true))
  end)

  it("has the defaults with --all", function()
    local _, out = config { "show", "--all" }
    assert.truthy(out:find("cloudstack.cache_age                       600  (default)\n", 1, true), out)
    assert.truthy(out:find("cloudstack.ca_cert                         (none)  (default)\n", 1, true), out)
    assert.is_nil(out:find("the rest are", 1, true))
  end)

  it("says what the cpi of a cpi-config brought", function()
    local _, out = config({ "show", "--output", "json" }, { context = { endpoint = "https://y/client/api", api_key = "OTHER-KEY" } })
    local by = {}
    for _, row in ipairs(json.decode(out)) do by[row.name] = row end
    assert.same({ name = "cloudstack.endpoint", value = "https://y/client/api", origin = "cpi-config" }, by["cloudstack.endpoint"])
    assert.same({ name = "cloudstack.api_key", hidden = true, origin = "cpi-config" }, by["cloudstack.api_key"])
    assert.equal("/etc/cpi.json", by["cloudstack.default_zone"].origin)
    assert.is_nil(out:find("OTHER-KEY", 1, true))
  end)

  it("ends with 2 where the configuration is wrong, and knows the Go release's file", function()
    local code, _, err = config({ "show" }, { file = { CloudStack = { Endpoint = "x" }, Actions = {} } })
    assert.equal(2, code)
    assert.truthy(err:find("the configuration is that of the Go release, and cpi config convert", 1, true), err)
  end)
end)

describe("cpi config convert", function()
  it("writes the Go release's file in our names, and remarks beside", function()
    local path = operator.write(operator.directory() .. "/go.json",
      '{"CloudStack":{"Endpoint":"https://x/client/api","SecretAccessKey":"the-secret-itself"},"Actions":{"Agent":{"Mbus":"m"}}}')
    local code, out, err = config { "convert", path }
    assert.equal(0, code)
    assert.equal('{"agent":{"mbus":"m"},"cloudstack":{"endpoint":"https://x/client/api"}}\n', out)
    assert.equal("SecretAccessKey is not copied: put it into cloudstack.secret_access_key yourself\n", err)
  end)

  it("ends with 2 for another file, and for none", function()
    local path = operator.write(operator.directory() .. "/other.json", '{"cloudstack":{}}')
    local code, _, err = config { "convert", path }
    assert.equal(2, code)
    assert.truthy(err:find("it has none of the Go release's names (CloudStack, Actions)", 1, true), err)
    for _, words in ipairs { {}, { "convert" }, { "show", "x" }, { "shew" } } do assert.equal(2, (config(words))) end
  end)
end)
