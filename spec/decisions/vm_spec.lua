local decision = require "tests.support.decision"

describe("vm", function()
  decision.of_an_order(it, "vm")
end)

describe("an answer of vm", function()
  decision.spoils(it, "vm", decision.as_ordered)
end)
