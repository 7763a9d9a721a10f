local decision = require "tests.support.decision"

local LAST = 0xa0000fe -- 10.0.0.254

describe("expunge", function()
  decision.answers(it, "expunge", {
    facts = { may_expunge = false, addresses = {}, vm = {} },
    good = {
      { "release", { strategy = "release", addresses = {} } },
      { { strategy = "wait", deadline = 90 }, { strategy = "wait", deadline = 90, addresses = {} } },
      { { strategy = "release", addresses = { n = "10.0.0.250" } },
        { strategy = "release", addresses = { n = { { first = LAST - 4, last = LAST - 4 } } } } },
      { { strategy = "release", addresses = { n = { "10.0.0.250-10.0.0.254", "10.0.0.1" } } },
        { strategy = "release", addresses = { n = { { first = LAST - 4, last = LAST }, { first = 0xa000001, last = 0xa000001 } } } } },
      { "network", { strategy = "network", addresses = {} } },
      { { strategy = "network", network = "gone" }, { strategy = "network", network = "gone", addresses = {} } },
      { "leave", { strategy = "leave", addresses = {} } },
    },
    bad = {
      { "now", "may not expunge" },
      { "explode", "strategy" },
      { 3, "strategy" },
      { { strategy = "wait", deadline = "soon" }, "deadline" },
      { { strategy = "wait", deadline = 0 / 0 }, "deadline" },
      { { strategy = "wait", deadline = -1 }, "deadline" },
      { { strategy = "wait", deadline = 1 / 0 }, "a number of seconds from 0 to 172800" },
      { { strategy = "release", addresses = 5 }, "addresses" },
      { { strategy = "release", addresses = { n = 5 } }, "addresses" },
      { { strategy = "release", addresses = { "10.0.0.250" } }, "addresses" },
      { { strategy = "release", addresses = { n = "10.0.0.0/24" } }, "'10.0.0.0/24' is not an address" },
      { { strategy = "network", network = "" }, "network" },
      { { strategy = "network", network = 5 }, "network" },
    },
  })

  decision.answers(it, "expunge", {
    facts = { may_expunge = true, addresses = {}, vm = {} },
    good = { { "now", { strategy = "now", addresses = {} } } },
    bad = {},
  })
end)

describe("an answer of expunge", function()
  decision.spoils(it, "expunge", function() return { strategy = "wait", deadline = 5, addresses = { n1 = "10.0.0.1" } } end)
end)
