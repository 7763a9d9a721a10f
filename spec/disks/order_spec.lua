local fake = require "tests.support.fake"
local disk_order = require "disks.order"

local function order(argument, size, properties)
  local cpi <close> = fake.cpi {}
  return disk_order.read(cpi, argument, size, properties)
end

describe("what is asked of a disk", function()
  it("is whole GB, rounded up, with what the manifest names", function()
    local given = { disk_offering = "fast", zone = "z" }
    assert.same({ gigabytes = 2, properties = given, given_properties = given, instance = {} },
      order("size", 1025, given))
    assert.same({ gigabytes = 1, properties = {}, given_properties = {}, instance = {} },
      order("size", 1024, {}))
  end)

  it("has the site's own keys, as they are", function()
    assert.same({ policy = { tier = "gold", list = { 1 } } }, order("size", 1024, { policy = { tier = "gold", list = { 1, fake.json.null },
      none = fake.json.null } }).instance)
    local failure = fake.failure(order, "size", 1024, { policy = "gold" })
    assert.truthy(failure.message:find("'policy' must be an object", 1, true), failure.message)
  end)

  it("has a size, in the words of the verb", function()
    for _, size in ipairs { 0, -1, 1.5, "1024", true } do
      local failure = fake.failure(order, "new_size", size, {})
      assert.truthy(failure.message:find("new_size", 1, true), failure.message)
    end
  end)

  it("has properties of the right type; a misspelt one is answered with the right word", function()
    local failure = fake.failure(order, "size", 1024, { disk_offering = {} })
    assert.truthy(failure.message:find("cloud_properties of the disk", 1, true), failure.message)
    assert.truthy(failure.message:find("disk_offering", 1, true), failure.message)
    failure = fake.failure(order, "size", 1024, { disk_ofering = "x" })
    assert.truthy(failure.message:find("did you mean 'disk_offering'?", 1, true), failure.message)
  end)
end)
