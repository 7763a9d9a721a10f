local decision = require "tests.support.decision"

-- n tags.
local function tags(n)
  local set = {}
  for i = 1, n do set["t" .. i] = "x" end
  return set
end

describe("names", function()
  decision.answers(it, "names", {
    good = {
      { { display_name = "web/0" }, { display_name = "web/0", tags = {} } },
      { { display_name = "web", tags = tags(100) }, { display_name = "web", tags = tags(100) } },
      { { display_name = "web", tags = { team = "a" } }, { display_name = "web", tags = { team = "a" } } },
    },
    bad = {
      { { tags = {} }, "display_name" },
      { { display_name = "" }, "display_name" },
      { { display_name = "x", tags = { n = 3 } }, "tags must be strings" },
      { { display_name = "x", tags = "a" }, "tags must be a table" },
      { { display_name = "x", tags = false }, "tags must be a table" },
      { { display_name = "x", tags = tags(101) }, "it has more than 100 tags" },
      { { display_name = "\xff" }, "UTF-8" }, { { display_name = ("x"):rep(65537) }, "its display_name is longer than 65536 bytes" },
    },
  })
end)

describe("an answer of names", function()
  decision.spoils(it, "names", function() return { display_name = "x", tags = { a = "b" } } end)
end)
