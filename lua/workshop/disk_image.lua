-- The disk inside a stemcell's image: found in whatever the image is packed in, and made a raw disk.
--
-- What the files begin with counts, as it does in lua/stemcell/image.lua. A disk image that refers to another file is refused:
-- the tools would read that file of this machine into the stemcell.

local errors = require "errors"

local disk_image = {}

local LARGEST = 256 << 30 -- bytes of a disk; a stemcell's has 5 GB

local function refuse(format, ...) error(errors.cpi("the stemcell's image " .. format, ...)) end

local function ends(name, ending) return name:lower():sub(-#ending) == ending end

-- Which member of a tar is the disk: OpenStack's, AWS's and Google's raw or qcow2, Azure's VHD, vSphere's VMDK.
local function is_disk(name)
  return name == "root.img" or name == "disk.raw" or name == "root.vhd" or ends(name, ".vmdk")
end

local function head_of(bench, name)
  local status, why = bench.host.images.stat(bench:path(name))
  return status and status.head or error(errors.cpi("%s", why))
end

-- qemu-img's word for the format of a disk; `name` is what it was called.
local function format_of(bench, file, name)
  local head = head_of(bench, file)
  if head:sub(1, 4) == "QFI\xFB" then return "qcow2" end
  if head:sub(1, 8) == "conectix" or ends(name, ".vhd") then return "vpc" end
  if head:sub(1, 4) == "KDMV" then return "vmdk" end
  if head:sub(511, 512) == "\x55\xAA" then return "raw" end
  refuse("has no disk that is known: neither QCOW2, VHD, VMDK nor a raw disk with partitions")
end

-- The disk of a plain tar, which an OVA is.
local function take_out_of_ova(bench, out)
  local names = bench:run({ "tar", "--list", "--file", "image" }).output
  for name in names:gmatch "[^\n]+" do
    if ends(name, ".vmdk") and name:find "^[%w._][%w._-]*$" then
      bench:run({ "tar", "--extract", "--to-stdout", "--occurrence=1", "--file", "image", name },
        { output = out, what = "unpacking the disk" })
      return name
    end
  end
  refuse "is a tar without a VMDK in it"
end

local function take_out_of_gzip(bench, out)
  local members = bench.host.workshop.members(bench:path "image")
  if not members then
    bench:run({ "gzip", "-dc", "image" }, { output = out, what = "unpacking the disk" })
    return "disk"
  end
  for _, member in ipairs(members) do
    if is_disk(member.name) then
      bench:unpack(bench:path "image", member.name, out, "unpacking the disk")
      return member.name
    end
  end
  refuse "is a gzipped tar without a disk in it"
end

-- packing(head) -> "bzip2", "gzip", "tar" or "none"
function disk_image.packing(head)
  if head:sub(1, 3) == "BZh" then return "bzip2" end
  if head:sub(1, 2) == "\x1F\x8B" then return "gzip" end
  if head:sub(258, 262) == "ustar" then return "tar" end
  return "none"
end

local ways = {
  gzip = take_out_of_gzip,
  tar = take_out_of_ova,
  bzip2 = function(bench, out)
    bench:run({ "bzip2", "-dc", "image" }, { output = out, what = "unpacking the disk" })
    return "disk"
  end,
}

-- What a disk says of itself; nothing of another file.
local function describe(bench, file, format)
  local text = bench:run({ "qemu-img", "info", "--output=json", "-f", format, file }).output
  local info, why = bench.host.json.decode(text)
  if not info then error(errors.cpi("qemu-img: %s", why)) end
  local own = type(info["format-specific"]) == "table" and info["format-specific"].data or {}
  local others = info["backing-filename"] or own["data-file"]
  for _, extent in ipairs(own.extents or {}) do others = others or extent.filename ~= file and extent.filename end
  if others then refuse("refers to another file, %s", tostring(others)) end
  if info.encrypted then refuse "is encrypted" end
  if info["virtual-size"] > LARGEST then refuse("is a disk of %d GB; the limit is %d", info["virtual-size"] >> 30, LARGEST >> 30) end
  return info
end

function disk_image.percent(output) return tonumber(output:match ".*%((%d+%.%d+)/100%%%)") end

-- open(bench) -> { format, packing, size }: from the file "image" of the bench to its file "disk.raw". size: of the disk, bytes.
function disk_image.open(bench)
  local packing = disk_image.packing(head_of(bench, "image"))
  local file, name = "image", "image"
  if ways[packing] then file, name = "disk", ways[packing](bench, "disk") end
  local format = format_of(bench, file, name)
  local info = describe(bench, file, format)
  bench:run({ "qemu-img", "convert", "-p", "-f", format, "-O", "raw", file, "disk.raw" },
    { what = "reading the disk", percent = disk_image.percent })
  if file == "disk" then bench:remove(file) end
  return { format = format, packing = packing, size = info["virtual-size"] }
end

return disk_image
