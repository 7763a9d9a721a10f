local decision = require "tests.support.decision"

local small, big = { id = "o1", name = "small", memory = 512 }, { id = "o2", name = "big", memory = 4096 }

describe("service_offering", function()
  decision.answers(it, "service_offering", {
    facts = { cpu = 1, ram = 512, offerings = { small, big } },
    good = {
      { { { id = "o2" }, { id = "o1", name = "forged" } }, { big, small } },
      { { id = "o1" }, { small } },
    },
    bad = {
      { { { id = "o9" } }, "entry 1 is none of facts.offerings" },
      { { { id = "o1" }, "o2" }, "entry 2" },
      { {}, "at least one" },
      { "small", "list of offerings" },
    },
  })
end)

describe("an answer of service_offering", function()
  decision.spoils(it, "service_offering", function(given) return given.offerings end)
end)
