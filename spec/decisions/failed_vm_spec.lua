local decision = require "tests.support.decision"

describe("failed_vm", function()
  decision.answers(it, "failed_vm", {
    good = { { "keep", "keep" }, { "destroy", "destroy" } },
    bad = { { "maybe", "destroy" }, { true, "destroy" } },
  })
end)

describe("an answer of failed_vm", function()
  decision.spoils(it, "failed_vm", function() return "keep" end)
end)
