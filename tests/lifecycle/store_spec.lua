-- store.path as it goes wrong in the field: no room, no right, no sound file, another process's lock. What needs no store
-- goes on, and says so once; a VM that needs the registry is refused and leaves nothing. Never SQLite's own words.

local native = require "host_native"
local rig = require "rig"

local null = rig.json.null
local REGISTRY = { host = "127.0.0.1", username = "admin", password = "registry-password" }
local RAW = { "database is locked", "disk I/O error", "unable to open database", "attempt to write a readonly" }

local CREATE_DISK = { method = "create_disk", context = { director_uuid = "d" }, arguments = { 1024, { disk_offering = "shared.custom" } } }

local function create_vm(cloud, version)
  return { method = "create_vm", api_version = 2,
    context = { director_uuid = "d", request_id = "cpi-1", vm = { stemcell = { api_version = version } } },
    arguments = { "agent-1", cloud:state().templates[1].id, { compute_offering = "shared.small" },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, { bosh = {} } } }
end

local function succeeds(command) return (os.execute(command .. " >/dev/null 2>&1")) == true end

-- As root nothing is forbidden: without this capability a directory's mode counts for root too.
local HUMBLE = succeeds "setpriv --bounding-set=-dac_override,-dac_read_search true"
  and "setpriv --bounding-set=-dac_override,-dac_read_search" or ""
local CAN_MOUNT = succeeds "unshare -m mount -t tmpfs none /mnt"

-- Runs the CPI where DIRECTORY is a file system of its own, of so many KB.
local function on_disk_of(kilobytes, directory, more)
  local script = ("mount -t tmpfs -o size=%dk none %s && %s exec \"$@\""):format(kilobytes, directory, more or "")
  return "unshare -m sh -c " .. rig.quote(script) .. " sh"
end

local function plain(text)
  for _, words in ipairs(RAW) do assert.is_nil(text:find(words, 1, true), text) end
  return text
end

-- A cloud whose store is in a directory of its own.
local function cloud_with(more)
  local cloud = rig.start { role = "bosh", store = true, config = more }
  cloud.place = cloud.directory .. "/place"
  cloud.store = cloud.place .. "/store.db"
  assert(os.execute("mkdir " .. rig.quote(cloud.place)))
  local config = rig.json.decode(io.open(cloud.config):read "a")
  config.store.path = cloud.store
  local file = assert(io.open(cloud.config, "w"))
  file:write(rig.json.encode(config))
  file:close()
  return cloud
end

local write = require("tests.support.text_file").write

-- The verb goes on, and its log says why the store is not used.
local function goes_on(run, words)
  assert.equal(0, run.exit)
  assert.equal(null, run.response.error, run.stderr)
  assert.truthy(plain(run.stderr):find(words, 1, true), run.stderr)
end

-- A VM that needs the registry is refused before anything is made.
local function refuses(cloud, run, words)
  assert.equal("Bosh::Clouds::CpiError", run.response.error.type)
  assert.truthy(plain(run.response.error.message):find(words, 1, true), run.response.error.message)
  assert.same({}, cloud:state().vms)
end

