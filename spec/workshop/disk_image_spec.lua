local disk_image = require "workshop.disk_image"
local operator = require "tests.support.operator"
local stemcells = require "stemcells"
local workbench = require "workbench"

local directory, work

before_each(function()
  directory = operator.directory()
  work = workbench.new(directory)
end)
after_each(function() work:__close() end)

-- Makes the bench's image with a shell command; "disk" is a disk of 1 MB that begins as one does, with `mark` in it.
local function image(command)
  stemcells.must("cd '%s' && truncate -s 1M disk && printf '\\125\\252' | dd of=disk bs=1 seek=510 conv=notrunc status=none"
    .. " && printf mark | dd of=disk bs=1 seek=5000 conv=notrunc status=none && %s && rm -f disk", work.directory, command)
end

local function refused() return workbench.refused(disk_image.open, work) end

local PACKED = {
  ["OpenStack's: QCOW2 in a tar.gz"] = { "qemu-img convert -c -O qcow2 -o compat=0.10 -f raw disk root.img && tar czf image root.img",
    "qcow2", "gzip" },
  ["a raw disk in a tar.gz"] = { "mv disk root.img && tar czf image root.img", "raw", "gzip" },
  ["Google's: disk.raw in a tar.gz"] = { "cp disk disk.raw && tar czf image disk.raw && rm disk.raw", "raw", "gzip" },
  ["Azure's: a fixed VHD in a tar.gz"] = { "qemu-img convert -f raw -O vpc -o subformat=fixed,force_size=on disk root.vhd"
    .. " && tar czf image root.vhd",
    "vpc", "gzip" },
  ["vSphere's: an OVF and a VMDK in a tar.gz"] = { "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk image-disk1.vmdk"
    .. " && echo x >image.ovf && tar czf image image.ovf image-disk1.vmdk", "vmdk", "gzip" },
  ["an OVA"] = { "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized disk d.vmdk"
    .. " && echo x >a.ovf && tar --format=ustar -cf image a.ovf d.vmdk",
    "vmdk", "tar" },
  ["XenServer's: a VHD under bzip2"] = { "qemu-img convert -f raw -O vpc -o subformat=dynamic disk r.vhd && bzip2 -c r.vhd >image", "vpc",
    "bzip2" },
  ["a QCOW2 under gzip"] = { "qemu-img convert -f raw -O qcow2 disk q && gzip -c q >image", "qcow2", "gzip" },
  ["a bare QCOW2"] = { "qemu-img convert -f raw -O qcow2 disk image", "qcow2", "none" },
}

describe("the disk of a stemcell's image", function()
  for what, case in pairs(PACKED) do
    it("is found in " .. what, function()
      image(case[1])
      local disk = disk_image.open(work)
      assert.same({ case[2], case[3] }, { disk.format, disk.packing })
      assert.truthy(disk.size >= 1048576 and disk.size < 2097152)
      assert.equal("mark", stemcells.must("dd if='%s' bs=1 skip=5000 count=4 status=none", work:path "disk.raw"))
      assert.is_nil(("\n" .. workbench.names(work.directory)):find("\ndisk\n", 1, true), "what was unpacked is still there")
    end)
  end

  it("is not read where it refers to another file", function()
    operator.write(directory .. "/secret", ("secret"):rep(10000))
    image(("qemu-img create -q -f qcow2 -F raw -b '%s/secret' image 1M"):format(directory))
    assert.equal(("the stemcell's image refers to another file, %s/secret"):format(directory), refused())
    os.remove(work:path "image")
    image(("qemu-img create -q -f qcow2 -o data_file='%s/secret' image 1M"):format(directory))
    assert.matches("refers to another file, .*/secret", refused())
    assert.is_nil(workbench.names(work.directory):find("disk.raw", 1, true))
  end)

  it("is not read where it is a description of files, is larger than any stemcell, or is no disk", function()
    image "printf '# Disk DescriptorFile\\nRW 2048 FLAT \"/etc/passwd\" 0\\n%600s' >image"
    assert.matches("has no disk that is known", refused())
    os.remove(work:path "image")
    image "qemu-img create -q -f qcow2 image 1T"
    assert.equal("the stemcell's image is a disk of 1024 GB; the limit is 256", refused())
    os.remove(work:path "image")
    image "echo x >readme && tar czf image readme"
    assert.equal("the stemcell's image is a gzipped tar without a disk in it", refused())
    os.remove(work:path "image")
    image "echo x >readme && tar --format=ustar -cf image readme"
    assert.equal("the stemcell's image is a tar without a VMDK in it", refused())
  end)
end)
