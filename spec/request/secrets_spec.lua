local fake = require "tests.support.fake"
local secrets = require "request.secrets"

local function masked(run, ...)
  local set = {}
  run(function(value) set[value] = true end, ...)
  return set
end

describe("secrets", function()
  it("of the settings are registered", function()
    local set = masked(secrets.register, fake.settings {
      agent = { mbus = "https://mbus:mbus-secret@0.0.0.0:6868", blobstore = { provider = "dav", options = {
        endpoint = "http://blob.test", user = "agent-user", password = "blob-secret" } } },
      env = { http_proxy = "http://me:proxy-secret@proxy:3128", https_proxy = "http://proxy:3128" },
      registry = { password = "registry-secret", tls = { private_key = "-----BEGIN KEY-----\nits-lines" } },
      cloudstack = { api_key = "API-KEY" },
    })
    for _, value in ipairs { "mbus-secret", "blob-secret", "proxy-secret", "registry-secret", "API-KEY",
      "-----BEGIN KEY-----\nits-lines" } do
      assert.is_true(set[value], value)
    end
    assert.is_nil(set["http://blob.test"])
  end)

  it("of an env are registered at any depth, but not what the director shows", function()
    local set = masked(secrets.register_env, { bosh = {
      group = "prod-cf-web", groups = { "prod-cf", "cf-web" }, tags = { team = "storage-team" },
      password = "$6$hash-of-it", authorized_keys = { "ssh-rsa AAAA" },
      mbus = { urls = { "nats://u:nats-secret@10.0.0.5:4222" }, cert = { private_key = "-----BEGIN KEY-----\nabc" } },
      blobstores = { { provider = "davcli", options = { password = "store-secret" } } },
    }, custom = { token = "custom-secret" } })
    for _, value in ipairs { "$6$hash-of-it", "ssh-rsa AAAA", "nats://u:nats-secret@10.0.0.5:4222", "store-secret",
      "custom-secret", "-----BEGIN KEY-----\nabc" } do
      assert.is_true(set[value], value)
    end
    for _, value in ipairs { "prod-cf-web", "prod-cf", "storage-team", "davcli" } do assert.is_nil(set[value], value) end
  end)

  it("in a URL are known as they stand and as they are meant", function()
    for url, wanted in pairs {
      ["https://mbus:p%40ss%2Fword@0.0.0.0:6868"] = { "p%40ss%2Fword", "p@ss/word" },
      ["nats://me:p@ss/word@10.0.0.1:4222"] = { "p@ss/word" },
    } do
      local set = masked(secrets.register, fake.settings { agent = { mbus = url } })
      for _, value in ipairs(wanted) do assert.is_true(set[value], value) end
      set = masked(secrets.register_env, { bosh = { mbus = { urls = { url } } } })
      for _, value in ipairs(wanted) do assert.is_true(set[value], value) end
    end
  end)

  it("leave short words alone", function()
    assert.same({}, masked(secrets.register_env, { bosh = { password = "a" }, n = 3, yes = true }))
  end)
end)
