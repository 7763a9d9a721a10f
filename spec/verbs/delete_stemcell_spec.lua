local delete_stemcell = require "verbs.delete_stemcell"
local fake = require "tests.support.fake"

local CID = "cpitemplate-7d5d1a3e-52f5-4c6a"

local function delete(script, cid)
  local cpi <close> = fake.cpi(script)
  return delete_stemcell(cpi, cid or CID)
end

describe("delete_stemcell", function()
  it("deletes the template that we made, whatever its zones", function()
    assert.is_nil(delete {
      { "listTemplates", { name = CID, templatefilter = "self" },
        { template = { { id = "t", name = CID, zoneid = "z1" }, { id = "t", name = CID, zoneid = "z2" } } } },
      { "deleteTemplate", { id = "t" }, job = {} },
    })
  end)

  it("is done when it is gone", function()
    delete { { "listTemplates", {}, {} } }
  end)

  it("leaves somebody else's template alone", function()
    delete({}, "light-7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11")
    delete({}, "ubuntu-template")
  end)

  it("is no success when CloudStack cannot say", function()
    assert.equal("Bosh::Clouds::CloudError",
      fake.failure(delete, { { "listTemplates", {}, refuse = "no", code = 530 } }).type)
  end)
end)
