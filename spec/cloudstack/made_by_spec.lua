local fake = require "tests.support.fake"
local made_by = require "cloudstack.made_by"

describe("the mark in a description", function()
  it("tells whose something is, and since when", function()
    local cpi <close> = fake.cpi { context = { director_uuid = "d-1" } }
    local text = made_by.text(cpi)
    assert.truthy(text:find("^made by cloudstack_cpi for director d%-1 at %d+$"), text)
    local made = made_by.read(text)
    assert.equal("d-1", made.director)
    assert.equal("integer", math.type(made.since))
    assert.same(made, made_by.us(cpi, text))
    cpi.context.director_uuid = "d-2"
    assert.is_nil(made_by.us(cpi, text))
  end)

  it("is nobody's where there is no director, and none where others wrote", function()
    local cpi <close> = fake.cpi { context = { director_uuid = "" } }
    local text = made_by.text(cpi)
    assert.is_nil(made_by.read(text).director)
    assert.is_nil(made_by.us(cpi, text))
    for _, other in ipairs { "", "the web tier", "not made by cloudstack_cpi" } do assert.is_nil(made_by.read(other)) end
    assert.is_nil(made_by.read(nil))
    assert.same({ director = "d", since = 0 }, made_by.read "made by cloudstack_cpi for director d")
  end)
end)
