local fake = require "tests.support.fake"
local image = require "stemcell.image"

local BZIP, GZIP, ZIP, QCOW = "BZh91AY", "\x1F\x8B\x08", "PK\x03\x04", "QFI\xFB"
local VHD, SECTOR = "conectix\0\0\0\2", ("\0"):rep(512)

-- The first block of a tar whose first member has that name.
local function tar(name) return name .. ("\0"):rep(257 - #name) .. "ustar" end

-- inside: what is in the file, where it is gzipped.
local function read(properties, head, size, inside)
  local images = { stat = function(path)
    if path == "/missing" then return nil, "/missing: no such file" end
    return { size = size or 100, head = head or QCOW }
  end, checksum = function() return "c0ffee" end, inside = function()
    if inside == "broken" then return nil, "gzip cannot unpack it" end
    return inside or { tar = false, head = SECTOR }
  end }
  local cpi <close> = fake.cpi { images = images }
  return image.read(cpi, properties.path or "/image", properties)
end

describe("a stemcell's image", function()
  for _, case in ipairs {
    { nil, BZIP, "XenServer", "VHD", "vhd.bz2" }, { "xen", GZIP, "XenServer", "VHD", "vhd.gz" },
    { "xenserver", VHD, "XenServer", "VHD", "vhd" }, { nil, VHD, "XenServer", "VHD", "vhd" },
    { nil, QCOW, "KVM", "QCOW2", "qcow2" }, { nil, tar "./image.ovf", "VMware", "OVA", "ova" },
    { "kvm", SECTOR, "KVM", "QCOW2", "qcow2" }, { "KVM", QCOW, "KVM", "QCOW2", "qcow2" },
    { "kvm", BZIP, "KVM", "QCOW2", "qcow2.bz2" }, { "esxi", ZIP, "VMware", "OVA", "ova.zip" },
    { "vsphere", tar "IMAGE.OVF", "VMware", "OVA", "ova" }, { "simulator", QCOW, "Simulator", "QCOW2", "qcow2" },
    { "simulator", BZIP, "Simulator", "VHD", "vhd.bz2" },
  } do
    local word, head, hypervisor, format, extension = table.unpack(case, 1, 5)
    it(("for %s is %s on %s, and named .%s"):format(tostring(word), format, hypervisor, extension), function()
      local file = read({ hypervisor = word }, head)
      assert.same({ hypervisor, format, extension }, { file.hypervisor, file.format, file.extension })
    end)
  end

  for what, case in pairs {
    ["a packed QCOW2"] = { { tar = false, head = QCOW }, "KVM QCOW2 qcow2.gz" },
    ["a packed VHD"] = { { tar = false, head = VHD }, "XenServer VHD vhd.gz" },
    ["a packed OVA"] = { { tar = true, name = "image.OVF", size = 9, head = "<" }, "VMware OVA ova.gz" },
    ["a QCOW2 in a tar"] = { { tar = true, name = "root.img", size = 4711, head = QCOW }, "KVM QCOW2 qcow2", 4711, "root.img" },
    ["a raw disk in a tar"] = { { tar = true, name = "root.img", size = 4712, head = SECTOR }, "KVM RAW raw", 4712, "root.img" },
  } do
    it("is looked for where it is gzipped: " .. what, function()
      local file = read({}, GZIP, 100, case[1])
      assert.same({ case[2], case[3] or 100, case[4] },
        { ("%s %s %s"):format(file.hypervisor, file.format, file.extension), file.size, file.member })
    end)
  end

  it("that is gzipped is refused where there is none in it, or gzip is at its end", function()
    assert.equal("the stemcell's image is a gzipped tar with neither root.img nor an OVF in it",
      fake.failure(read, {}, GZIP, 100, { tar = true }).message)
    assert.equal("the stemcell's image is a RAW, hypervisor XenServer takes VHD",
      fake.failure(read, { hypervisor = "xen" }, GZIP, 100, { tar = true, name = "root.img", size = 1, head = "" }).message)
    assert.equal("the stemcell image cannot be read: gzip cannot unpack it", fake.failure(read, {}, GZIP, 100, "broken").message)
  end)

  it("is what the cloud properties say where it hides it", function()
    for disk_format, format in pairs { qcow2 = "QCOW2", RAW = "RAW", vhdx = "VHD", vhd = "VHD", ova = "OVA", ovf = "OVA" } do
      assert.equal(format, read({ disk_format = disk_format }, BZIP).format)
    end
    assert.same({ "KVM", "RAW", "raw" }, (function(f) return { f.hypervisor, f.format, f.extension } end)(
      read({ hypervisor = "kvm", disk_format = "raw" }, SECTOR)))
    assert.equal("VHD", read({ hypervisor = "xen", disk_format = "qcow2" }, BZIP).format)
    assert.equal("QCOW2", read({ hypervisor = "kvm", disk_format = "raw" }, QCOW).format)
  end)

  for words, case in pairs {
    ["the stemcell's image is a QCOW2, hypervisor XenServer takes VHD"] = { "xen", QCOW },
    ["the stemcell's image is a VHD, hypervisor KVM takes QCOW2 or RAW"] = { "kvm", VHD },
    ["the stemcell's image is a VHDX, which XenServer does not take: it must be a VHD"] = { "xen", "vhdxfile" },
    ["the stemcell's image is a VMDK; CloudStack takes an OVA, with an OVF beside the disk"] = { "esxi", "KDMV" },
  } do
    it("that does not fit is refused: " .. words, function()
      assert.equal(words, fake.failure(read, { hypervisor = case[1] }, case[2]).message)
    end)
  end

  it("behind a URL is what the name's end says, else the cloud properties", function()
    for url, wanted in pairs {
      ["http://x/a.vhd.bz2"] = "XenServer VHD", ["http://x/a.qcow2?token=1.ova"] = "KVM QCOW2", ["http://x/a.OVA"] = "VMware OVA",
      ["http://x/image"] = "XenServer VHD",
    } do
      local file = image.for_url({}, url)
      assert.equal(wanted, file.hypervisor .. " " .. file.format)
    end
    assert.equal("RAW", image.for_url({ hypervisor = "kvm", disk_format = "raw" }, "http://x/image.img").format)
  end)

  it("has its size, its checksum and its media type", function()
    local file = read({}, GZIP, 12345)
    assert.same({ 12345, "application/gzip", "/image", "c0ffee" }, { file.size, file.media_type, file.path, file.checksum() })
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
