local decision = require "tests.support.decision"

describe("networks", function()
  decision.answers(it, "networks", {
    facts = { networks = { { name = "a" }, { name = "b" } } },
    good = {
      { { order = { "b", "a" } }, { order = { "b", "a" }, macs = {} } },
      { { order = { "a", "b" }, macs = { a = "02:00:00:AB:CD:EF" } },
        { order = { "a", "b" }, macs = { a = "02:00:00:ab:cd:ef" } } },
    },
    bad = {
      { { "a", "b" }, "order" },
      { { order = { "a" } }, "leaves out 'b'" },
      { { order = { "a", "a" } }, "'a' twice" },
      { { order = { "a", "b", "c" } }, "'c'" },
      { { order = { "a", "b" }, macs = { a = "03:00:00:00:00:01" } }, "is not a unicast MAC" },
      { { order = { "a", "b" }, macs = { a = "2:0:0:0:0:1" } }, "is not a unicast MAC" },
      { { order = { "a", "b" }, macs = { a = "00:00:00:00:00:00" } }, "is not a unicast MAC" },
      { { order = { "a", "b" }, macs = "02:00:00:00:00:01" }, "its macs must be a table" },
      { { order = { "a", "b" }, macs = { c = "02:00:00:00:00:01" } }, "not a network of this VM" },
      { { order = { "a", "b" }, macs = { a = "02:00:00:00:00:01", b = "02:00:00:00:00:01" } }, "twice" },
    },
  })
end)

describe("an answer of networks", function()
  decision.spoils(it, "networks", function() return { order = { "default", "backend" }, macs = { default = "02:00:00:00:00:01" } } end)
end)
