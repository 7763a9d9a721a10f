local conversion = require "workshop.conversion"
local formats = require "workshop.formats"
local inspection = require "workshop.inspection"
local manifest = require "workshop.manifest"
local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory
before_each(function() directory = operator.directory() end)

local function convert(from, name, host)
  return conversion.run(host or workbench.host(), from, directory .. "/out.tgz", formats.of(name), function() end)
end

local refused = workbench.refused

describe("a published stemcell", function()
  it("becomes one of CloudStack: what its agent, its disk and its manifest say", function()
    local from = stemcells.make(directory, "in.tgz", { version = "1.943" })
    local made = convert(from, "kvm")
    assert.same({ "bosh-cloudstack-kvm-ubuntu-jammy-go_agent", "1.943", { "cloudstack-qcow2" } }, { made.name, made.version, made.formats })
    local mf = manifest.read(stemcells.must("tar xzOf '%s/out.tgz' stemcell.MF", directory))
    assert.equal(stemcells.must("tar xzOf '%s/out.tgz' image | sha1sum", directory):match "%x+", mf:text "sha1")
    assert.same({ "ubuntu-jammy", "3", "1" }, { mf:text "operating_system", mf:text "api_version", mf:text "bosh_protocol" })
    assert.same({ name = made.name, version = "1.943", infrastructure = "cloudstack", hypervisor = "kvm", disk = 5120,
      disk_format = "qcow2",
      container_format = "bare", os_type = "linux", os_distro = "ubuntu", architecture = "x86_64", auto_disk_config = true },
      mf:map "cloud_properties")
    assert.equal("stemcell.MF\npackages.txt\ndev_tools_file_list.txt\nimage\n", stemcells.must("tar tzf '%s/out.tgz'", directory))
    assert.equal("in.tgz\nout.tgz\n", workbench.names(directory))
  end)

  it("of noble has a disk that boots by UEFI, which the template's details say", function()
    convert(stemcells.make(directory, "in.tgz", { table = "gpt" }), "kvm")
    assert.matches("\n  details:\n    UEFI: LEGACY\n", stemcells.must("tar xzOf '%s/out.tgz' stemcell.MF", directory))
  end)

  for _, case in ipairs { { "xen", "qcow2" }, { "kvm", "xen" }, { "vmware", "vmdk" }, { "xen", "azure" } } do
    it(("comes from and goes to another format: %s from %s"):format(case[1], case[2]), function()
      convert(stemcells.make(directory, "in.tgz", { packing = case[2], infrastructure = case[2] == "vmdk" and "vsphere" or "openstack" }),
        case[1])
      local report = inspection.run(workbench.host(), directory .. "/out.tgz", directory .. "/look", function() end)
      assert.same({ true, case[1], "cloudstack" }, { report.boots, report.hypervisor, report.infrastructure })
    end)
  end

  it("may be one of CloudStack already: what is made of it is the same again", function()
    local from = stemcells.make(directory, "in.tgz", {})
    convert(from, "vmware")
    os.rename(directory .. "/out.tgz", directory .. "/first.tgz")
    local made = convert(directory .. "/first.tgz", "kvm")
    assert.equal("bosh-cloudstack-kvm-ubuntu-jammy-go_agent", made.name)
    assert.is_true(inspection.run(workbench.host(), directory .. "/out.tgz", directory .. "/look", function() end).boots)
  end)

  it("of AWS and of raw OpenStack loses their words in the name", function()
    assert.equal("bosh-cloudstack-xen-ubuntu-noble", convert(stemcells.make(directory, "in.tgz",
      { name = "bosh-aws-xen-hvm-ubuntu-noble-raw", system = "ubuntu-noble" }), "xen").name)
  end)

  it("is not written in the place of another file", function()
    local from = stemcells.make(directory, "in.tgz", {})
    operator.write(directory .. "/out.tgz", "mine")
    assert.matches("out.tgz: File exists; remove it, or choose another name$", refused(convert, from, "kvm"))
    os.remove(directory .. "/out.tgz")
    local host = workbench.host()
    host.workshop = setmetatable({ is_there = function() return false end }, { __index = host.workshop })
    operator.write(directory .. "/out.tgz", "mine")
    assert.matches("out.tgz: File exists; remove it, or choose another name$", refused(convert, from, "kvm", host))
    assert.equal("in.tgz\nout.tgz\n", workbench.names(directory))
    assert.equal("mine", stemcells.must("cat '%s/out.tgz'", directory))
  end)

  it("leaves nothing half done where it fails at any program, or is interrupted before any", function()
    local from = stemcells.make(directory, "in.tgz", {})
    local started, fail_at, stop_at = 0, nil, nil
    local host = workbench.host { interruption = function() return stop_at and started >= stop_at and "SIGINT arrived" or nil end }
    local real = host.workshop
    host.workshop = setmetatable({ start = function(words, options)
      started = started + 1
      if started == fail_at then return real.start({ "sh", "-c", "echo No space left on device >&2; exit 1" }, options) end
      return real.start(words, options)
    end }, { __index = real })
    convert(from, "vmware", host)
    local all = started
    os.remove(directory .. "/out.tgz")
    for at = all, 1, -17 do
      started, fail_at = 0, at
      assert.matches("No space left on device", refused(convert, from, "vmware", host))
      assert.equal("in.tgz\n", workbench.names(directory))
    end
    fail_at = nil
    for at = 1, all, 20 do
      started, stop_at = 0, at
      assert.equal("interrupted: SIGINT arrived", refused(convert, from, "vmware", host))
      assert.equal("in.tgz\n", workbench.names(directory))
    end
  end)

  it("is refused where it is light", function()
    operator.write(directory .. "/image", "")
    operator.write(directory .. "/stemcell.MF", "name: x\nversion: 1\n")
    stemcells.must("cd '%s' && tar czf light.tgz stemcell.MF image", directory)
    assert.matches("is a light stemcell: its image is empty", refused(convert, directory .. "/light.tgz", "kvm"))
  end)
end)
