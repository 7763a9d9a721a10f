local errors = require "errors"
local failures = require "cloudstack.failures"

local function refused(fields)
  local all = { kind = "refused", text = "no", code = 431, sent = true }
  for name, value in pairs(fields or {}) do all[name] = value end
  return failures.new("createVolume", all)
end

describe("a failure", function()
  it("has the fields that are declared, and no other", function()
    assert.has_error(function() failures.new("x", { kind = "job", text = "no", colour = "red" }) end,
      "a failure has no field 'colour'")
  end)

  it("gets no field afterwards", function()
    local failure = refused()
    assert.has_error(function() failure.explanation = "because" end, "a failure is not changed: 'explanation'")
  end)

  it("with more to say is another one", function()
    local failure = refused()
    local explained = failures.with(failure, { explanation = "because" })
    assert.equal("because", explained.explanation)
    assert.same({ "createVolume", 431, "no" }, { explained.command, explained.code, explained.text })
    assert.is_nil(failure.explanation)
    assert.has_error(function() failures.with(failure, { colour = "red" }) end)
  end)

  it("is said with its code, or its status, or neither", function()
    assert.equal("createVolume: no (431)", failures.say(refused()))
    assert.equal("createVolume: no (502)", failures.say(failures.new("createVolume", { kind = "garbled", text = "no", status = 502 })))
    assert.equal("createVolume: no", failures.say(failures.new("createVolume", { kind = "lost", text = "no" })))
  end)

  it("is raised as a CloudError that has it", function()
    local failure = refused()
    local ok, raised = pcall(failures.raise, failure, "creating a disk")
    assert.is_false(ok)
    assert.is_true(errors.is(raised))
    assert.same({ "Bosh::Clouds::CloudError", "creating a disk: createVolume: no (431)" }, { raised.type, raised.message })
    assert.equal(failure, raised.failure)
  end)

  it("leaves it open what happened where CloudStack may have received the request and has not said so", function()
    for _, kind in ipairs { "transport", "garbled", "elsewhere", "killed", "vanished", "late", "lost" } do
      assert.is_true(failures.is_open { kind = kind, sent = true, text = "" }, kind)
      assert.is_false(failures.is_open { kind = kind, sent = false, text = "" }, kind)
    end
    for _, kind in ipairs { "refused", "busy", "job" } do
      assert.is_false(failures.is_open { kind = kind, sent = true, text = "" }, kind)
    end
  end)
end)
