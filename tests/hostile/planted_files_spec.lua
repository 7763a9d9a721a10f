-- The programs run by root, their files in a directory of another user (vcap, on a director), who has put something in the
-- place of one of them. Which files there are is not said here: it is found by a run that is watched. Nothing of root's is
-- read, changed, made or given away through what was put there; nobody waits for it; and the words name path and remedy.

local rig = require "rig"
local text_file = require "tests.support.text_file"

local quote = rig.quote
local USER = "nobody"
local PATIENCE = 20 -- seconds; what waits for a FIFO or reads a device waits for ever

local output_of = require("tests.support.shell").all_of

local IS_ROOT = output_of("id -u"):match "%d+" == "0"
local CAN_TRACE = (os.execute "strace -o /dev/null true >/dev/null 2>&1") == true
if not IS_ROOT then
  describe("files in a directory of another user", function() pending "are tried by root alone" end)
  return
end

local SAME = "return { api = 1, decide = function(facts, default) return default(facts) end }"

local CREATE_DISK = { method = "create_disk", context = { director_uuid = "d" }, arguments = { 1024, { disk_offering = "shared.custom" } } }
local IMAGE = "QFI\xFB" .. ("q"):rep(5000)

-- ---------------------------------------------------------------------------------------------------------
-- a director, as far as files go

local function start()
  local cloud = rig.start { role = "bosh", world = { hypervisor = "KVM" } }
  local place, outside = cloud.directory .. "/place", cloud.directory .. "/outside"
  function cloud.sh(line) return output_of(("cd %s && %s"):format(quote(cloud.directory), line)) end
  cloud.place, cloud.outside = place, outside
  cloud.sh "mkdir -p place/policies place/templates outside && printf precious >outside/file && chmod 755 ."
  for _, name in ipairs { "names", "retry" } do text_file.write(("%s/policies/%s.lua"):format(place, name), SAME) end
  text_file.write(place .. "/policies/stemcell.lua", [[return { api = 1, decide = function(facts, default)
    local answer = default(facts)
    return answer.how == "upload" and "publish" or answer
  end }]])
  text_file.write(cloud.directory .. "/image", IMAGE)
  local config = rig.json.decode(io.open(cloud.config):read "a")
  config.store = { path = place .. "/store.db" }
  config.policies = { directory = place .. "/policies" }
  config.templates = { directory = place .. "/templates", url = "http://192.0.2.6:6902/" }
  config.registry = { host = "127.0.0.1", username = "u", password = "registry-password" }
  config.cloudstack.throttle = { concurrent = 5 }
  text_file.write(cloud.config, rig.json.encode(config))
  cloud.sh(("chown -R %s place"):format(USER))
  return cloud
end

-- What root may run, besides the daemons: what follows "cpi --config FILE".
local CREATE_STEMCELL = { method = "create_stemcell", context = { director_uuid = "d" }, api_version = 2 }
local runs = {
  "<create_disk.json", "<create_stemcell.json", "journal show", "doctor", "verify",
  "policy list", "policy check place/policies", "policy test place/policies",
}

local function write_requests(cloud)
  CREATE_STEMCELL.arguments = { cloud.directory .. "/image", { hypervisor = "kvm", name = "ubuntu", version = "1.2" } }
  text_file.write(cloud.directory .. "/create_disk.json", rig.json.encode(CREATE_DISK))
  text_file.write(cloud.directory .. "/create_stemcell.json", rig.json.encode(CREATE_STEMCELL))
end

-- Starts a daemon and ends it -> what it said.
local function daemon(cloud, name)
  local before = {}
  for pid in pairs(cloud.background) do before[pid] = true end
  pcall(cloud.daemon, cloud, name)
  for pid in pairs(cloud.background) do
    if not before[pid] then
      rig.kill(pid)
      cloud.background[pid] = nil
    end
  end
  return cloud.sh(("cat %s.err"):format(name))
end

