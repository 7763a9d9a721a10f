-- The job's scripts run by root, in directories where the user that the CPI runs as has planted something: root makes,
-- overwrites and gives away nothing through it. Only root can play both; the user is one without rights.

local job = require "job"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local quote = rig.quote
local IS_ROOT = job.run("id -u"):match "%d+" == "0"
local USER, GROUP = "nobody", job.run("id -gn nobody"):match "%S+"

if not IS_ROOT then
  describe("the job's scripts", function() pending "are tried by root alone" end)
  return
end

-- Something of root's that nobody is to touch, and how it is now.
local PRECIOUS = "precious"

local place -- /var/vcap of these tests: root's, like all on the way
local function sh(line) return job.run(("cd %s && (%s)"):format(quote(place), line)) end
local function as_user(line)
  return sh(("setpriv --reuid=%s --regid=%s --init-groups sh -c %s"):format(USER, GROUP, quote(line)))
end
local function owner(path) return sh("stat -c '%U %a %F' " .. quote(path)):match "[^\n]+" end
local function state_of_precious()
  return sh "cat etc/file; stat -c '%U %G %a' etc etc/file etc/inside; ls etc"
end

-- The scripts, installed with these properties; their places are below `place`.
local function install(properties)
  local given = { cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "k", secret_access_key = "s" } }
  for name, value in pairs(properties) do job.put(given, name, value) end
  local root = job.install(place, given)
  sh(("sed -i 's#/var/vcap#%s#; s/^user=vcap/user=%s/; s/^group=vcap/group=%s/' jobs/cloudstack_cpi/bin/*"):format(place, USER, GROUP))
  return root
end

-- Runs one of them -> what it says, its exit code.
local function run(script, words)
  local said = sh(("BOSH_JOBS_DIR=%s/jobs BOSH_PACKAGES_DIR=%s/packages jobs/cloudstack_cpi/bin/%s %s 2>&1 </dev/null; echo $?")
    :format(place, place, script, words or ""))
  local text, code = said:match "^(.-)(%d+)\n$"
  return text, tonumber(code)
end

