local decision = require "tests.support.decision"
local example = require("decisions.ip_conflict").example

local function with(more)
  local facts = {}
  for key, value in pairs(example) do facts[key] = value end
  for key, value in pairs(more) do facts[key] = value end
  return facts
end

describe("ip_conflict", function()
  decision.answers(it, "ip_conflict", {
    good = {
      { "wait", { answer = "wait" } }, { { answer = "wait", deadline = 5 }, { answer = "wait", deadline = 5 } },
      { "expunge", { answer = "expunge" } }, { "ignore", { answer = "ignore" } }, { "fail", { answer = "fail" } },
    },
    bad = { { "maybe", "it must be" }, { { answer = "wait", deadline = "x" }, "its deadline must be" },
      { { answer = "wait", deadline = 0 / 0 }, "its deadline must be" }, { { answer = "wait", deadline = -1 }, "its deadline must be" } },
    facts = with { may_expunge = true },
  })

  decision.answers(it, "ip_conflict", { good = {}, bad = { { "expunge", "this account may not expunge" } } })
  decision.answers(it, "ip_conflict", { good = {}, bad = { { "expunge", "only a holder that is Destroyed" } },
    facts = with { may_expunge = true, holder = { id = "v", name = "x", state = "Running", ours = true } } })

  decision.answers(it, "ip_conflict", { good = {}, bad = { { "move", "only a holder that is parked and stopped can be moved" } } })
  decision.answers(it, "ip_conflict", { good = { { "move", { answer = "move" } } }, bad = {},
    facts = with { holder = { id = "v", name = "x", state = "Stopped", ours = true, movable = true } } })
end)

describe("an answer of ip_conflict", function()
  decision.spoils(it, "ip_conflict", function() return { answer = "wait", deadline = 5 } end)
end)
