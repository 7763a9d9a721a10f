local ipv4 = require "base.ipv4"
local spans = require "base.spans"

local function numbers(first, last) return { first = ipv4.number(first), last = ipv4.number(last) } end

describe("spans of addresses", function()
  it("are an address, a range, or a list of both", function()
    assert.same({ numbers("10.0.0.5", "10.0.0.5") }, spans.read "10.0.0.5")
    assert.same({ numbers("10.0.0.5", "10.0.0.9") }, spans.read "10.0.0.5-10.0.0.9")
    assert.same({ numbers("10.0.0.5", "10.0.0.9"), numbers("10.0.0.1", "10.0.0.1") }, spans.read { "10.0.0.5 - 10.0.0.9", "10.0.0.1" })
  end)

  it("that cannot be read are named", function()
    for wrong, named in pairs { ["10.0.0"] = "10.0.0", ["10.0.0.9-10.0.0.5"] = "10.0.0.9-10.0.0.5", ["10.0.0.0/24"] = "10.0.0.0/24",
      ["10.0.0.1-"] = "10.0.0.1-", [7] = "7" } do
      local list, why = spans.read(wrong)
      assert.is_nil(list)
      assert.equal(named, why)
    end
    assert.equal("nothing", select(2, spans.read {}))
    assert.equal("nil", select(2, spans.read { a = "10.0.0.1" }))
    assert.equal("x", select(2, spans.read { "10.0.0.1", "x" }))
  end)

  it("are counted, and each address has its number", function()
    local list = spans.read { "10.0.0.5-10.0.0.6", "10.0.1.1" }
    assert.equal(3, spans.count(list))
    local seen = {}
    for n = 0, 2 do seen[n + 1] = ipv4.text(spans.nth(list, n)) end
    assert.same({ "10.0.0.5", "10.0.0.6", "10.0.1.1" }, seen)
    assert.is_nil(spans.nth(list, 3))
  end)
end)