describe("the job's scripts", function()
  local before
  before_each(function()
    place = job.run("mktemp -d"):match "%S+"
    sh(("chmod 755 . && mkdir -p etc/inside store data/sys/run data/sys/log && ln -s data/sys sys && printf %s >etc/file"):format(PRECIOUS))
    before = state_of_precious()
  end)
  after_each(function()
    assert.equal(before, state_of_precious())
    job.run("rm -rf " .. quote(place))
  end)

  local function with_store(directory) install { ["store.path"] = place .. "/" .. directory .. "/store.db" } end

  it("make directories for their user, also below a symlink of root's, and those of pid files for root", function()
    with_store "store/cpi/deep"
    for _ = 1, 2 do -- as at every update
      local said, code = run "pre-start"
      assert.same({ "", 0 }, { said, code })
      assert.equal(USER .. " 755 directory", owner "data/sys/log/cloudstack_cpi")
      assert.equal("root 755 directory", owner "data/sys/run/cloudstack_cpi")
      assert.equal(USER .. " 755 directory", owner "store/cpi/deep")
      assert.equal("root 755 directory", owner "store/cpi")
    end
  end)

  it("leave a directory as it is, but for its owner, where only root could have made it", function()
    with_store "store/cpi"
    sh "mkdir -m 700 store/cpi"
    sh(("mkdir -m 770 sys/run/cloudstack_cpi && chown %s sys/run/cloudstack_cpi"):format(USER)) -- of an earlier release
    assert.equal("", (run "pre-start"))
    assert.equal(USER .. " 700 directory", owner "store/cpi")
    assert.equal("root 755 directory", owner "sys/run/cloudstack_cpi")
  end)

  it("let the user make what lies below a directory of his", function()
    with_store "store/cpi/deep/deeper"
    sh(("mkdir store/cpi && chown %s store/cpi"):format(USER))
    assert.equal("", (run "pre-start"))
    assert.equal(USER .. " 755 directory", owner "store/cpi/deep/deeper")
    assert.equal(USER .. " 755 directory", owner "store/cpi/deep")
  end)

  -- What the user puts where a directory is to be, and what is said of it.
  local planted = {
    ["a symlink to a directory"] = { "ln -s %s/etc NAME", "is a symlink; put a directory in its place" },
    ["a symlink to a directory to be made"] = { "ln -s %s/etc/new NAME", "is not a directory; put one in its place" },
    ["a symlink to nothing"] = { "ln -s nowhere NAME", "is not a directory; put one in its place" },
    ["a file"] = { "echo >NAME", "is not a directory; put one in its place" },
    ["a FIFO"] = { "mkfifo NAME", "is not a directory; put one in its place" },
  }
  for what, row in pairs(planted) do
    for name, directory in pairs { ["the store's directory"] = "store/cpi/deep", ["one on the way"] = "store/cpi/deep/inside" } do
      it(("do not follow %s in place of %s"):format(what, name), function()
        with_store(directory)
        sh(("mkdir store/cpi && chown %s store/cpi"):format(USER))
        as_user((row[1]:gsub("NAME", "store/cpi/deep"):gsub("%%s", place)))
        local said, code = run "pre-start"
        assert.equal(1, code)
        assert.truthy(said:find(("%s/%s: 'deep' in %s/store/cpi %s"):format(place, directory, place, row[2]), 1, true), said)
      end)
    end
  end

  it("give away no directory of root's that the user moved below one of his", function()
    with_store "store/cpi/deep"
    sh(("mkdir -p store/cpi/deep && chown %s store/cpi"):format(USER))
    local said, code = run "pre-start"
    assert.equal(1, code)
    assert.truthy(said:find("it belongs to user root, in a directory of nobody's; chown it to nobody", 1, true), said)
    assert.equal("root 755 directory", owner "store/cpi/deep")
  end)

  it("do not follow a symlink in place of the run or log directory, where the group may write", function()
    with_store "store/cpi"
    sh(("chown root:%s data/sys/run data/sys/log && chmod 770 data/sys/run data/sys/log"):format(GROUP))
    for _, name in ipairs { "run", "log" } do
      as_user(("ln -s %s/etc data/sys/%s/cloudstack_cpi"):format(place, name))
      local said, code = run "pre-start"
      assert.equal(1, code)
      assert.truthy(said:find("'cloudstack_cpi' in " .. place .. "/data/sys/" .. name .. " is a symlink", 1, true), said)
      sh(("rm data/sys/%s/cloudstack_cpi"):format(name))
    end
    assert.equal("", (run "pre-start"))
    assert.equal("root 755 directory", owner "sys/run/cloudstack_cpi")
    assert.equal(USER .. " 755 directory", owner "sys/log/cloudstack_cpi")
  end)

  -- A daemon that stays until it is ended, started as the user; what it writes goes to its logs.
  local function install_daemon()
    install { ["registry.enabled"] = true, ["registry.host"] = "127.0.0.1", ["registry.username"] = "u",
      ["registry.password"] = "registry-password", ["store.path"] = place .. "/store/cpi/store.db" }
    sh(("mkdir -p packages/cloudstack_cpi/bin running && mkfifo running/never && chown -R %s running"):format(USER))
    text_file.write(place .. "/packages/cloudstack_cpi/bin/cpi-server",
      ("#!/bin/sh\nid -un >&2\necho started\n: >%s/running/it-is\nread -r line <%s/running/never\n"):format(place, place))
    sh "chmod 755 packages/cloudstack_cpi/bin/cpi-server"
  end

  local function start()
    os.execute(("BOSH_JOBS_DIR=%s/jobs BOSH_PACKAGES_DIR=%s/packages %s/jobs/cloudstack_cpi/bin/server_ctl start registry "
      .. ">/dev/null 2>&1 </dev/null &"):format(place, place, place))
    rig.wait(function() return os.execute(("test -e %s/running/it-is"):format(place)) end, 20)
  end

  it("write the pid file as root where only root can, and the logs as the user", function()
    install_daemon()
    sh(("mkdir sys/run/cloudstack_cpi sys/log/cloudstack_cpi && chown %s sys/*/cloudstack_cpi"):format(USER)) -- of an earlier release
    for _, name in ipairs { "run/cloudstack_cpi/registry.pid", "run/cloudstack_cpi/registry.pid.new" } do
      as_user(("ln -s %s/etc/file sys/%s"):format(place, name))
    end
    sh "touch sys/log/cloudstack_cpi/registry.stdout.log" -- root's, of an earlier release
    start()
    assert.equal("root 755 directory", owner "sys/run/cloudstack_cpi")
    assert.equal("root 644 regular file", owner "sys/run/cloudstack_cpi/registry.pid")
    assert.equal(USER .. " 640 regular file", owner "sys/log/cloudstack_cpi/registry.stdout.log")
    assert.equal(USER .. " 640 regular file", owner "sys/log/cloudstack_cpi/registry.stderr.log")
    assert.equal("started\n", sh "cat sys/log/cloudstack_cpi/registry.stdout.log")
    assert.equal(USER .. "\n", sh "cat sys/log/cloudstack_cpi/registry.stderr.log")
    local pid = sh("cat sys/run/cloudstack_cpi/registry.pid"):match "%d+"
    assert.truthy(run("server_ctl", "start registry"):find("runs already, process " .. pid, 1, true))
    assert.same({ "", 0 }, { run("server_ctl", "stop registry") })
    rig.wait(function() return not io.open("/proc/" .. pid .. "/cmdline") end, 20)
    assert.equal("", sh "ls sys/run/cloudstack_cpi")
  end)

  it("open no log through a symlink to a file of root's", function()
    install_daemon()
    assert.equal("", (run "pre-start"))
    as_user(("ln -s %s/etc/file sys/log/cloudstack_cpi/registry.stdout.log && ln -s %s/etc/new sys/log/cloudstack_cpi/registry.stderr.log")
      :format(place, place))
    run("server_ctl", "start registry")
    run("server_ctl", "stop registry")
  end)

  it("end no process of root's, whatever the user wrote where a pid file was", function()
    install_daemon()
    text_file.write(place .. "/cpi-server", ("#!/bin/sh\nread -r line <%s/running/never\n"):format(place))
    sh "chmod 755 cpi-server"
    local pid = job.run(("%s/cpi-server registry >/dev/null 2>&1 & echo $!"):format(place)):match "%d+"
    sh(("mkdir sys/run/cloudstack_cpi && chown %s sys/run/cloudstack_cpi"):format(USER))
    as_user(("echo %s >sys/run/cloudstack_cpi/registry.pid"):format(pid))
    run("server_ctl", "stop registry")
    assert(io.open("/proc/" .. pid .. "/cmdline")):close()
    job.run("kill " .. pid)
  end)
end)
