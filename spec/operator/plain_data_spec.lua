local plain_data = require "operator.plain_data"

local function nested(depth)
  local value = {}
  for _ = 2, depth do value = { value } end
  return value
end

describe("data that a test gives", function()
  it("is copied, with all its tables, and without metatables", function()
    local inner = setmetatable({ "a" }, { __index = { secret = 1 } })
    local given = { inner = inner, n = 1.5, b = true, s = "x" }
    local twin = plain_data.given(given)
    assert.same({ inner = { "a" }, n = 1.5, b = true, s = "x" }, twin)
    assert.are_not.equal(inner, twin.inner)
    assert.is_nil(getmetatable(twin.inner))
    assert.equal(5, plain_data.given(5))
    assert.is_nil(plain_data.given(nil))
  end)

  it("may not be more than data, as a value or as a key", function()
    for _, value in ipairs { print, io.stdout, coroutine.create(print), { a = { print } }, { [print] = 1 } } do
      local ok, why = pcall(plain_data.given, value)
      assert.is_false(ok)
      assert.matches("a policy's test gives data: it holds a %l+$", why)
    end
  end)

  it("may have 100 tables in each other, and no more", function()
    assert.same(nested(100), plain_data.given(nested(100)))
    local ok, why = pcall(plain_data.given, nested(101))
    assert.is_false(ok)
    assert.matches("it has more than 100 tables in each other$", why)
  end)

  it("is refused at the line that gave it", function()
    local chunk = assert(load("local given = ...\n\nlocal function f() given(print) end\nf()", "=test"))
    local ok, why = pcall(chunk, function(value)
      plain_data.given(value)
    end)
    assert.is_false(ok)
    assert.matches("^test:3: ", why)
  end)
end)

describe("data that a test gets", function()
  it("is copied without what is no data", function()
    local taken = plain_data.taken { a = 1, f = print, deep = { io.stdout, "kept", [print] = 1 } }
    assert.same({ a = 1, deep = { [2] = "kept" } }, taken)
    assert.is_nil(plain_data.taken(print))
  end)
end)
