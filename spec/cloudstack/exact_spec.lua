local exact = require "cloudstack.exact"
local fake = require "tests.support.fake"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

describe("exact names", function()
  it("are told from ids", function()
    assert.is_true(exact.is_id(ID))
    for _, text in ipairs { "cpivm-" .. ID, ID .. "0", "", "web", (ID:gsub("-", "")) } do
      assert.is_false(exact.is_id(text), text)
    end
    assert.same({ id = ID }, exact.filter(ID))
    assert.same({ name = "web" }, exact.filter "web")
  end)

  it("are compared here: neither a part nor another case is enough", function()
    local rows = { { id = "1", name = "net-10" }, { id = "2", name = "NET-1" }, { id = "3", name = "net-1" } }
    assert.equal("3", exact.one(rows, "net-1", "network").id)
    assert.is_nil(exact.one(rows, "net", "network"))
    assert.equal("2", exact.one(rows, "2", "network").id)
  end)

  it("that several have are an error that lists them", function()
    local failure = fake.failure(exact.one, { { id = "b", name = "x" }, { id = "a", name = "x" } }, "x", "network")
    assert.equal("network 'x' is ambiguous, CloudStack has 2: a, b", failure.message)
  end)

  it("count a row per zone of one object once", function()
    assert.equal("a", exact.one({ { id = "a", name = "x", zoneid = "1" }, { id = "a", name = "x", zoneid = "2" } }, "x", "x").id)
  end)

  it("are looked for by as much of them as CloudStack takes, and not found by less than all", function()
    local long = ("x"):rep(254) .. "é" .. ("y"):rep(50)
    assert.same({ name = ("x"):rep(254) }, exact.filter(long))
    assert.same({ name = ("y"):rep(255) }, exact.filter(("y"):rep(255)))
    assert.is_nil(exact.one({ { id = "1", name = ("x"):rep(254) } }, long, "VM"))
  end)

  it("are listed for a message, not more than twenty of them", function()
    assert.equal("a, b", exact.names { { name = "b" }, { name = "a" }, { name = "b" } })
    assert.equal("none", exact.names {})
    local many = {}
    for i = 1, 30 do many[i] = { name = ("n%02d"):format(i) } end
    assert.truthy(exact.names(many):find "n20, %.%.%.$")
  end)
end)
