local create_stemcell = require "verbs.create_stemcell"
local fake = require "tests.support.fake"

local ID = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
local zones = { "listZones", {}, { zone = { { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" } } } }
local os_types = { "listOsTypes", { description = "Other PV (64-bit)" },
  { ostype = { { id = "o1", description = "Other PV (64-bit)" } } } }
local where = { getuploadparams = { id = "t1", postURL = "https://10.1.1.1/upload/u1", metadata = "M", signature = "SIGN",
  expires = "E" } }

local MAKING = { getUploadParamsForTemplate = true, registerTemplate = true }

-- The script with the look for the zone's hypervisors before each template that is made.
local function with_looks(script)
  local full = {}
  for key, value in pairs(script) do
    if type(key) == "string" then full[key] = value end
  end
  for _, step in ipairs(script) do
    for _ = 1, MAKING[step[1]] and (step[2].zoneids and 2 or 1) or 0 do
      full[#full + 1] = { "listHypervisors", {}, { count = 2, hypervisor = { { name = "KVM" }, { name = "XenServer" } } } }
    end
    full[#full + 1] = step
  end
  return full
end

local function create(script, properties, more, path)
  local given = script
  script = with_looks(given)
  script.images = {
    stat = function() return { size = 100, head = script.head or "BZh9" } end,
    checksum = function()
      script.sums = (script.sums or 0) + 1
      given.sums = script.sums
      return "c0ffee"
    end,
    publish = function(_, place)
      given.published = place
      return true
    end,
    withdraw = function(place)
      given.withdrawn = place
      return true
    end,
  }
  script.http = {
    upload = function()
      given.sums_at_upload = script.sums or 0
      return { status = 200, body = "" }
    end,
  }
  local cpi <close> = fake.cpi(script)
  return create_stemcell(cpi, path or "/image", properties, more), cpi
end

local function template(...)
  return { "listTemplates", { name = "ubuntu", templatefilter = "executable" }, { template = { ... } } }
end

-- A row of a template made for the stemcell: { id, zone, ready, image, director }. image: its checksum, false where it
-- does not tell one yet.
local function twin_row(twin)
  local row = { id = twin[1], zoneid = twin[2], isready = twin[3] ~= false, name = "cpitemplate-a", tags = {
    { key = "bosh_stemcell", value = "bosh-ubuntu/1.7" }, { key = "director_uuid", value = twin[5] or "director-1" } } }
  if twin[4] ~= false then row.tags[3] = { key = "bosh_image_sha256", value = twin[4] or "c0ffee" } end
  return row
end

-- The look for templates of the stemcell, and those that there are.
local function twins(...)
  local rows = {}
  for i, twin in ipairs { ... } do rows[i] = twin_row(twin) end
  return { "listTemplates", { templatefilter = "self", ["tags[0].key"] = "bosh_stemcell", ["tags[0].value"] = "bosh-ubuntu/1.7" },
    { template = rows } }
end

-- The same for a stemcell without a name.
local function no_twins()
  return { "listTemplates", { templatefilter = "self", ["tags[0].key"] = "bosh_stemcell", ["tags[0].value"] = "/" }, {} }
end

local telling = { "createTags", { resourceids = "t1", ["tags[0].key"] = "bosh_image_sha256", ["tags[0].value"] = "c0ffee" }, job = {} }
local unmarking = { "deleteTags", { resourceids = "t1", ["tags[0].key"] = "bosh_stemcell" }, job = {} }
local tagging = { "createTags", { resourceids = "t1", resourcetype = "Template" }, job = {} }
local UBUNTU = { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7" }

describe("create_stemcell", function()
  local function script()
    return { os_types, twins(), zones, { "getUploadParamsForTemplate", {
      format = "QCOW2", hypervisor = "KVM", zoneid = "z1", ostypeid = "o1", displaytext = "bosh-ubuntu 1.7" }, where },
      tagging, twins { "t1", "z1", false, false }, telling,
      { "listTemplates", { id = "t1", zoneid = "z1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } } }
  end

  it("uploads the image and answers the template's name", function()
    local cid, cpi = create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7" })
    assert.truthy(cid:find "^cpitemplate%-%x+%-%x+%-%x+$")
    assert.equal(cid, cpi.sent[5][2].name)
    assert.equal("listOsTypes listTemplates listZones", cpi.waves[1])
  end)

  it("takes the tags of API version 3, and keeps ours", function()
    local _, cpi = create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7" },
      { tags = { team = "a", bosh_cid = "forged" } })
    local tags = {}
    local sent = cpi.sent[6][2]
    for i = 0, 9 do tags[sent["tags[" .. i .. "].key"] or i] = sent["tags[" .. i .. "].value"] end
    assert.equal("a", tags.team)
    assert.equal(cpi.sent[5][2].name, tags.bosh_cid)
    assert.equal("director-1", tags.director_uuid)
  end)

  it("ignores what other CPIs read in a stemcell", function()
    create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", auto_disk_config = true,
      some_other_key = { 1 }, disk = fake.json.null })
  end)

  it("is refused where it was made for another infrastructure, before CloudStack is asked", function()
    local failure = fake.failure(create, {}, { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", infrastructure = "openstack" })
    assert.truthy(failure.message:find("`cpi stemcell convert`", 1, true), failure.message)
    failure = fake.failure(create, {}, { template_url = "http://h/a.qcow2", infrastructure = "vsphere" })
    assert.truthy(failure.message:find("was made for 'vsphere'", 1, true), failure.message)
    local one = script()
    one.settings = { cloudstack = { stemcell = { any_infrastructure = true } } }
    create(one, { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", infrastructure = "openstack" })
  end)

  it("ignores what a published one says for others, and no more than that", function()
    create(script(), { hypervisor = "kvm", name = "bosh-ubuntu", version = "1.7", infrastructure = "cloudstack",
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
    local one = { os_types, no_twins(), zones, { "getUploadParamsForTemplate", { hypervisor = "XenServer", format = "VHD" },
      refuse = "stop here", code = 431 }, { "listTemplates", {}, {} } }
    assert.truthy(fake.failure(create, one, fake.json.null).message:find("stop here", 1, true))
  end)

  it("asks nobody when the image is for another cloud", function()
    assert.equal("Bosh::Clouds::CloudError", fake.failure(create, {}, { hypervisor = "hyperv" }).type)
  end)

  it("says which zone or OS type is missing, before anything is made", function()
    local failure = fake.failure(create, { os_types, no_twins(), zones }, { zone = "zone9" })
    assert.truthy(failure.message:find("zone 'zone9' is not in CloudStack", 1, true))
    failure = fake.failure(create, { { "listOsTypes", {}, {} }, no_twins(), zones }, {})
    assert.truthy(failure.message:find("OS type 'Other PV (64-bit)'", 1, true))
  end)
end)

describe("a stemcell whose image is there", function()
  local function found(id, ...)
    local rows = {}
    for i, row in ipairs { ... } do
      rows[i] = { id = id, name = "cpitemplate-a", zoneid = row[1], zonename = row[2], isready = row[3] ~= false }
    end
    return { "listTemplates", { id = id, templatefilter = "self" }, { template = rows } }
  end
  local A = "aaaaaaaa-52f5-4c6a-9f0b-2f6d3f1c9b11"

  -- A look at the template that another process makes.
  local function look_at(...) return { "listTemplates", { id = A, templatefilter = "self" }, { template = { twin_row { ... } } } } end
  local sharing = { "createTags", { resourceids = A, ["tags[0].key"] = "bosh_shared", ["tags[0].value"] = "director-1" }, job = {} }
  local shared = look_at(A, "z1")

  it("is used where it was made for the same stemcell and director", function()
    local cid = create({ os_types, twins { A, "z1" }, zones, found(A, { "z1", "zone1" }), sharing, shared }, UBUNTU)
    assert.equal("cpitemplate-a", cid)
  end)

  it("is used without a word where it was shared before, and where its tags cannot be set", function()
    local known = found(A, { "z1", "zone1" })
    known[3].template[1].tags = { { key = "bosh_shared", value = "director-1" } }
    assert.equal("cpitemplate-a", (create({ os_types, twins { A, "z1" }, zones, known }, UBUNTU)))
    assert.equal("cpitemplate-a", (create({ os_types, twins { A, "z1" }, zones, found(A, { "z1", "zone1" }),
      { "createTags", {}, refuse = "no tags here", code = 432 }, shared }, UBUNTU)))
  end)

  it("is made anew where its maker removes it just then", function()
    local cid = create({ os_types, twins { A, "z1" }, zones, found(A, { "z1", "zone1" }), sharing, look_at(A, "z1", true, false),
      os_types, twins(), zones, { "getUploadParamsForTemplate", {}, where }, tagging, twins(), telling,
      { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } } }, UBUNTU)
    assert.not_equal("cpitemplate-a", cid)
  end)

  it("is waited for where it is on its way", function()
    local cid, cpi = create({ os_types, twins { A, "z1", false }, zones, found(A, { "z1", "zone1", false }),
      found(A, { "z1", "zone1", false }), found(A, { "z1", "zone1" }), sharing, shared }, UBUNTU)
    assert.equal("cpitemplate-a", cid)
    assert.equal(2, #cpi.clock.slept)
  end)

  it("is made anew where the process that made it gave it up, or it is gone meanwhile", function()
    local function rest(...)
      local script = { os_types, twins { A, "z1", false }, zones, ... }
      for _, step in ipairs { os_types, twins(), zones, { "getUploadParamsForTemplate", {}, where }, tagging, twins(), telling,
        { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } } } do
        script[#script + 1] = step
      end
      return script
    end
    local gone = { "listTemplates", { id = A, templatefilter = "self" }, {} }
    assert.not_equal("cpitemplate-a", (create(rest(found(A, { "z1", "zone1", false }), gone), UBUNTU)))
    assert.not_equal("cpitemplate-a", (create(rest(gone, { "listTemplates", { id = A, templatefilter = "executable" }, {} }), UBUNTU)))
  end)

  it("that a policy names must be there", function()
    local policies = { stemcell = function() return { how = "existing", template = "gold" } end }
    local function look(filter, ...) return { "listTemplates", { name = "gold", templatefilter = filter }, { template = { ... } } } end
    assert.equal("template 'gold' is not in CloudStack", fake.failure(create, { os_types, twins(), zones, look "self",
      look "executable", policies = policies }, UBUNTU).message)
    assert.equal("light-" .. A, (create({ os_types, twins(), zones, look "self",
      look("executable", { id = A, name = "gold", zoneid = "z1", isready = true }), policies = policies }, UBUNTU)))
    assert.equal("template 'gold' is not in zone 'zone1'", fake.failure(create, { os_types, twins(), zones, look "self",
      look("executable", { id = A, name = "gold", zoneid = "z2", isready = true }), policies = policies }, UBUNTU).message)
  end)

  it("is copied from the zone where it is", function()
    local copied = found(A, { "z2", "zone2" }, { "z1", "zone1" })
    copied[2] = { id = A, zoneid = "z1" }
    assert.equal("cpitemplate-a", (create({ os_types, twins { A, "z2" }, zones, found(A, { "z2", "zone2" }),
      sharing, shared, { "copyTemplate", { id = A, sourcezoneid = "z2", destzoneid = "z1" }, job = {} }, copied }, UBUNTU)))
  end)

  it("leaves no copy when it fails", function()
    local failure = fake.failure(create, { os_types, twins { A, "z2" }, zones, found(A, { "z2", "zone2" }),
      sharing, shared, { "copyTemplate", {}, job_fails = "No secondary VM in running state in source template zone ", code = 530 },
      { "deleteTemplate", { id = A, zoneid = "z1" }, job_fails = "Unable to find Template with id 7", code = 431 } }, UBUNTU)
    assert.truthy(failure.message:find("copying template cpitemplate-a to zone 'zone1'", 1, true))
    assert.is_nil(failure.message:find("left behind", 1, true))
  end)

  it("is uploaded all the same where it is another director's, or of another image", function()
    for _, twin in ipairs { { A, "z1", true, "0ddba11" }, { A, "z1", true, nil, "director-2" }, { A, "z1", true, false, "director-2" } } do
      local cid = create({ os_types, twins(twin), zones, { "getUploadParamsForTemplate", {}, where }, tagging,
        twins(twin, { "t1", "z1", false, false }), telling,
        { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } } }, UBUNTU)
      assert.not_equal("cpitemplate-a", cid)
    end
  end)

  it("is waited for where it does not tell its image yet, and used when it is the same", function()
    local cid, cpi = create({ os_types, twins { A, "z1", false, false }, zones, look_at(A, "z1", false, false),
      look_at(A, "z1", true, false), look_at(A, "z1"), os_types, twins { A, "z1" }, zones, found(A, { "z1", "zone1" }),
      sharing, shared }, UBUNTU)
    assert.equal("cpitemplate-a", cid)
    assert.equal(3, #cpi.clock.slept)
  end)

  it("is made anew where the other one never tells its image", function()
    local script = { os_types, twins { A, "z1", true, false }, zones }
    local function add(...) for _, step in ipairs { ... } do script[#script + 1] = step end end
    local waited = 0
    for _ = 1, 100 do
      add(look_at(A, "z1", true, false))
      if waited >= 60 then break end
      waited = waited + math.min(math.max(waited * 0.1, 0.1), 15)
    end
    add(os_types, twins { A, "z1", true, false }, zones, { "getUploadParamsForTemplate", {}, where }, tagging,
      twins({ "t1", "z1", false, false }, { A, "z1", true, false }), telling,
      { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } })
    assert.not_equal("cpitemplate-a", (create(script, UBUNTU)))
  end)

  it("is read for its checksum only after the upload, where nobody has one of that stemcell", function()
    local script = { os_types, twins(), zones, { "getUploadParamsForTemplate", {}, where }, tagging,
      twins { "t1", "z1", false, false }, telling,
      { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } } }
    create(script, UBUNTU)
    assert.equal(0, script.sums_at_upload)
    assert.equal(1, script.sums)
  end)

  it("is uploaded without a look at others where its template takes no tags", function()
    local cid = create({ os_types, twins(), zones, { "getUploadParamsForTemplate", {}, where },
      { "createTags", {}, refuse = "no tags here", code = 432 },
      { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } } }, UBUNTU)
    assert.truthy(cid:find "^cpitemplate%-")
  end)

  it("gives up its own where another process was first, and uses what that makes", function()
    local cid, cpi = create({ os_types, twins(), zones, { "getUploadParamsForTemplate", {}, where }, tagging,
      twins({ "t1", "z1", false, false }, { A, "z1", false }), unmarking, { "deleteTemplate", { id = "t1" }, job = {} },
      os_types, twins { A, "z1", false }, zones, found(A, { "z1", "zone1" }), sharing, shared, store = true }, UBUNTU)
    assert.equal("cpitemplate-a", cid)
    assert.same({}, cpi.store.tables.journal)
  end)

  it("leaves its own to a later process where CloudStack keeps it, and does not wait for that", function()
    local cid, cpi = create({ os_types, twins(), zones, { "getUploadParamsForTemplate", {}, where }, tagging,
      twins({ "t1", "z1", false, false }, { A, "z1", false }), unmarking, { "deleteTemplate", { id = "t1" }, code = 431,
        job_fails = "The template is either getting uploaded or it may be initiated shortly, please wait for it to be completed" },
      os_types, twins { A, "z1", false }, zones, found(A, { "z1", "zone1" }), sharing, shared, store = true }, UBUNTU)
    assert.equal("cpitemplate-a", cid)
    local _, text = next(cpi.store.tables.journal)
    assert.equal("t1", fake.json.decode(text).id)
  end)
end)

describe("a stemcell that CloudStack fetches", function()
  local function register(url, checks)
    local params = { url = url, format = "QCOW2", hypervisor = "KVM", ostypeid = "o1", isextractable = true }
    for key, value in pairs(checks or {}) do params[key] = value end
    return { "registerTemplate", params, { count = 1, template = { { id = "t1", zoneid = "z1", isready = false } } } }
  end
  local ready = { "listTemplates", { id = "t1", zoneid = "z1" }, { template = { { id = "t1", zoneid = "z1", isready = true } } } }
  local URL = "http://images.example.com/u.qcow2"

  it("is registered by the URL of its cloud properties, and its image is not read", function()
    local script = { os_types, zones, register(URL, { zoneid = "z1" }), tagging, ready }
    create(script, { hypervisor = "kvm", template_url = URL }, nil, "")
  end)

  it("is refused with a URL that is none, and with details that are no texts", function()
    for words, properties in pairs { ["'template_url' must be an http or https URL"] = { template_url = "ftp://x/y.vhd" },
      ["'details' must be an object of texts and numbers"] = { details = { a = { b = 1 } } },
      ["cloud_properties of the stemcell: 'details' must be an object of texts and numbers"] = { details = { a = true } } } do
      local failure = fake.failure(create, {}, properties, nil, "")
      assert.equal("Bosh::Clouds::CloudError", failure.type)
      assert.truthy(failure.message:find(words, 1, true), failure.message)
    end
  end)

  it("is registered by the URL of the policy, with checksum and details", function()
    create({ os_types, no_twins(), zones, register("http://x/u.qcow2", { checksum = "{SHA-256}c0ffee",
      ["details[0].rootDiskController"] = "virtio", ["details[0].a"] = "1" }), tagging, no_twins(), telling, ready,
      policies = { stemcell = function()
        return { how = "register", url = "http://x/u.qcow2", checksum = true,
          details = { rootDiskController = "virtio" } }
      end } }, { hypervisor = "kvm", details = { a = 1 } })
  end)

  it("is published for it, and withdrawn when it has been fetched", function()
    local script = { os_types, no_twins(), zones, register(nil, { checksum = "{SHA-256}c0ffee" }), tagging, no_twins(), telling, ready,
      settings = { templates = { directory = "/published", url = "http://images" } },
      policies = { stemcell = function() return { how = "publish" } end } }
    create(script, { hypervisor = "kvm" })
    assert.matches("^/published/%d+%-%x+%.", script.published)
    assert.equal(script.published, script.withdrawn)
  end)

  it("is registered in all zones at once, where CloudStack is new enough", function()
    local rows = { { id = "t1", zoneid = "z1", isready = true }, { id = "t1", zoneid = "z2", isready = true } }
    create({ { "listCapabilities", {}, { capability = { cloudstackversion = "4.18.0.0" } } }, os_types, zones,
      register(URL, { zoneids = "z1,z2" }), tagging, { "listTemplates", { id = "t1" }, { template = rows } },
      { "listTemplates", { id = "t1" }, { template = rows } },
      settings = { cloudstack = { stemcell = { zones = { "*" } } } } }, { template_url = URL, hypervisor = "kvm" }, nil, "")
  end)

  it("is deleted again when CloudStack cannot fetch it", function()
    local failure = fake.failure(create, { os_types, zones, register(URL), tagging,
      { "listTemplates", { id = "t1" }, { template = { { id = "t1", zoneid = "z1", status = "Connection refused: error" } } } },
      { "listTemplates", {}, {} } }, { template_url = URL, hypervisor = "kvm" }, nil, "")
    assert.truthy(failure.message:find("failed in zone 'zone1': Connection refused: error", 1, true))
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
