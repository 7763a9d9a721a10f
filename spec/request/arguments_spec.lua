local arguments = require "request.arguments"
local fake = require "tests.support.fake"

local null = fake.json.null
local function message(f, ...)
  local failure = fake.failure(f, ...)
  assert.equal("Bosh::Clouds::CpiError", failure.type)
  return failure.message
end

describe("arguments", function()
  it("that are right come back", function()
    assert.equal("x", arguments.text("vm_cid", "x"))
    assert.equal(1024, arguments.megabytes("size", 1024.0))
    assert.equal("integer", math.type(arguments.megabytes("size", 1024.0)))
    assert.same({ a = 1 }, arguments.object("env", { a = 1 }))
    assert.same({ "a" }, arguments.list("disk_cids", { "a" }))
  end)

  it("may be absent or null where an object or a list is wanted", function()
    assert.same({}, arguments.object("env", nil, null))
    assert.same({}, arguments.object("env", null, null))
    assert.same({}, arguments.list("disk_cids", null, null))
  end)

  it("that are wrong are named", function()
    assert.equal("argument vm_cid must be a string, got nothing", message(arguments.text, "vm_cid", nil))
    assert.equal("argument vm_cid must be a string, got an empty string", message(arguments.text, "vm_cid", ""))
    assert.equal("argument vm_cid must be a string, got 3", message(arguments.text, "vm_cid", 3))
    assert.equal("argument size must be a whole number of megabytes above 0, got 0", message(arguments.megabytes, "size", 0))
    assert.equal("argument env must be an object, got a list", message(arguments.object, "env", { "a" }, null))
    assert.equal("argument disk_cids must be a list of strings, got 3", message(arguments.list, "disk_cids", { 3 }, null))
  end)

  it("have a list of a length that there can be", function()
    local list = {}
    for i = 1, 1001 do list[i] = "cpi-disk-" .. i end
    assert.equal("argument disk_cids has 1001 entries, at most 1000 are taken", message(arguments.list, "disk_cids", list, null))
    list[1001] = nil
    assert.equal(list, arguments.list("disk_cids", list, null))
  end)

  for _, size in ipairs { -1, 1.5, "1024", true, 0 / 0, math.huge, 1e300 } do
    it("of " .. tostring(size) .. " are no size", function() message(arguments.megabytes, "size", size) end)
  end

  it("never show a string's value", function()
    assert.is_nil(message(arguments.object, "env", "secret", null):find("secret", 1, true))
  end)
end)
