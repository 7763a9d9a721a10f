local ours = require("tests.support.decision").ours
local states = require "cloudstack.states"

local function answer(more)
  local facts = { in_range = true, may_expunge = true, wanted = true }
  for key, value in pairs(more) do facts[key] = value end
  if facts.holder then
    local state = states.vm(facts.holder.state)
    facts.holder.leaving, facts.holder.expunges = state.leaving or false, state.expunges or false
  end
  return ours("ip_conflict", facts)
end

local WAIT = { answer = "wait", deadline = 180 }

describe("our policy of ip_conflict", function()
  it("fails where waiting is pointless: a living VM has it, or no VM can", function()
    assert.equal("fail", answer { holder = { state = "Running", ours = true } })
    assert.equal("fail", answer { holder = { state = "Stopped", ours = true } })
    assert.equal("fail", answer { in_range = false })
  end)

  it("moves a VM on that a delete_vm parked there and left", function()
    assert.equal("move", answer { holder = { state = "Stopped", ours = true, movable = true } })
  end)

  it("expunges a destroyed VM of ours", function()
    assert.equal("expunge", answer { holder = { state = "Destroyed", ours = true } })
    assert.equal("expunge", answer { holder = { state = "Error", ours = true } })
    assert.equal("expunge", answer { holder = { state = "Expunging", ours = true } }) -- an expunge may have failed half way
  end)

  for what, more in pairs {
    ["of somebody else"] = { holder = { state = "Destroyed", ours = false } },
    ["that the account may not expunge"] = { holder = { state = "Destroyed", ours = true }, may_expunge = false },
    ["that the site does not want expunged"] = { holder = { state = "Destroyed", ours = true }, wanted = false },
    ["that starts, and may be undone then"] = { holder = { state = "Starting", ours = true } },
    ["that stops"] = { holder = { state = "Stopping", ours = true } },
    ["that nobody sees"] = {},
  } do
    it("waits three minutes for one " .. what, function() assert.same(WAIT, answer(more)) end)
  end
end)