-- Both, for a store that is there from the beginning as `arrange` leaves it.
local function stands(arrange, words, options)
  local cloud <close> = cloud_with { registry = REGISTRY }
  arrange(cloud)
  local given = options and options(cloud)
  goes_on(cloud:cpi(CREATE_DISK, given), "going on without the store: store " .. cloud.store .. ": " .. words)
  assert.equal(1, #cloud:state().volumes)
  refuses(cloud, cloud:cpi(create_vm(cloud, 1), given), "store " .. cloud.store .. ": " .. words)
  local run = cloud:cpi(create_vm(cloud, 2), given)
  goes_on(run, words)
  return cloud
end

-- How many there are of "vms" or disks ("volumes").
local function living(cloud, kind)
  local count = 0
  for _, row in ipairs(cloud:state()[kind]) do
    local is_one = kind == "vms" or row.name:find("cpi-disk-", 1, true)
    if is_one and row.state ~= "Destroyed" and row.state ~= "Expunging" then count = count + 1 end
  end
  return count
end

-- A store that has served a create.
local function used(cloud)
  assert.equal(null, cloud:cpi(CREATE_DISK).response.error)
  cloud:api("deleteVolume", { id = cloud:state().volumes[1].id })
end

local locked = {} -- what waits for a lock while the rest is tested

describe("store.path", function()
  -- A lock on a byte of a file, as SQLite in another process takes it. -> the pid of who has it.
  local function lock(path, byte, length)
    local code = ("f = File.open(%q, 'r+'); f.fcntl(6, [1, 0, %d, %d, 0].pack('ssx4qqix4')); puts $$; $stdout.flush; sleep"):format(
      path, byte, length)
    local pipe = assert(io.popen("exec ruby -e " .. rig.quote(code)))
    return assert(pipe:read "n"), pipe
  end

  setup(function()
    for name, what in pairs {
      ["a writer"] = { "-shm", 120, 1 }, ["one that has it for itself"] = { "", 0x40000000, 512 },
    } do
      local cloud = cloud_with { registry = REGISTRY }
      used(cloud)
      local one = { cloud = cloud }
      one.holder, one.pipe = lock(cloud.store .. what[1], what[2], what[3])
      one.disk = select(2, cloud:cpi_background(CREATE_DISK))
      one.vm = select(2, cloud:cpi_background(create_vm(cloud, 1)))
      locked[name] = one
    end
  end)
  teardown(function()
    for _, one in pairs(locked) do
      rig.kill(one.holder)
      one.pipe:close()
      one.cloud:stop()
    end
  end)

  it("in a directory that nobody may write to", function()
    local function under() return { under = HUMBLE } end
    local function forbid(cloud) assert(os.execute("chmod 500 " .. rig.quote(cloud.place))) end
    stands(forbid, "it cannot be made: its directory is closed to its owner", under)
    stands(function(cloud)
      used(cloud)
      os.remove(cloud.store .. "-wal")
      os.remove(cloud.store .. "-shm")
      forbid(cloud)
    end, "", under) -- what follows is that of the -wal
  end)

  it("that is no store", function()
    stands(function(cloud) write(cloud.store, ("no database "):rep(1000)) end, "it is damaged (file is not a database); put it aside")
    stands(function(cloud) assert(os.execute("mkdir " .. rig.quote(cloud.store))) end, "it is a directory, not a regular file; remove it")
    stands(function(cloud)
      used(cloud)
      local file = assert(io.open(cloud.store, "r+b"))
      file:seek("set", 60) -- the user version, in the file's head; the log does not have that page any more
      file:write "\0\0\0\4"
      file:close()
      os.remove(cloud.store .. "-wal")
      os.remove(cloud.store .. "-shm")
    end, "its schema is version 4, this program knows 3")
  end)

  it("that is damaged inside", function()
    local cloud <close> = cloud_with()
    used(cloud)
    assert(native.store.open(cloud.store)) -- so much that the log is brought into the file
    for i = 1, 6 do assert(native.store.put("cache", "k" .. i, ("x"):rep(1000000))) end
    os.remove(cloud.store .. "-wal")
    os.remove(cloud.store .. "-shm")
    local file = assert(io.open(cloud.store, "r+b"))
    local size = file:seek "end"
    file:seek("set", 4096)
    file:write((("\xff"):rep(size - 4096)))
    file:close()
    goes_on(cloud:cpi(CREATE_DISK), "it is damaged (database disk image is malformed); put it aside")
    local doctor = cloud:command { "doctor" }
    assert.equal(1, doctor.exit)
    assert.truthy(plain(doctor.stdout):find("store " .. cloud.store .. ": ", 1, true), doctor.stdout)
    local journal = cloud:command { "journal", "show" }
    assert.equal(2, journal.exit)
    assert.truthy(plain(journal.stderr):find("the journal cannot be read: store " .. cloud.store, 1, true), journal.stderr)
  end)

  it("that is empty is a new one", function()
    local cloud <close> = cloud_with()
    write(cloud.store, "")
    local run = cloud:cpi(CREATE_DISK)
    assert.equal(null, run.response.error)
    assert.matches("^%S+ INFO create_disk done in [^\n]+\n$", run.stderr) -- and no word about the store
    assert(native.store.open(cloud.store))
    assert.same({}, native.store.rows "journal")
  end)

  it("that may not grow, wherever that is felt: one right answer each time", function()
    local cloud <close> = cloud_with { registry = REGISTRY }
    for kilobytes = 4, 60, 8 do
      local given = { under = ("ulimit -f %d;"):format(kilobytes * 2) }
      if kilobytes == 4 then
        goes_on(cloud:cpi(CREATE_DISK, given), "going on without the store: store " .. cloud.store .. ": it cannot be ")
      end
      for kind, request in pairs { volumes = CREATE_DISK, vms = create_vm(cloud, 1) } do
        local before = living(cloud, kind)
        local run = cloud:cpi(request, given)
        local failure = run.response.error ~= null and run.response.error
        plain(run.stderr)
        if failure then
          assert.equal("Bosh::Clouds::CpiError", failure.type)
          assert.truthy(plain(failure.message):find(cloud.store .. ": ", 1, true), failure.message)
        end
        assert.equal(before + (failure and 0 or 1), living(cloud, kind), kilobytes .. " KB")
      end
    end
    local before = living(cloud, "vms")
    assert.equal(null, cloud:cpi(create_vm(cloud, 1)).response.error)
    assert.equal(before + 1, living(cloud, "vms"), "what was told stays, whatever the journal has of it")
  end)

  local it_mounts = CAN_MOUNT and it or pending
  it_mounts("on a full disk, and on one that is read-only", function()
    local full = function(cloud) return { under = on_disk_of(16, rig.quote(cloud.place)) } end
    stands(function() end, "the disk is full; make room", full)
    local cloud <close> = cloud_with { registry = REGISTRY }
    local read_only = on_disk_of(64, rig.quote(cloud.place), "mount -o remount,ro " .. rig.quote(cloud.place) .. " &&")
    goes_on(cloud:cpi(CREATE_DISK, { under = read_only }), cloud.store .. ": Read-only file system")
  end)

  it("that another process keeps locked for longer than anybody waits", function()
    for name, one in pairs(locked) do
      local words = "store " .. one.cloud.store .. ": another process keeps it locked, for longer than 10 s; fuser names it"
      local run = one.disk(40)
      goes_on(run, words)
      local _, count = run.stderr:gsub("keeps it locked", "")
      assert.is_true(count <= 6, name .. ": " .. run.stderr)
      run = one.vm(40)
      refuses(one.cloud, run, words)
    end
  end)
end)
