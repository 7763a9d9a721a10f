local early_settings = require "setup.early_settings"

local function takes(file, context)
  return early_settings.takes_any_infrastructure({ config = { read = function() return type(file) == "table"
    and file or error(file) end } }, context)
end

describe("what info knows of the configuration", function()
  it("is what the file says, and the context over it, flat or under its section", function()
    local yes, no = { stemcell = { any_infrastructure = true } }, { stemcell = { any_infrastructure = false } }
    assert.is_true(takes({ cloudstack = yes }, {}))
    assert.is_false(takes({}, {}))
    assert.is_true(takes({}, yes))
    assert.is_true(takes({}, { cloudstack = yes }))
    assert.is_false(takes({ cloudstack = yes }, { cloudstack = no }))
    assert.is_false(takes({ cloudstack = yes }, no))
  end)

  it("is nothing where the configuration is wrong", function()
    assert.is_false(takes("not JSON", {}))
    for _, odd in ipairs { { cloudstack = 1 }, { cloudstack = { stemcell = "x" } },
      { cloudstack = { stemcell = { any_infrastructure = "true" } } } } do
      assert.is_false(takes(odd, { cloudstack = "x", stemcell = 7 }))
    end
  end)
end)
