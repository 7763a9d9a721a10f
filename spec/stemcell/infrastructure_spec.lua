local fake = require "tests.support.fake"
local infrastructure = require "stemcell.infrastructure"

describe("a stemcell of another infrastructure", function()
  it("is refused in words that name the remedy", function()
    for _, name in ipairs { "openstack", "vsphere", "OpenStack", "aws", "google" } do
      local failure = fake.failure(infrastructure.check, { name = "bosh-x", infrastructure = name }, false)
      assert.equal("Bosh::Clouds::CloudError", failure.type)
      assert.equal(("stemcell 'bosh-x' was made for '%s': its agent would not find its settings on CloudStack; `cpi stemcell convert` "
        .. "makes one of it that does (cloudstack.stemcell.any_infrastructure takes it as it is)"):format(name:lower()), failure.message)
    end
  end)

  it("is taken where the site says so; CloudStack's own, a site's own, and one that says nothing always are", function()
    infrastructure.check({ infrastructure = "openstack" }, true)
    for _, name in ipairs { "cloudstack", "our-own" } do infrastructure.check({ infrastructure = name }, false) end
    infrastructure.check({}, false)
  end)
end)
