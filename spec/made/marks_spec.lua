local fake = require "tests.support.fake"
local marks = require "made.marks"

local function of(director, f)
  local cpi <close> = fake.cpi {}
  cpi.context.director_uuid = director
  return f(cpi)
end

local FORM = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-%x%x%x%x"

describe("the director's mark", function()
  it("is in every fresh uuid, which is still a random one", function()
    local one, other = of("d-1", function(cpi) return marks.uuid(cpi), marks.uuid(cpi) end), of("d-1", marks.uuid)
    assert.matches(FORM .. "%-%x%x%x%x%x%x%x%x%x%x%x%x$", one)
    assert.are_not.equal(one, other)
    assert.equal(one:sub(-12), other:sub(-12))
    assert.are_not.equal(one:sub(1, 8), other:sub(1, 8))
    assert.is_true(of("d-1", function(cpi) return marks.is_on(cpi, "cpivm-" .. one) end))
    assert.is_false(of("d-2", function(cpi) return marks.is_on(cpi, "cpivm-" .. one) end))
  end)

  it("is in the short form too", function()
    local short = of("d-1", marks.short_uuid)
    assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-", short)
    assert.is_false(of("d-2", function(cpi) return marks.is_on(cpi, short) end))
    local three = short:match "^(%x+%-%x+%-%x+)"
    assert.is_true(of("d-1", function(cpi) return marks.is_on(cpi, "cpivm-" .. three) end))
    assert.is_false(of("d-2", function(cpi) return marks.is_on(cpi, "cpivm-" .. three) end))
  end)

  for what, director in pairs { ["none"] = false, ["an empty one"] = "", ["one that is no text"] = 7 } do
    it("is on nothing where the director is " .. what, function()
      assert.matches(FORM, of(director or nil, marks.uuid))
      assert.matches(FORM, of(director or nil, marks.short_uuid))
      assert.is_false(of(director or nil, function(cpi) return marks.is_on(cpi, marks.uuid(cpi)) end))
    end)
  end
end)
