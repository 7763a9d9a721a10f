local fake = require "spec.support.fake"
local image = require "stemcell.image"

local BZIP, GZIP, ZIP, QCOW = "BZh91AY", "\x1F\x8B\x08", "PK\x03\x04", "QFI\xFB"

local function read(properties, head, size)
  local http = { stat = function(path)
    if path == "/missing" then return nil, "/missing: no such file" end
    return { size = size or 100, head = head or QCOW }
  end }
  local cpi <close> = fake.cpi { http = http }
  return image.read(cpi, properties.path or "/image", properties)
end

describe("a stemcell's image", function()
  for _, case in ipairs {
    { nil, BZIP, "XenServer", "VHD", "vhd.bz2" }, { "xen", GZIP, "XenServer", "VHD", "vhd.gz" },
    { "xenserver", QCOW, "XenServer", "VHD", "vhd" }, { "KVM", QCOW, "KVM", "QCOW2", "qcow2" },
    { "kvm", BZIP, "KVM", "QCOW2", "qcow2.bz2" }, { "esxi", ZIP, "VMware", "OVA", "ova.zip" },
    { "vsphere", QCOW, "VMware", "OVA", "ova" }, { "simulator", QCOW, "Simulator", "VHD", "vhd" },
  } do
    local word, head, hypervisor, format, extension = table.unpack(case, 1, 5)
    it(("for %s is %s on %s, and named .%s"):format(tostring(word), format, hypervisor, extension), function()
      local file = read({ hypervisor = word }, head)
      assert.same({ hypervisor, format, extension }, { file.hypervisor, file.format, file.extension })
    end)
  end

  it("has its size and its media type", function()
    local file = read({}, GZIP, 12345)
    assert.same({ 12345, "application/gzip", "/image" }, { file.size, file.media_type, file.path })
    assert.equal("application/octet-stream", read({}, QCOW).media_type)
  end)

  for _, case in ipairs {
    { { hypervisor = "hyperv" }, "hypervisor 'hyperv' is not supported, only xen, kvm, vmware" },
    { { architecture = "arm64" }, "architecture 'arm64' is not supported, only 'x86_64'" },
    { { os_type = "windows" }, "os_type 'windows' is not supported, only 'linux'" },
  } do
    it("is refused in words: " .. case[2], function()
      local failure = fake.failure(read, case[1])
      assert.equal("Bosh::Clouds::CloudError", failure.type)
      assert.equal("cloud_properties of the stemcell: " .. case[2], failure.message)
    end)
  end

  it("must be there, with something in it", function()
    assert.equal("the stemcell image cannot be read: /missing: no such file",
      fake.failure(read, { path = "/missing" }).message)
    assert.equal("the stemcell image /image is empty; a light stemcell names light_template",
      fake.failure(read, {}, "", 0).message)
  end)
end)
