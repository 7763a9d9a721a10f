local decision = require "tests.support.decision"

describe("failed_vm", function()
  decision.answers(it, "failed_vm", {
    good = { { "keep", "keep" }, { "destroy", "destroy" }, { { keep_for = 3600 }, { keep_for = 3600 } },
      { { keep_for = 60 }, { keep_for = 60 } } },
    bad = { { "maybe", "destroy" }, { true, "destroy" }, { {}, "its keep_for must be a number of seconds from 60 to 2592000" },
      { { keep_for = 59 }, "its keep_for" }, { { keep_for = "1h" }, "its keep_for" } },
  })
end)

describe("an answer of failed_vm", function()
  decision.spoils(it, "failed_vm", function() return { keep_for = 3600 } end)
end)
