local formats = require "workshop.formats"
local image = require "stemcell.image"
local native = require "host_native"
local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory, work

before_each(function()
  directory = operator.directory()
  work = workbench.new(directory)
  stemcells.must("cd '%s' && truncate -s 3M disk.raw && printf '\\125\\252' | dd of=disk.raw bs=1 seek=510 conv=notrunc status=none"
    .. " && head -c 100000 /dev/urandom | dd of=disk.raw bs=1000 seek=9 conv=notrunc status=none", work.directory)
end)
after_each(function() work:__close() end)

-- What create_stemcell makes of the image, with what the manifest says of it.
local function recognised(format)
  return image.read({ images = native.images }, work:path "image", { infrastructure = "cloudstack", hypervisor = format.name,
    disk_format = format.disk_format })
end

local EXPECTED = { kvm = { "KVM", "QCOW2", "qcow2" }, xen = { "XenServer", "VHD", "vhd.bz2" }, vmware = { "VMware", "OVA", "ova" } }

describe("a disk", function()
  for _, name in ipairs(formats.names()) do
    it(("becomes what %s takes, and what create_stemcell recognises"):format(name), function()
      local format = formats.of(name)
      format.make(work, { name = "a <stemcell> & more", size = 3145728 })
      local file = recognised(format)
      assert.same(EXPECTED[name], { file.hypervisor, file.format, file.extension })
      assert.equal("disk.raw\nimage\n", workbench.names(work.directory))
    end)
  end

  it("is named in the manifest by all the formats that CloudStack CPIs know it by", function()
    local names = {}
    for _, name in ipairs(formats.names()) do names[name] = table.concat(formats.of(name).formats, " ") end
    assert.same({ kvm = "cloudstack-qcow2", xen = "cloudstack-vhd cloudstack-vhdx", vmware = "cloudstack-ova" }, names)
  end)

  it("is compressed for KVM, dynamic for XenServer, and stream-optimised in a well-formed OVF for VMware", function()
    formats.of("kvm").make(work, {})
    assert.matches('"compat": "0.10"', stemcells.must("cd '%s' && qemu-img info --output=json image && rm image", work.directory))
    formats.of("xen").make(work, {})
    assert.matches("conectix", stemcells.must("cd '%s' && bzip2 -dc image | head -c 8 && rm image", work.directory))
    formats.of("vmware").make(work, { name = "a <stemcell> & more", size = 3145728 })
    assert.equal("image.ovf\nimage-disk1.vmdk\n", stemcells.must("cd '%s' && tar tf image", work.directory))
    assert.matches("streamOptimized", stemcells.must("cd '%s' && tar xf image && qemu-img info --output=json image-disk1.vmdk",
      work.directory))
    local ovf = work:read "image.ovf"
    assert.truthy(ovf:find("<Name>a &lt;stemcell&gt; &amp; more</Name>", 1, true))
    assert.truthy(ovf:find(('ovf:size="%d"'):format(work:size "image-disk1.vmdk"), 1, true))
    assert.truthy(ovf:find('ovf:capacity="3145728"', 1, true))
    assert.is_nil(ovf:find "@%u+@")
    assert.is_nil(ovf:find "firmware")
    for _, name in ipairs { "image", "image.ovf", "image-disk1.vmdk" } do work:remove(name) end
    formats.of("vmware").make(work, { name = "a", size = 3145728, uefi = true })
    assert.matches('vmw:key="firmware" vmw:value="efi"', stemcells.must("cd '%s' && tar xOf image image.ovf", work.directory))
  end)

  it("is compared with what was made of it", function()
    local run = work.run
    function work:run(words, options)
      local result = run(self, words, options)
      if words[2] == "convert" then stemcells.must("printf x | dd of='%s' bs=1 seek=9500 conv=notrunc status=none",
        self:path "disk.raw") end
      return result
    end
    local ok, failure = pcall(formats.of("kvm").make, work, {})
    assert.matches("^qemu%-img: ", not ok and failure.message)
  end)

  it("has no other format", function() assert.is_nil(formats.of "hyperv") end)
end)
