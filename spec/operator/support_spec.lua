local support = require "operator.support"

local HOW = { tried = true, tested = true, expected = true }

local function of(text)
  local a, b = text:match "^(%d+)%.(%d+)"
  a, b = tonumber(a), tonumber(b)
  return support.of_version(function(major, minor) return a > major or a == major and b >= minor end)
end

describe("what this CPI was tried with", function()
  it("is one of three ways, each with its words", function()
    for _, list in ipairs { support.cloudstack, support.hypervisors, support.bosh } do
      for _, row in ipairs(list) do
        assert.is_true(HOW[row.how], row.how)
        assert.is_true(#row.words >= 3)
      end
    end
  end)

  it("stands in README.md too", function()
    local page = io.open "README.md":read "a"
    local section = page:match "\n## What it runs with\n(.-)\n## "
    for _, row in ipairs(support.hypervisors) do
      if row.how ~= "tried" then assert.truthy(section:find(row.name, 1, true), row.name) end
    end
    for _, row in ipairs(support.cloudstack) do
      if row.how ~= "expected" then assert.truthy(section:find(("%d.%d"):format(table.unpack(row.since)), 1, true)) end
    end
    for _, row in ipairs(support.bosh) do assert.truthy(section:find(row.words:match "[%w.]*%d+[%d.]*", 1, true), row.words) end
  end)

  it("is said of a version by the newest row that fits", function()
    assert.equal("tested", (of "4.11.0"))
    assert.equal("tested", (of "4.21.9"))
    assert.equal("tried", (of "4.22.0"))
    assert.equal("tried", (of "4.23.0"))
    assert.equal("expected", (of "4.24.0"))
    assert.is_nil((of "4.10.0"))
    assert.same(support.oldest, support.cloudstack[#support.cloudstack].since)
  end)

  it("is said of a hypervisor in whatever case", function()
    assert.equal("tested", (support.of_hypervisor "kvm"))
    assert.is_nil((support.of_hypervisor "Ovm3"))
  end)
end)
