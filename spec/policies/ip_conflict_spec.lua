local ours = require("tests.support.decision").ours

local function answer(more)
  local facts = { in_range = true, may_expunge = true, wanted = true }
  for key, value in pairs(more) do facts[key] = value end
  return ours("ip_conflict", facts)
end

local WAIT = { answer = "wait", deadline = 180 }

describe("our policy of ip_conflict", function()
  it("fails where waiting is pointless: a living VM has it, or no VM can", function()
    assert.equal("fail", answer { holder = { state = "Running", ours = true } })
    assert.equal("fail", answer { holder = { state = "Stopped", ours = true } })
    assert.equal("fail", answer { in_range = false })
  end)

  it("expunges a destroyed VM of ours", function()
    assert.equal("expunge", answer { holder = { state = "Destroyed", ours = true } })
    assert.equal("expunge", answer { holder = { state = "Error", ours = true } })
  end)

  for what, more in pairs {
    ["of somebody else"] = { holder = { state = "Destroyed", ours = false } },
    ["that is being expunged"] = { holder = { state = "Expunging", ours = true } },
    ["that the account may not expunge"] = { holder = { state = "Destroyed", ours = true }, may_expunge = false },
    ["that the site does not want expunged"] = { holder = { state = "Destroyed", ours = true }, wanted = false },
    ["that starts, and may be undone then"] = { holder = { state = "Starting", ours = true } },
    ["that stops"] = { holder = { state = "Stopping", ours = true } },
    ["that nobody sees"] = {},
  } do
    it("waits three minutes for one " .. what, function() assert.same(WAIT, answer(more)) end)
  end
end)
