local decision = require "tests.support.decision"

local fixed = { id = "d1", name = "ten", disksize = 10 }
local custom = { id = "d2", name = "custom", disksize = 0, iscustomized = true }

describe("disk_offering", function()
  decision.answers(it, "disk_offering", {
    facts = { kind = "persistent", size = 10, offerings = { fixed, custom } },
    good = {
      { { offering = { id = "d2" }, size = 12 }, { offering = custom, size = 12 } },
      { { offering = { id = "d2" } }, { offering = custom, size = 10 } },
      { { id = "d1" }, { offering = fixed } },
    },
    bad = {
      { { offering = { id = "d9" } }, "one of facts.offerings" },
      { { offering = { id = "d2" }, size = 9 }, "its size is 9 GB, 10 GB are asked for" },
      { 7, "one of facts.offerings" },
    },
  })
end)

describe("an answer of disk_offering", function()
  decision.spoils(it, "disk_offering", function(given) return { offering = given.offerings[3], size = 30 } end)
end)
