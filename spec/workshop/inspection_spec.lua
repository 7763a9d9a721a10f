local inspection = require "workshop.inspection"
local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory
before_each(function() directory = operator.directory() end)

local function inspect(path, host)
  return inspection.run(host or workbench.host(), path, directory .. "/look", function() end)
end

describe("the inspection of a stemcell", function()
  it("says what it is, and what to do where it cannot boot on CloudStack", function()
    local report = inspect(stemcells.make(directory, "in.tgz", { table = "gpt" }))
    assert.same({ "bosh-openstack-kvm-ubuntu-jammy-go_agent", "1.943", "ubuntu-jammy", 3, "openstack", "kvm" }, { report.name,
      report.version,
      report.operating_system, report.api_version, report.infrastructure, report.hypervisor })
    assert.same({ "openstack-qcow2", "openstack-raw" }, { table.unpack(report.formats) })
    assert.same({ "qcow2", "gzip", 16777216 }, { report.image.format, report.image.packing, report.image.disk_size })
    assert.same({ "gpt", 2, true, { number = 2, start = 4096, size = 20480, type = "0FC63DAF-8483-4772-8E79-3D69D8477DE4" } },
      { report.layout.label, report.layout.root, report.layout.uefi, report.layout.partitions[2] })
    assert.is_false(report.boots)
    assert.matches("CloudStack has nothing where its agent looks", report.why)
    assert.matches("cpi stemcell convert", report.remedy)
    assert.equal("in.tgz\n", workbench.names(directory))
  end)

  it("knows the XenServer stemcells that there are", function()
    local report = inspect(stemcells.make(directory, "in.tgz", { infrastructure = "cloudstack", packing = "xen",
      files = { ["/usr/bin/mdproxy4cs"] = "ELF" } }))
    assert.same({ true, "vpc", "bzip2" }, { report.boots, report.image.format, report.image.packing })
    assert.matches("by mdproxy4cs", report.why)
  end)

  it("finds out what create_stemcell would refuse, though it could boot", function()
    local report = inspect(stemcells.make(directory, "in.tgz", { agent = stemcells.AGENTS.cloudstack,
      files = { ["/usr/bin/mdproxy4cs"] = "ELF" } }))
    assert.is_false(report.boots)
    assert.matches("marked as a stemcell of 'openstack', which create_stemcell refuses", report.why)
    assert.matches("cloudstack.stemcell.any_infrastructure", report.remedy)
  end)

  it("says of a light stemcell which template it stands for", function()
    operator.write(directory .. "/image", "")
    operator.write(directory .. "/stemcell.MF", "name: x\nversion: 1\ncloud_properties:\n  light_template: jammy\n")
    stemcells.must("cd '%s' && tar czf light.tgz stemcell.MF image", directory)
    local report = inspect(directory .. "/light.tgz")
    assert.same({ true, "a light stemcell: it stands for the template 'jammy'" }, { report.boots, report.why })
    operator.write(directory .. "/stemcell.MF", "name: x\nversion: 1\ncloud_properties:\n  ami: a\n")
    stemcells.must("cd '%s' && tar czf light.tgz stemcell.MF image", directory)
    assert.is_false(inspect(directory .. "/light.tgz").boots)
  end)

  it("reports what is wrong with the image, and raises what is no stemcell or was interrupted", function()
    operator.write(directory .. "/image", "no disk")
    operator.write(directory .. "/stemcell.MF", "name: x\nversion: 1\n")
    stemcells.must("cd '%s' && tar czf odd.tgz stemcell.MF image", directory)
    local report = inspect(directory .. "/odd.tgz")
    assert.same({ false, 7 }, { report.boots, report.image.size })
    assert.matches("^the stemcell's image has no disk that is known", report.why)
    assert.is_false((pcall(inspect, directory .. "/none.tgz")))
    local ok, failure = pcall(inspect, directory .. "/odd.tgz", workbench.host { interruption = function() return "SIGINT arrived" end })
    assert.equal("interrupted: SIGINT arrived", not ok and failure.message)
  end)
end)
