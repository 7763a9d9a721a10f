local light = require "workshop.light"
local manifest = require "workshop.manifest"
local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local FACTS = { name = "my-jammy", version = "7", operating_system = "ubuntu-jammy", template = "0a1b", zone = "zone 1",
  hypervisor = "kvm" }

describe("a light stemcell", function()
  it("is a tarball with an empty image, and a manifest that names the template", function()
    local directory = operator.directory()
    light.run(workbench.host(), directory .. "/l.tgz", FACTS, function() end)
    local mf = manifest.read(stemcells.must("tar xzOf '%s/l.tgz' stemcell.MF", directory))
    assert.same({ "my-jammy", "7", "ubuntu-jammy", "3", "da39a3ee5e6b4b0d3255bfef95601890afd80709", { "cloudstack-light" } },
      { mf:text "name",
      mf:text "version", mf:text "operating_system", mf:text "api_version", mf:text "sha1", mf:list "stemcell_formats" })
    assert.same({ name = "my-jammy", version = "7", infrastructure = "cloudstack", hypervisor = "kvm", os_type = "linux",
      architecture = "x86_64", light_template = "0a1b", zone = "zone 1" }, mf:map "cloud_properties")
    assert.equal("", stemcells.must("tar xzOf '%s/l.tgz' image", directory))
    local ok, failure = pcall(light.run, workbench.host(), directory .. "/l.tgz", FACTS, function() end)
    assert.matches("l.tgz: File exists; remove it, or choose another name", not ok and failure.message)
    assert.equal("l.tgz\n", workbench.names(directory))
  end)
end)
