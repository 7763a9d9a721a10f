local decision = require "tests.support.decision"

describe("networks", function()
  decision.answers(it, "networks", {
    facts = { networks = { { name = "a", network = { id = "n1" } }, { name = "b", network = { id = "n2" } } } },
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
      { { order = { "a", "b" }, macs = { a = "02:00:00:00:00:01", b = "02:00:00:00:00:01" } }, "for two NICs" },
    },
  })
end)

describe("networks that share a NIC", function()
  decision.answers(it, "networks", {
    facts = { networks = { { name = "a", network = { id = "n1" } }, { name = "b", network = { id = "n1" } } } },
    good = { { { order = { "b", "a" }, macs = { a = "02:00:00:00:00:01", b = "02:00:00:00:00:01" } },
      { order = { "b", "a" }, macs = { a = "02:00:00:00:00:01", b = "02:00:00:00:00:01" } } } },
    bad = {},
  })
end)

describe("an answer of networks", function()
  decision.spoils(it, "networks", function() return { order = { "default", "backend" }, macs = { default = "02:00:00:00:00:01" } } end)
end)
