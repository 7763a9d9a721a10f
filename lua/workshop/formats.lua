-- What each hypervisor of CloudStack takes: how a raw disk becomes the image of a stemcell, and what the manifest says of it.
--
-- formats.of(word) -> { name, hypervisor, make(bench, facts), formats, disk_format } or nil. make writes the file "image" of the
-- bench from its "disk.raw"; facts: name, size of the disk, uefi (does it boot so alone?). lua/stemcell/image.lua recognises what
-- comes out.

local disk_image = require "workshop.disk_image"

local formats = {}

-- Converts the disk, and compares the result with it, byte by byte.
local function convert(bench, format, options, file)
  local words = { "qemu-img", "convert", "-p", "-f", "raw", "-O", format, table.unpack(options) }
  words[#words + 1], words[#words + 2] = "disk.raw", file
  bench:run(words, { what = "making the " .. format, percent = disk_image.percent })
  bench:run({ "qemu-img", "compare", "-p", "-f", "raw", "-F", format, "disk.raw", file },
    { what = "comparing the " .. format, percent = disk_image.percent })
end

-- compat=0.10, as published stemcells have it: every KVM host reads it.
local function make_qcow2(bench)
  convert(bench, "qcow2", { "-c", "-o", "compat=0.10" }, "image")
end

-- bzip2 packs; lbzip2 does it with every processor, where it is installed.
local function make_vhd(bench)
  convert(bench, "vpc", { "-o", "subformat=dynamic" }, "root.vhd")
  local packer = bench.host.workshop.find "lbzip2" and "lbzip2" or "bzip2"
  bench:run({ packer, "-c", "root.vhd" }, { output = "image", what = "packing the vpc" })
  bench:remove "root.vhd"
end

local function xml(text) return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" })) end

-- A machine with one disk on an LSI Logic controller, and one NIC. CloudStack reads the disk from it, and makes its own VMs.
local OVF = [[
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:href="image-disk1.vmdk" ovf:id="file1" ovf:size="@FILE@"/>
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
    <Disk ovf:capacity="@DISK@" ovf:capacityAllocationUnits="byte" ovf:diskId="disk1" ovf:fileRef="file1"
      ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="bridged"><Description>The network of the first NIC</Description></Network>
  </NetworkSection>
  <VirtualSystem ovf:id="stemcell">
    <Info>A BOSH stemcell</Info>
    <Name>@NAME@</Name>
    <OperatingSystemSection ovf:id="94"><Info>The guest</Info><Description>Ubuntu Linux (64-bit)</Description></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>stemcell</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits>
        <rasd:ElementName>1 virtual CPU</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>512 MB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>512</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:ElementName>SCSI controller 0</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent>
        <rasd:ElementName>Hard disk 1</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/disk1</rasd:HostResource>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>7</rasd:AddressOnParent>
        <rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>bridged</rasd:Connection>
        <rasd:ElementName>Network adapter 1</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType>
      </Item>@FIRMWARE@
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
]]

local EFI = '\n      <vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>'

-- The OVF is the OVA's first member: that is how an OVA is recognised.
local function make_ova(bench, facts)
  convert(bench, "vmdk", { "-o", "subformat=streamOptimized,adapter_type=lsilogic" }, "image-disk1.vmdk")
  local values = { NAME = xml(facts.name), DISK = facts.size, FILE = bench:size "image-disk1.vmdk",
    FIRMWARE = facts.uefi and EFI or "" }
  bench:write("image.ovf", (OVF:gsub("@(%u+)@", values)))
  bench:run({ "tar", "--create", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mode=0644", "--file", "image",
    "image.ovf", "image-disk1.vmdk" }, { what = "packing the OVA" })
  bench:remove "image.ovf"
  bench:remove "image-disk1.vmdk"
end

local all = {
  { name = "kvm", hypervisor = "KVM", make = make_qcow2, formats = { "cloudstack-qcow2" }, disk_format = "qcow2" },
  { name = "xen", hypervisor = "XenServer", make = make_vhd, formats = { "cloudstack-vhd", "cloudstack-vhdx" }, disk_format = "vhd" },
  { name = "vmware", hypervisor = "VMware", make = make_ova, formats = { "cloudstack-ova" }, disk_format = "ova" },
}

function formats.of(word)
  for _, one in ipairs(all) do
    if one.name == word then return one end
  end
end

function formats.names()
  local names = {}
  for i, one in ipairs(all) do names[i] = one.name end
  return names
end

return formats
