-- Where a stemcell is taken apart and made: a directory beside the result, programs of this machine, and a line that says
-- what is being done. All of it ends early when the process is asked to, and the directory goes in every case.
--
--   local work <close> = bench.new(host, result, say, bench.TO_CONVERT)   say(text, percent or nil): what is under way
--   work:path "disk.raw"                           a file's path in the directory
--   work:run({ "qemu-img", ... }, { what = "...", output = name, percent = f, accept = { [1] = true } }) -> its result
--   work:unpack(tarball, member, name, what)
--   work:write(name, text)

local errors = require "errors"

local bench = {}
bench.__index = bench

local SLICE = 0.2 -- seconds between two looks at a program

-- The program, and Debian's package that has it.
local PACKAGES = {
  ["qemu-img"] = "qemu-utils", debugfs = "e2fsprogs", e2fsck = "e2fsprogs", sfdisk = "fdisk", bzip2 = "bzip2", tar = "tar",
  gzip = "gzip", sha1sum = "coreutils", dd = "coreutils",
}
bench.TO_PACK = { "tar", "gzip", "sha1sum" }
bench.TO_CONVERT = { "qemu-img", "sfdisk", "debugfs", "e2fsck", "dd", "bzip2", table.unpack(bench.TO_PACK) }

-- Raises CpiError that names every program that is missing, and the packages that have them.
local function need(host, programs)
  local missing, packages, seen = {}, {}, {}
  for _, name in ipairs(programs) do
    if not host.workshop.find(name) then
      missing[#missing + 1] = name
      if not seen[PACKAGES[name]] then packages[#packages + 1], seen[PACKAGES[name]] = PACKAGES[name], true end
    end
  end
  if #missing == 0 then return end
  error(errors.cpi("missing on this machine: %s; on Debian and Ubuntu: apt-get install %s", table.concat(missing, ", "),
    table.concat(packages, " ")))
end

-- new(host, result, say, programs) -> a bench with an empty directory beside the later file. programs: those that the work
-- needs; CpiError names the ones that are missing.
function bench.new(host, result, say, programs)
  need(host, programs)
  local directory, why = host.workshop.make_directory(result)
  if not directory then error(errors.cpi("%s", why)) end
  return setmetatable({ host = host, directory = directory, say = say }, bench)
end

-- The directory goes; what cannot be removed is named.
function bench:__close()
  local ok, why = self.host.workshop.remove_directory(self.directory)
  if not ok then self.host.log.warn("left behind: %s", why) end
end

function bench:path(name) return self.directory .. "/" .. name end

function bench:check()
  local why = self.host.interruption()
  if why then error(errors.cpi("interrupted: %s", why)) end
end

function bench:size(name)
  local status = self.host.images.stat(self:path(name))
  return status and status.size or 0
end

-- The last line of what a program complained about.
local function complaint(result)
  local last
  for line in (result.errors .. "\n"):gmatch "([^\r\n]*%S[^\r\n]*)" do last = line end
  return last or (result.signal and "it was ended by signal " .. result.signal or "exit code " .. result.code)
end

function bench:run(words, options)
  options = options or {}
  local program <close>, why = self.host.workshop.start(words, { directory = self.directory,
    output = options.output and self:path(options.output) })
  if not program then error(errors.cpi("%s", why)) end
  local result
  repeat
    self:check()
    result = program:wait(SLICE)
    if options.what then self.say(options.what, options.percent and options.percent(program:output())) end
  until result
  self:check() -- the same signal may have ended it
  if result.code == 0 or options.accept and options.accept[result.code] then return result end
  error(errors.cpi("%s: %s", words[1], complaint(result)))
end

-- The first regular file of that name becomes a file of the bench.
function bench:unpack(tarball, member, name, what)
  local unpacking <close>, size = self.host.workshop.unpack(tarball, member, self:path(name)) -- or nil, why
  if not unpacking then error(errors.cpi("%s", size)) end
  local room = self.host.workshop.room(self.directory)
  if size > room then
    error(errors.cpi("%s has %d MB, and there are %d MB free beside the result", member, size // 1048576, room // 1048576))
  end
  repeat
    self:check()
    local is_done, bytes = unpacking:run(SLICE)
    if is_done == nil then error(errors.cpi("%s of %s: %s", member, tarball, bytes)) end
    self.say(what, size > 0 and 100 * bytes / size or 100)
  until is_done
end

-- The regular files of a gzipped tar: { { name, size } ... }.
function bench:members(tarball)
  local list, why = self.host.workshop.members(tarball)
  return list or error(errors.cpi("%s", why))
end

function bench:write(name, text)
  local ok, why = self.host.files.create(self:path(name), text)
  if not ok then error(errors.cpi("%s", why)) end
end

-- A small file of the directory.
function bench:read(name)
  local text, why = self.host.files.read(self:path(name))
  return text or error(errors.cpi("%s", why))
end

-- A file that is not needed any more makes room.
function bench:remove(name) self.host.files.remove(self:path(name)) end

return bench
