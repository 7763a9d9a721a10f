-- A stemcell's tarball: its manifest and its image, taken out onto the bench and packed again.
--
-- Members are taken by name, out of whatever directory they are in, and regular files alone: no path, link or device of a
-- tarball is ever made on this machine.

local errors = require "errors"
local manifest = require "workshop.manifest"

local stemcell_file = {}

local MF, IMAGE = "stemcell.MF", "image"
-- What published stemcells have beside them; anything else is not carried over.
local ALSO = { ["packages.txt"] = true, ["dev_tools_file_list.txt"] = true, ["sbom.spdx.json"] = true, ["sbom.cdx.json"] = true }
local LARGEST_MF, LARGEST_ALSO = 1 << 20, 256 << 20 -- bytes

-- open(bench, path) -> { manifest, others = { names... }, size of the image }: the members are in the bench's directory
function stemcell_file.open(bench, path)
  local seen, others = {}, {}
  for _, one in ipairs(bench:members(path)) do
    if not seen[one.name] then seen[one.name] = one.size end
    if ALSO[one.name] and seen[one.name] <= LARGEST_ALSO and not others[one.name] then
      others[#others + 1], others[one.name] = one.name, true
    end
  end
  if not seen[MF] then error(errors.cpi("%s: there is no %s in it: it is not a stemcell", path, MF)) end
  if not seen[IMAGE] then error(errors.cpi("%s: there is no file %s in it", path, IMAGE)) end
  if seen[MF] > LARGEST_MF then error(errors.cpi("%s: its %s has %d bytes", path, MF, seen[MF])) end
  bench:unpack(path, MF, MF, "reading the manifest")
  local mf = manifest.read(bench:read(MF))
  if seen[IMAGE] > 0 then bench:unpack(path, IMAGE, IMAGE, "unpacking the stemcell") end
  for _, name in ipairs(others) do bench:unpack(path, name, name, "unpacking the stemcell") end
  return { manifest = mf, others = others, size = seen[IMAGE] }
end

local function sum_of(bench, file)
  return bench:run({ "sha1sum", "--binary", file }, { what = "summing up the image" }).output:match "^%x+"
end

-- Holds a tarball against the files that it was made of. Owners and modes differ, as they were asked to.
local function compare(bench, tarball)
  local result = bench:run({ "tar", "--compare", "--gzip", "--file", tarball },
    { what = "checking the stemcell", accept = { [1] = true } })
  local expected, other = 0, nil
  for line in (result.output .. result.errors):gmatch "[^\n]+" do
    if line:find ": Mode differs$" or line:find ": [UG]id differs$" then expected = expected + 1 else other = other or line end
  end
  if result.code == 1 and expected == 0 then other = other or "tar reports a difference" end
  if other then error(errors.cpi("the stemcell was not packed as it should be: %s", other)) end
end

-- pack(bench, mf, others) -> the name of the tarball in the bench: of the bench's "image", whose checksum goes into the manifest.
-- What is in the tarball is compared with what was put into it.
function stemcell_file.pack(bench, mf, others)
  mf:set("sha1", sum_of(bench, IMAGE))
  bench:remove(MF)
  bench:write(MF, mf:write())
  local words = { "tar", "--create", "--gzip", "--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--mode=0644",
    "--file", "stemcell.tgz", MF, table.unpack(others) }
  words[#words + 1] = IMAGE
  bench:run(words, { what = "packing the stemcell" })
  compare(bench, "stemcell.tgz")
  local members = bench:members(bench:path "stemcell.tgz")
  if #members ~= #others + 2 or members[1].name ~= MF then error(errors.cpi "the stemcell was not packed as it should be") end
  return "stemcell.tgz"
end

return stemcell_file