-- Runs all of them -> what they said, each with its exit code; a run that had to be ended fails the test.
local function run_all(cloud, under)
  local said = {}
  under = under or ("timeout %d"):format(PATIENCE)
  for i, run in ipairs(runs) do
    local line = ("%s %s --config %s %s"):format(under, quote(rig.program "cpi"), quote(cloud.config), run)
    said[i] = cloud.sh(line .. "; echo exit $?")
    assert.is_nil(said[i]:find("exit 124", 1, true), line .. " waited")
  end
  for _, name in ipairs { "registry", "templates" } do said[#said + 1] = daemon(cloud, name) end
  return table.concat(said, "\n")
end

-- ---------------------------------------------------------------------------------------------------------
-- which files there are

-- Files below the place that the trace has: { path = the flags it was opened to write with, or false }
local function traced(cloud)
  local list = {}
  for line in cloud.sh("cat trace.*"):gmatch "[^\n]+" do
    local directory, name, flags = line:match 'openat%([^<]*<([^>]*)>, "([^"]*)", ([%u_|]+)'
    if not directory then
      directory, flags = line:match 'open%w*%(.-"(/[^"]*)", ([%u_|]+)'
      name = ""
    end
    local path = directory and (name:find "^/" and name or directory .. (name ~= "" and "/" .. name or ""))
    if path and path:find(cloud.place .. "/", 1, true) == 1 and not flags:find("O_DIRECTORY", 1, true) then
      list[path] = list[path] or {}
      list[path][flags] = true
    end
  end
  return list
end

-- All that are opened or made: what is there after a run, and what a watched run opened, without those of random names.
local function all_files(cloud)
  local list, seen = {}, {}
  local function add(path)
    if not seen[path] and not path:find "/templates/." then list[#list + 1] = path end
    seen[path] = true
  end
  for path in cloud.sh("find place -type f | sort"):gmatch "[^\n]+" do add(cloud.directory .. "/" .. path) end
  if CAN_TRACE then for path in pairs(traced(cloud)) do add(path) end end
  table.sort(list)
  return list
end

describe("files in a directory of another user", function()
  local cloud, files
  setup(function()
    cloud = start()
    write_requests(cloud)
    run_all(cloud, CAN_TRACE and "strace -ff -y -e trace=%file -o trace" or nil)
    files = all_files(cloud)
    cloud.sh "cp -a place as-it-was"
  end)
  teardown(function() cloud:stop() end)

  local function restore() cloud.sh "rm -rf place && cp -a as-it-was place" end

  it("belong to this user, whoever makes them", function()
    assert.equal("", cloud.sh(("find place ! -user %s -o -perm /022"):format(USER)))
    local names = table.concat(files, "\n")
    for _, one in ipairs { "/store.db", "/store.db%-wal", "/store.db%-shm", "/store.db%.throttle%-", "/policies/names.lua" } do
      assert.truthy(names:find(one), names)
    end
    local as_user = ("setpriv --reuid=%s --regid=%s --init-groups"):format(USER, output_of("id -gn " .. USER):match "%S+")
    cloud.sh "chmod 644 cpi.json create_disk.json"
    -- The user may not be allowed to look into the directory that the program was built in.
    cloud.sh(("mkdir -p program/build && cp %s program/build/cpi && cp -r %s program/lua && chmod -R a+rX program"):format(
      quote(rig.program "cpi"), quote(output_of "pwd":match "[^\n]+" .. "/lua")))
    local said = cloud.sh(("%s program/build/cpi --config cpi.json <create_disk.json"):format(as_user))
    assert.truthy(said:find('"error":null', 1, true), said)
    assert.is_nil(said:find("going on without", 1, true), said)
  end)

  if CAN_TRACE then
    it("are written to and made by a call that follows no symlink", function()
      local seen = 0
      for path, ways in pairs(traced(cloud)) do
        for flags in pairs(ways) do
          if flags:find "O_RDWR" or flags:find "O_WRONLY" or flags:find "O_CREAT" then
            seen = seen + 1
            assert.truthy(flags:find("O_NOFOLLOW", 1, true), path .. " " .. flags)
          end
          assert.truthy(flags:find("O_CLOEXEC", 1, true), path .. " " .. flags)
        end
      end
      assert.is_true(seen >= 5)
    end)
  else
    pending "are written to and made by a call that follows no symlink (no strace here, or nothing can be traced)"
  end

  -- What is put there, and the words for it; `where` leaves out files that it is good for.
  local kinds = {
    { "a symlink to a file of root's", "ln -s %s/file %s", "it is a symlink", where = "/store" },
    { "a symlink to a file that is not there", "ln -s %s/new %s", "it is a symlink", where = "/store" },
    { "a symlink to a device", "ln -s /dev/zero %s", "it is a %w+, not a regular file" },
    { "a FIFO", "mkfifo %s", "it is a FIFO" },
    { "a directory", "mkdir %s", "it is a directory" },
    { "a device", "mknod %s c 1 5", "it is a device" },
    { "a hard link to a file of root's", "ln %s/file %s", "hard link", where = "/store" },
    { "a file of 3 GB", "truncate -s 3G %s", "larger than", where = "/policies/" },
  }

  for _, kind in ipairs(kinds) do
    it(("are not mistaken for %s"):format(kind[1]), function()
      for _, path in ipairs(files) do
        restore()
        local line = kind[2]:find "%%s.*%%s" and kind[2]:format(quote(cloud.outside), quote(path)) or kind[2]:format(quote(path))
        cloud.sh(("rm -f %s; %s && chown -h %s %s"):format(quote(path), line, kind[2]:find "^ln %%s" and "root" or USER, quote(path)))
        local said = run_all(cloud)
        local at = said:find(path:gsub("%p", "%%%0") .. ": [^\n]*" .. kind[3])
        if path:find(kind.where or "", 1, true) then
          assert.truthy(at, ("%s in place of %s is not told:\n%s"):format(kind[1], path, said))
          local words = said:sub(at, at + 600)
          assert.truthy(words:find "remove" or words:find "in its place" or words:find "put it aside", words)
        end
        assert.equal("file\n", cloud.sh "ls outside")
        assert.equal("precious root 644", cloud.sh "cat outside/file; stat -c ' %U %a' outside/file" :gsub("\n$", ""))
      end
    end)
  end
end)
