local decision = require "tests.support.decision"

describe("disk", function()
  local order = { cloud_properties = { cpu = 1 } }
  decision.answers(it, "disk", {
    good = { { order, order }, { { cloud_properties = {}, networks = {} }, { cloud_properties = {} } } },
    bad = {
      { true, "it must be { cloud_properties = { ... } }" }, { {}, "it must be { cloud_properties" },
      { { cloud_properties = "x" }, "it must be { cloud_properties" },
      { { cloud_properties = { "x" } }, "a table of values by their names" },
      { { cloud_properties = { cpu = 0 / 0 } }, "its cloud_properties.cpu is not a finite number" },
      { { cloud_properties = { zone = "\xff" } }, "its cloud_properties.zone is not UTF-8" },
    },
  })
end)

describe("an answer of disk", function()
  decision.spoils(it, "disk", function(facts) return { cloud_properties = facts.cloud_properties } end)
end)
