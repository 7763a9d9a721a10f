local fake = require "tests.support.fake"
local info = require "verbs.info"

describe("info", function()
  local answer = info { json = fake.json, takes_any_infrastructure = function() return false end }

  it("speaks API version 3, as an integer", function()
    assert.equal(3, answer.api_version)
    assert.equal("integer", math.type(answer.api_version))
  end)

  it("names the stemcells of XenServer, KVM and VMware, as an array of strings", function()
    assert.is_true(fake.json.is_array(answer.stemcell_formats))
    local formats = {}
    for _, format in ipairs(answer.stemcell_formats) do formats[format] = type(format) end
    for _, format in ipairs { "cloudstack-vhdx", "cloudstack-qcow2", "cloudstack-ova" } do assert.equal("string", formats[format]) end
    assert.same({ nil, nil }, { formats["openstack-qcow2"], formats["vsphere-ova"] })
  end)

  it("names those of other infrastructures where create_stemcell takes them", function()
    local all = info({ json = fake.json, takes_any_infrastructure = function() return true end }).stemcell_formats
    assert.equal(" openstack-qcow2 openstack-raw vsphere-ova", (table.concat(all, " "):gsub("cloudstack%-%w+ ?", " "):gsub("^ +", " ")))
    assert.equal(#answer.stemcell_formats + 3, #all)
  end)

  it("says nothing else", function()
    local keys = {}
    for key in pairs(answer) do keys[#keys + 1] = key end
    table.sort(keys)
    assert.same({ "api_version", "stemcell_formats" }, keys)
  end)
end)
