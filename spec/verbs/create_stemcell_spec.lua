local create_stemcell = require "verbs.create_stemcell"
local fake = require "spec.support.fake"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
local zones = { "listZones", {}, { zone = { { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" } } } }
local os_types = { "listOsTypes", { description = "Other PV (64-bit)" },
  { ostype = { { id = "o1", description = "Other PV (64-bit)" } } } }
local where = { getuploadparams = { id = "t1", postURL = "https://10.1.1.1/upload/u1", metadata = "M", signature = "SIGN",
  expires = "E" } }

local function create(script, properties, more, path)
  script.http = {
    stat = function() return { size = 100, head = "QFI" } end,
    upload = function() return { status = 200, body = "" } end,
  }
  local cpi <close> = fake.cpi(script)
  return create_stemcell(cpi, path or "/image", properties, more), cpi
end

local function template(...)
  return { "listTemplates", { name = "ubuntu", templatefilter = "executable" }, { template = { ... } } }
end

describe("create_stemcell", function()
  local function script()
    return { os_types, zones, { "getUploadParamsForTemplate", {
      format = "QCOW2", hypervisor = "KVM", zoneid = "z1", ostypeid = "o1", displaytext = "bosh-ubuntu 1.7" }, where },
      { "createTags", { resourceids = "t1", resourcetype = "Template" }, job = {} },
      { "listTemplates", { id = "t1", zoneid = "z1" }, { template = { { id = "t1", isready = true } } } } }
  end

  it("uploads the image and answers the template's name", function()
    local cid, cpi = create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7" })
    assert.truthy(cid:find "^cpitemplate%-%x+%-%x+%-%x+$")
    assert.equal(cid, cpi.sent[3][2].name)
    assert.equal("listOsTypes listZones", cpi.waves[1])
  end)

  it("takes the tags of API version 3, and keeps ours", function()
    local _, cpi = create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7" },
      { tags = { team = "a", bosh_cid = "forged" } })
    local tags = {}
    local sent = cpi.sent[4][2]
    for i = 0, 9 do tags[sent["tags[" .. i .. "].key"] or i] = sent["tags[" .. i .. "].value"] end
    assert.equal("a", tags.team)
    assert.equal(cpi.sent[3][2].name, tags.bosh_cid)
    assert.equal("director-1", tags.director_uuid)
  end)

  it("ignores what other CPIs read in a stemcell", function()
    create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", auto_disk_config = true,
      some_other_key = { 1 }, disk = fake.json.null })
  end)

  it("ignores what a published one says for others, and no more than that", function()
    create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", infrastructure = "openstack",
      disk_format = "qcow2", container_format = "bare", os_distro = "ubuntu", root_device_name = "/dev/vda1",
      os_type = "linux", architecture = "x86_64" })
    for key, value in pairs { os_type = "windows", architecture = "aarch64" } do
      assert.truthy(fake.failure(create, {}, { [key] = value }).message:find(key .. " '" .. value .. "' is not supported", 1, true))
    end
  end)

  it("is of the OS type that it names, else of the configured one", function()
    local one = script()
    one[1] = { "listOsTypes", { description = "Ubuntu 22.04 LTS" }, { ostype = { { id = "o1", description = "Ubuntu 22.04 LTS" } } } }
    create(one, { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", os_type_name = "Ubuntu 22.04 LTS" })
  end)

  it("takes null for the properties", function()
    local one = { os_types, zones, { "getUploadParamsForTemplate", { hypervisor = "XenServer", format = "VHD" },
      refuse = "stop here", code = 431 }, { "listTemplates", {}, {} } }
    assert.truthy(fake.failure(create, one, fake.json.null).message:find("stop here", 1, true))
  end)

  it("asks nobody when the image is for another cloud", function()
    assert.equal("Bosh::Clouds::CloudError", fake.failure(create, {}, { hypervisor = "hyperv" }).type)
  end)

  it("says which zone or OS type is missing, before anything is made", function()
    local failure = fake.failure(create, { os_types, zones }, { zone = "zone9" })
    assert.truthy(failure.message:find("zone 'zone9' is not in CloudStack", 1, true))
    failure = fake.failure(create, { { "listOsTypes", {}, {} }, zones }, {})
    assert.truthy(failure.message:find("OS type 'Other PV (64-bit)'", 1, true))
  end)
end)

describe("a light stemcell", function()
  it("is the template that it names, in the zone, and nothing is uploaded", function()
    local rows = template({ id = ID, name = "ubuntu", zoneid = "z1" }, { id = "x", name = "ubuntu", zoneid = "z2" })
    local cid, cpi = create({ zones, rows }, { light_template = "ubuntu" })
    assert.equal("light-" .. ID, cid)
    assert.equal(2, #cpi.sent)
  end)

  it("may name it by its id", function()
    assert.equal("light-" .. ID, (create({ zones, { "listTemplates", { id = ID },
      { template = { { id = ID, name = "u", zoneid = "z1" } } } } }, { light_template = ID })))
  end)

  it("is a failure where there is no such template, or several", function()
    assert.equal("template 'ubuntu' is not in zone 'zone1'",
      fake.failure(create, { zones, template() }, { light_template = "ubuntu" }).message)
    assert.truthy(fake.failure(create, { zones, template({ id = "a", name = "ubuntu", zoneid = "z1" },
      { id = "b", name = "ubuntu", zoneid = "z1" }) }, { light_template = "ubuntu" }).message:find("ambiguous", 1, true))
  end)

  it("may be configured for tests", function()
    assert.equal("light-" .. ID, (create({ zones, template { id = ID, name = "ubuntu", zoneid = "z1" },
      settings = { cloudstack = { stemcell = { mock = "ubuntu" } } } }, { hypervisor = "kvm" })))
  end)
end)
