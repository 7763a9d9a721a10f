local fake = require "tests.support.fake"
local native = require "host_native"
local weak_secrets = require "operator.weak_secrets"

describe("secrets", function()
  it("that are too short or too plain to be masked anywhere are named", function()
    local host = { log = native.log, config = { has_secret = function() return true, false, false end } }
    assert.same({ "agent.blobstore.options.password", "agent.mbus", "cloudstack.api_key", "cloudstack.secret_access_key" },
      weak_secrets(host, fake.settings {
        agent = { mbus = "https://mbus:secret@0.0.0.0:6868", blobstore = { provider = "dav", options = {
          endpoint = "http://blob.test", user = "agent", password = "swordfish" } } },
        registry = { password = "registry-secret" }, cloudstack = { api_key = "key" },
      }))
    host.config.has_secret = function() return true, false, true end
    assert.same({}, weak_secrets(host, fake.settings { agent = { mbus = "https://mbus:a-good-secret@0.0.0.0:6868" },
      cloudstack = { api_key = "A-KEY-OF-SOME-LENGTH" } }))
  end)
end)
