-- The root file system in a raw disk, without mounting it: sfdisk finds the partitions, debugfs reads and writes files, and
-- e2fsck replays the journal before and looks at the whole after.
--
--   local root = file_system.open(bench, "disk.raw")   raises CpiError where no partition is a stemcell's root
--   root.layout                                         { label, partitions = { { number, start, size, type } }, root = number, uefi }
--   root:read(path) -> text or nil                      of a regular file
--   root:write({ { path, text, mode } }, { { link path, target } })

local errors = require "errors"

local file_system = {}
file_system.__index = file_system

local SECTOR = 512
local MARK = "/var/vcap/bosh/agent.json" -- what every stemcell's root has

local function refuse(format, ...) error(errors.cpi("the stemcell's disk " .. format, ...)) end

-- The partition table; a disk without one is one file system.
local function partitions(bench, file)
  local result = bench:run({ "sfdisk", "--json", file }, { accept = { [1] = true } })
  local decoded = result.code == 0 and bench.host.json.decode(result.output)
  local found = decoded and decoded.partitiontable
  if not found then return { label = "none", partitions = { { number = 1, start = 0, size = bench:size(file) // SECTOR, type = "" } } } end
  local list = {}
  for i, one in ipairs(found.partitions or {}) do
    list[i] = { number = tonumber(one.node:match "(%d+)$") or i, start = one.start, size = one.size, type = one.type }
  end
  return { label = found.label, partitions = list }
end

local EFI = { ["C12A7328-F81F-11D2-BA4B-00A0C93EC93B"] = true, EF = true } -- types of partition, in a GPT and an MBR

-- Does the disk boot by UEFI alone? It has a partition for such loaders, and its first sector none of GRUB's for a BIOS.
local function needs_uefi(bench, file, layout)
  for _, one in ipairs(layout.partitions) do
    if EFI[one.type:upper()] then return not bench.host.images.stat(bench:path(file)).head:find("GRUB", 1, true) end
  end
  return false
end

-- One request of debugfs -> what it printed. Its exit code says whether this is an ext file system, and no more.
local function ask(self, request, accept)
  return self.bench:run({ "debugfs", "-R", request, self.device }, { accept = accept }).output
end

-- "file", "directory", "symlink"; nil for what is not there.
local function kind(self, path)
  local word = ask(self, ("stat %s"):format(path)):match "Type: (%a+)"
  return word == "regular" and "file" or word
end

function file_system.open(bench, file)
  local layout = partitions(bench, file)
  layout.uefi = needs_uefi(bench, file, layout)
  for _, one in ipairs(layout.partitions) do
    local self = setmetatable({ bench = bench, layout = layout, file = file, start = one.start * SECTOR, size = one.size * SECTOR,
      device = ("%s?offset=%d"):format(file, one.start * SECTOR) }, file_system)
    if ask(self, "stat " .. MARK, { [1] = true }):find "Type: regular" then
      layout.root = one.number
      return self
    end
  end
  refuse("has no ext file system with %s in it (partition table: %s, %d partitions)", MARK, layout.label, #layout.partitions)
end

function file_system:read(path)
  if kind(self, path) ~= "file" then return nil end
  return ask(self, "cat " .. path)
end

-- After the journal was replayed e2fsck opens the device anew, and has lost the offset: the partition is taken out for it. A
-- disk that was shut down in order needs none of this. Exit code 1: errors were corrected.
local function replay_journal(self)
  local what = { what = "replaying the journal" }
  self.bench:run({ "dd", "if=" .. self.file, "of=partition", "bs=1M", "iflag=skip_bytes,count_bytes", "conv=sparse", "status=none",
    "skip=" .. self.start, "count=" .. self.size }, what)
  self.bench:run({ "e2fsck", "-f", "-p", "partition" }, { accept = { [1] = true } })
  self.bench:run({ "dd", "if=partition", "of=" .. self.file, "bs=1M", "oflag=seek_bytes", "conv=notrunc", "status=none",
    "seek=" .. self.start }, what)
  self.bench:remove "partition"
end

function file_system:repair()
  if ask(self, "feature"):find "needs_recovery" then replay_journal(self) end
  self.bench:run({ "e2fsck", "-f", "-p", self.device }, { accept = { [1] = true }, what = "checking the file system" })
end

local function directory_of(path) return path:match "^(.*)/[^/]+$" end

-- Lines for debugfs that make a directory and those above it, once.
local function add_directories(self, path, lines, made)
  if path == "" or made[path] then return end
  made[path] = true
  add_directories(self, directory_of(path), lines, made)
  local is = kind(self, path)
  if is == nil then
    lines[#lines + 1] = "mkdir " .. path
    lines[#lines + 1] = ("sif %s mode 040755"):format(path)
  elseif is ~= "directory" then
    refuse("has a %s at %s, where a directory is expected", is, path)
  end
end

-- Lines that take away what has the name.
local function add_removal(self, path, lines)
  local is = kind(self, path)
  if is == "file" or is == "symlink" then
    lines[#lines + 1] = "rm " .. path
  elseif is then
    refuse("has a %s at %s", is, path)
  end
end

-- debugfs writes into the directory that it stands in.
local function add_file(self, number, file, lines)
  local name = "content." .. number
  self.bench:write(name, file.text)
  add_removal(self, file.path, lines)
  lines[#lines + 1] = "cd " .. directory_of(file.path)
  lines[#lines + 1] = ("write %s %s"):format(name, file.path:match "[^/]+$")
  lines[#lines + 1] = "cd /"
  for _, field in ipairs { ("mode 0100%o"):format(file.mode), "uid 0", "gid 0" } do
    lines[#lines + 1] = ("sif %s %s"):format(file.path, field)
  end
end

-- What was written is there, with its mode, and the file system is sound.
local function verify(self, files, links)
  for _, file in ipairs(files) do
    local status = ask(self, "stat " .. file.path)
    if self:read(file.path) ~= file.text then refuse("was not changed: %s is not as it was written", file.path) end
    if tonumber(status:match "Mode:%s+(%d+)", 8) ~= file.mode or not status:find "User:%s+0%s+Group:%s+0%s" then
      refuse("was not changed: %s has another mode or owner", file.path)
    end
  end
  for _, link in ipairs(links) do
    if not ask(self, "stat " .. link.path):find(('Fast link dest: "%s"'):format(link.target), 1, true) then
      refuse("was not changed: %s is not a link to %s", link.path, link.target)
    end
  end
  self.bench:run({ "e2fsck", "-f", "-n", self.device }, { what = "checking the file system" })
end

function file_system:write(files, links)
  self:repair()
  local lines, made = {}, {}
  for number, file in ipairs(files) do
    add_directories(self, directory_of(file.path), lines, made)
    add_file(self, number, file, lines)
  end
  for _, link in ipairs(links) do
    add_directories(self, directory_of(link.path), lines, made)
    add_removal(self, link.path, lines)
    lines[#lines + 1] = ("symlink %s %s"):format(link.path, link.target)
  end
  self.bench:write("changes", table.concat(lines, "\n") .. "\n")
  self.bench:run({ "debugfs", "-w", "-f", "changes", self.device }, { what = "changing the file system" })
  verify(self, files, links)
  for number in ipairs(files) do self.bench:remove("content." .. number) end
  self.bench:remove "changes"
end

return file_system
