local decision = require "tests.support.decision"

describe("names", function()
  decision.answers(it, "names", {
    good = {
      { { display_name = "web/0" }, { display_name = "web/0", tags = {} } },
      { { display_name = "web", tags = { team = "a" } }, { display_name = "web", tags = { team = "a" } } },
    },
    bad = {
      { { tags = {} }, "display_name" },
      { { display_name = "" }, "display_name" },
      { { display_name = "x", tags = { n = 3 } }, "tags must be strings" },
      { { display_name = "x", tags = "a" }, "tags must be a table" },
      { { display_name = "x", tags = false }, "tags must be a table" },
    },
  })
end)

describe("an answer of names", function()
  decision.spoils(it, "names", function() return { display_name = "x", tags = { a = "b" } } end)
end)
