local manifest = require "workshop.manifest"

local PUBLISHED = [[
---
name: bosh-openstack-kvm-ubuntu-jammy-go_agent
version: '1.943'
bosh_protocol: 1
api_version: 3
sha1: da39a3ee5e6b4b0d3255bfef95601890afd80709
operating_system: ubuntu-jammy
stemcell_formats:
- openstack-qcow2
- "openstack-raw"
cloud_properties:
  name: bosh-openstack-kvm-ubuntu-jammy-go_agent
  version: '1.943'
  disk: 5120
  auto_disk_config: true
  details:
    rootDiskController: virtio
  os_distro: "ubuntu"
]]

describe("stemcell.MF", function()
  it("is read: texts, lists, and the scalars of a map", function()
    local mf = manifest.read(PUBLISHED)
    assert.same({ "1.943", "ubuntu-jammy", nil }, { mf:text "version", mf:text "operating_system", mf:text "none" })
    assert.same({ "openstack-qcow2", "openstack-raw" }, mf:list "stemcell_formats")
    assert.same({ name = "bosh-openstack-kvm-ubuntu-jammy-go_agent", version = "1.943", disk = 5120, auto_disk_config = true,
      os_distro = "ubuntu" }, mf:map "cloud_properties")
    assert.same({ "a", "b c" }, manifest.read("name: x\nversion: 1\nstemcell_formats: [a, 'b c']\n"):list "stemcell_formats")
    assert.same({ nil, nil }, { mf:list "none", mf:map "none" })
    assert.same({}, mf:map "stemcell_formats")
  end)

  it("is written with what was changed, and the rest byte by byte", function()
    local mf = manifest.read(PUBLISHED)
    mf:set("version", "2")
    mf:set("stemcell_formats", { "cloudstack-qcow2" })
    mf:set("new", { a = "x y", b = "true", c = true, d = 7, e = "it's", f = { g = "h" } })
    local expected = PUBLISHED:gsub("version: '1.943'", "version: '2'", 1):gsub("%- openstack%-qcow2\n%- \"openstack%-raw\"",
      "- cloudstack-qcow2")
      .. "new:\n  a: x y\n  b: 'true'\n  c: true\n  d: 7\n  e: 'it''s'\n  f:\n    g: h\n"
    assert.equal(expected, mf:write())
    assert.same({ a = "x y", b = "true", c = true, d = 7, e = "it's" }, manifest.read(mf:write()):map "new")
  end)

  it("is refused where it is something else", function()
    for text, why in pairs { ["{\"name\": 1}\n"] = "flow style", ["name: x\n"] = "no name or no version",
      ["<html>\n"] = "not a list of entries",
      ["name: a\nversion: 1\n\0"] = "is not YAML", [""] = "is not YAML" } do
      local ok, failure = pcall(manifest.read, text)
      assert.is_false(ok)
      assert.matches("^stemcell.MF " .. ".*" .. why, failure.message)
    end
  end)
end)
