local fake = require "tests.support.fake"
local info = require "verbs.info"

describe("info", function()
  local answer = info { json = fake.json }

  it("speaks API version 3, as an integer", function()
    assert.equal(3, answer.api_version)
    assert.equal("integer", math.type(answer.api_version))
  end)

  it("names the stemcells of XenServer, KVM and VMware, as an array of strings", function()
    assert.is_true(fake.json.is_array(answer.stemcell_formats))
    local formats = {}
    for _, format in ipairs(answer.stemcell_formats) do formats[format] = type(format) end
    for _, format in ipairs { "cloudstack-vhdx", "cloudstack-qcow2", "cloudstack-ova", "openstack-qcow2", "vsphere-ova" } do
      assert.equal("string", formats[format])
    end
  end)

  it("says nothing else", function()
    local keys = {}
    for key in pairs(answer) do keys[#keys + 1] = key end
    table.sort(keys)
    assert.same({ "api_version", "stemcell_formats" }, keys)
  end)
end)
