local fake = require "tests.support.fake"
local keeping = require "made.keeping"

local vm = { id = "v", name = "cpivm-1", tags = {} }

local function keep(seconds, script)
  local lines, noted = {}, nil
  script.capture = lines
  local cpi <close> = fake.cpi(script)
  keeping.keep(cpi, vm, { bosh_cid = "cpivm-1" }, { note = function(more) noted = more end }, seconds)
  return noted, lines[1], cpi.clock.utc()
end

describe("a VM that failed", function()
  it("is kept for good, or until a moment that its tag and the journal have", function()
    local noted, line = keep(nil, { { "createTags", { resourceids = "v", ["tags[0].key"] = "bosh_cid" }, job = {} } })
    assert.same({ kept = true }, noted)
    assert.equal("warn VM cpivm-1 is kept as it failed, as the failed_vm policy says", line)
    local now
    noted, line, now = keep(3600, { { "createTags", { resourceids = "v", resourcetype = "UserVm", ["tags[1].key"] = "bosh_keep_until",
      ["tags[1].value"] = "1767230200" }, job = {} } })
    assert.same({ kept = true, kept_until = 1767230200 }, noted)
    assert.equal(now + 3600, noted.kept_until)
    assert.equal("warn VM cpivm-1 is kept as it failed until 2026-01-01T01:16:40Z, as the failed_vm policy says", line)
  end)

  it("is kept until then, and no longer", function()
    local set = { bosh_keep_until = "100" }
    assert.same({ true }, { keeping.of(set, 99) })
    assert.same({ false, "it failed, and was kept for a look until 1970-01-01T00:01:40Z" }, { keeping.of(set, 100) })
    assert.is_false(keeping.of({}, 5))
    assert.is_false(keeping.of({ bosh_keep_until = "soon" }, 5))
    assert.is_true(keeping.is_over(100, 100))
    assert.is_false(keeping.is_over(nil, 100))
    assert.is_false(keeping.is_over("x", 100))
  end)
end)
