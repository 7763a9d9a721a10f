local decision = require "tests.support.decision"

describe("disk", function()
  decision.of_an_order(it, "disk")
end)

describe("an answer of disk", function()
  decision.spoils(it, "disk", decision.as_ordered)
end)
