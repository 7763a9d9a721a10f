local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"
local stemcells = require "stemcells"

local json = native.json
local HOST = { interruption = function() end, catch_signals = function() end, read_only = function() end }
local directory

before_each(function() directory = operator.directory() end)

local function run(...) return operator.run("stemcell", { ... }, HOST) end

describe("cpi stemcell convert", function()
  it("makes a stemcell and says what to do with it", function()
    local out = directory .. "/out.tgz"
    local code, said, complaints = run("convert", stemcells.make(directory, "in.tgz", {}), out)
    assert.same({ 0, ("%s\n  bosh-cloudstack-kvm-ubuntu-jammy-go_agent/1.943 for KVM, 0 MB\n  bosh upload-stemcell %s\n"):format(out, out),
      "" },
      { code, said, complaints })
  end)

  it("takes the hypervisor from its option, else from the name of the file", function()
    stemcells.make(directory, "bosh-stemcell-1-vsphere-esxi-ubuntu-jammy.tgz", {})
    local from = directory .. "/bosh-stemcell-1-vsphere-esxi-ubuntu-jammy.tgz"
    local _, said = run("convert", from, directory .. "/a.tgz", "--output", "json")
    assert.same({ "cloudstack-ova" }, { table.unpack(json.decode(said).formats) })
    _, said = run("convert", from, directory .. "/b.tgz", "--hypervisor", "xen", "--output", "json")
    assert.equal("bosh-cloudstack-xen-ubuntu-jammy-go_agent", json.decode(said).name)
    local code, _, why = run("convert", from, directory .. "/c.tgz", "--hypervisor", "hyperv")
    assert.equal(2, code)
    assert.matches("%-%-hypervisor takes kvm, xen, vmware, not 'hyperv'", why)
  end)

  it("ends with 1 and one line where it fails", function()
    local code, said, why = run("convert", directory .. "/none.tgz", directory .. "/out.tgz")
    assert.same({ 1, "", ("cpi: %s/none.tgz: No such file or directory\n"):format(directory) }, { code, said, why })
  end)
end)

describe("cpi stemcell inspect", function()
  it("ends with 1 where the stemcell does not boot on CloudStack, and says what to do", function()
    local code, said = run("inspect", stemcells.make(directory, "in.tgz", {}))
    assert.equal(1, code)
    assert.matches("\n  does not boot on CloudStack  CloudStack has nothing .*\n  cpi stemcell convert makes one", said)
    run("convert", directory .. "/in.tgz", directory .. "/out.tgz")
    code, said = run("inspect", directory .. "/out.tgz")
    assert.equal(0, code)
    assert.matches("\n  finder          yes\n  boots on CloudStack  it finds its settings by the metadata finder\n$", said)
  end)

  it("writes its report as JSON, of the documented shape", function()
    local code, said = run("inspect", stemcells.make(directory, "in.tgz", {}), "--output", "json")
    local report = json.decode(said)
    assert.same({ 1, false, "openstack", "dos", 63 }, { code, report.boots, report.infrastructure, report.layout.label,
      report.layout.partitions[1].start })
    local page = native.files.read "docs/stemcells.md"
    local function described(value, prefix)
      for key, inner in pairs(value) do
        local name = prefix .. key
        if math.type(key) then return type(inner) == "table" and described(inner, prefix) end
        assert.truthy(page:find("`" .. name .. "`", 1, true), name .. " is not in docs/stemcells.md")
        if type(inner) == "table" then described(inner, name .. ".") end
      end
    end
    described(report, "")
  end)
end)

describe("cpi stemcell light", function()
  local trial
  local function light(...) return operator.on(trial, "stemcell", { "light", ... }, HOST) end
  before_each(function() trial = new_trial { host = native } end)

  it("makes one for a template that is there", function()
    local template = trial.sim.model:rows("template")[1]
    local out = directory .. "/l.tgz"
    local code, said, why = light(template.name, out, "--version", "7", "--os", "ubuntu-jammy")
    assert.same({ 0, "" }, { code, why })
    assert.matches("l.tgz stands for template '.*' %(.*%) in zone '.*'\n$", said)
    local mf = stemcells.must("tar xzOf '%s' stemcell.MF", out)
    assert.truthy(mf:find("\n  light_template: " .. template.id, 1, true) or mf:find("\n  light_template: '" .. template.id, 1, true), mf)
  end)

  it("is wrong usage without a configuration", function()
    local more = { config = { path = "/etc/cpi.json", is_named = true, read = function() return {} end,
      has_secret = function() return false end, context = function() return {} end } }
    for name, value in pairs(HOST) do more[name] = value end
    local code, _, why = operator.on(trial, "stemcell", { "light", "t", directory .. "/l.tgz", "--version", "7", "--os", "x" }, more)
    assert.equal(2, code)
    assert.truthy(why:find("cloudstack.endpoint is missing", 1, true), why)
  end)

  it("refuses a template that is not there, and options that are missing", function()
    local code, _, why = light("none", directory .. "/l.tgz", "--version", "7", "--os", "x")
    assert.same({ 1, "cpi: template 'none' is not in CloudStack, or this account may not use it\n" }, { code, why })
    code, _, why = light("none", directory .. "/l.tgz")
    assert.equal(2, code)
    assert.matches("a light stemcell needs %-%-version and %-%-os", why)
  end)
end)

it("refuses what is not on its command line", function()
  for _, words in ipairs { {}, { "convert", "a" }, { "inspect" }, { "other", "a" }, { "inspect", "a", "--zone", "z" },
    { "convert", "a", "b", "--version", "1" }, { "light", "t", "o", "--output", "json", "--version", "1", "--os", "x" } } do
    assert.equal(2, (run(table.unpack(words))))
  end
  for option, action in pairs { hypervisor = "convert", zone = "light", name = "light", version = "light", os = "light" } do
    local other = action == "convert" and { "light", "t", "o" } or { "convert", "a", "b" }
    local _, _, why = run(other[1], other[2], other[3], "--" .. option, "x")
    assert.truthy(why:find(("--%s is for %s"):format(option, action), 1, true), why)
  end
end)
