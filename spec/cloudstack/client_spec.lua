local fake = require "tests.support.fake"

-- A step of the script: the command, its parameters, and how it is answered.
local function step(command, params, how)
  local one = { command, params }
  for key, value in pairs(how) do one[key] = value end
  return one
end

describe("a wave", function()
  it("goes out at once and answers by name", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", { id = "d" }, { volume = { { id = "d" } }, count = 1 } },
      { "listZones", {}, { zone = { { id = "z" } }, count = 1 } },
    }
    local found = cpi.cloudstack:gather {
      zones = { "listZones", {}, rows = "zone" }, disks = { "listVolumes", { id = "d" }, rows = "volume" },
    }
    assert.same({ "listVolumes listZones" }, cpi.waves)
    assert.equal("z", found.zones[1].id)
    assert.equal("d", found.disks[1].id)
  end)

  it("answers an empty list for an envelope without the array", function()
    local cpi <close> = fake.cpi { { "listVolumes", {}, {} } }
    assert.same({}, cpi.cloudstack:rows { "listVolumes", {}, rows = "volume" })
  end)

  it("raises the first failure by name, whatever the order of the answers", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", {}, refuse = "no volumes", code = 431 }, { "listZones", {}, refuse = "no zones", code = 431 },
    }
    local failure = fake.failure(function()
      cpi.cloudstack:gather { b = { "listZones", {}, rows = "zone" }, a = { "listVolumes", {}, rows = "volume" } }
    end)
    assert.equal("listVolumes: no volumes (431)", failure.message)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
  end)
end)

describe("an answer", function()
  local function failure_of(how, command)
    local cpi <close> = fake.cpi {
      step(command or "createNetwork", {}, how), policies = { retry = function() return nil end },
    }
    local payload, failure = cpi.cloudstack:try(command or "createNetwork", {})
    assert.is_nil(payload)
    return failure
  end

  it("is read where CloudStack calls it by another name", function()
    local cpi <close> = fake.cpi { { "addIpToNic", {}, raw = '{"addiptovmnicresponse":{"id":"x"}}', status = 200 } }
    assert.equal("x", cpi.cloudstack:call("addIpToNic", {}).id)
  end)

  it("of CloudStack's own error says its code and its words", function()
    local failure = failure_of { refuse = "no such thing", code = 431 }
    assert.same({ "refused", 431, "no such thing" }, { failure.kind, failure.code, failure.text })
  end)

  it("under the foreign name errorresponse is an error all the same", function()
    local failure = failure_of { raw = '{"errorresponse":{"errorcode":432,"errortext":"not for you"}}', status = 432 }
    assert.same({ "refused", 432, "not for you" }, { failure.kind, failure.code, failure.text })
  end)

  it("without a text is still told", function()
    local failure = failure_of { raw = '{"createnetworkresponse":{"errorcode":530}}', status = 530 }
    assert.equal("no reason given", failure.text)
  end)

  it("of HTML is a fault with status and first words, never 'not found'", function()
    local failure = failure_of { raw = "<html><head></head><body><h1>Error 404</h1>\n gone</body></html>", status = 404 }
    assert.equal("elsewhere", failure.kind)
    assert.truthy(failure.text:find("HTTP 404 with Error 404 gone", 1, true))
  end)

  it("with an empty body is a fault", function()
    assert.truthy(failure_of({ raw = "", status = 405 }).text:find("HTTP 405 with an empty body", 1, true))
  end)

  it("that is compressed, or no UTF-8, is a fault", function()
    for _, body in ipairs { "\31\139\8\0\0\0\0\0\0\3\171\86", '{"listzonesresponse":{"zone":[{"name":"\255\254"}]}}' } do
      assert.equal("garbled", failure_of({ raw = body, status = 200 }).kind)
    end
  end)

  it("of megabytes is read", function()
    local row = ('{"id":"%s"},'):format(("x"):rep(10000))
    local cpi <close> = fake.cpi { { "listZones", {}, raw = '{"listzonesresponse":{"zone":[' .. row:rep(400) .. '{"id":"z"}]}}' } }
    assert.equal(401, #cpi.cloudstack:rows { "listZones", {}, rows = "zone" })
  end)

  for _, body in ipairs { "{", "[]", "3", "null", '"x"', "{}", '{"a":3}', '{"a":{}}',
    '{"aresponse":3}', '{"aresponse":{}} trailing', '{"a":[' } do
    it("of " .. body .. " is a fault", function()
      assert.equal("garbled", failure_of({ raw = body, status = 200 }).kind)
    end)
  end

  it("of 429 says how long to stay away", function()
    local text = "The given user has reached his/her account api limit, please retry after [340] ms."
    local failure = failure_of { refuse = text, code = 429 }
    assert.same({ "busy", 0.34 }, { failure.kind, failure.after })
  end)

  it("of 429 without a time is busy too", function()
    local failure = failure_of { refuse = "slow down", code = 429 }
    assert.equal("busy", failure.kind)
    assert.falsy(failure.after)
  end)

  it("that never came carries the host's words", function()
    local failure = failure_of { fault = "connect", text = "connection refused" }
    assert.same({ "transport", "connect", "connection refused", false },
      { failure.kind, failure.fault, failure.text, failure.sent })
  end)
end)

describe("requests that are run to their end", function()
  it("are one wave, and each has its task", function()
    local cpi <close> = fake.cpi { { "createTags", {}, job = {} }, { "deleteVolume", {}, refuse = "no", code = 431 } }
    local tasks = cpi.cloudstack:run_all { { "createTags", {}, job = true }, { "deleteVolume", { id = "v" } } }
    assert.same({ "createTags deleteVolume" }, cpi.waves)
    assert.is_nil(tasks[1].failure)
    assert.equal("no", tasks[2].failure.text)
  end)

  it("may be none: then nothing is sent, and no interruption heeded", function()
    local cpi <close> = fake.cpi { interrupted = function() return "it is over" end }
    local sent = false
    cpi.cloudstack.parts.send = function() sent = true return {} end
    assert.same({}, cpi.cloudstack:run_all {})
    assert.is_false(sent)
  end)
end)
