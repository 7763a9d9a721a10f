-- The job's scripts, run: what BOSH's environment makes of bin/cpi, and what pre-start makes.

local job = require "job"
local rig = require "rig"

local quote = rig.quote

local BASE = { endpoint = "https://cloud.test/client/api", api_key = "k", secret_access_key = "s" }

-- A program that tells how it was called.
local TELLS = [[#!/bin/sh
for word; do echo "argument=$word"; done
env
cat
echo "this goes to stderr" >&2
exit 7
]]

describe("bin/cpi", function()
  local place
  before_each(function()
    place = job.run("mktemp -d"):match "%S+"
    job.run(("mkdir -p %s/packages/cloudstack_cpi/bin"):format(place))
    local file = assert(io.open(place .. "/packages/cloudstack_cpi/bin/cpi", "w"))
    file:write(TELLS)
    file:close()
    job.run(("chmod +x %s/packages/cloudstack_cpi/bin/cpi"):format(place))
  end)
  after_each(function() job.run("rm -rf " .. place) end)

  -- Runs it with nothing but PATH and the two directories -> its stdout, stderr and exit code.
  local function run(properties, arguments, shell)
    local root = job.install(place, properties)
    local line = ("echo request | env -i PATH=/usr/bin:/bin BOSH_PACKAGES_DIR=%s/packages BOSH_JOBS_DIR=%s/jobs %s %s/bin/cpi %s "
      .. ">%s/out 2>%s/err; echo $?"):format(place, place, shell or "bash", root, arguments or "", place, place)
    local code = tonumber((job.run(line)))
    local function text(name)
      local file = assert(io.open(place .. "/" .. name))
      local words = file:read "a"
      file:close()
      return words
    end
    return text "out", text "err", code
  end

  it("becomes the CPI, with its configuration, wherever BOSH put both", function()
    local out, err, code = run { cloudstack = BASE }
    assert.truthy(out:find(("argument=--config\nargument=%s/jobs/cloudstack_cpi/config/cpi.json\n"):format(place), 1, true), out)
    assert.truthy(out:find("request\n", 1, true))
    assert.equal("this goes to stderr\n", err)
    assert.equal(7, code)
  end)

  it("looks where a stemcell has them when BOSH does not say", function()
    local root = job.install(place, { cloudstack = BASE })
    local file = assert(io.open(root .. "/bin/cpi"))
    local text = file:read "a"
    file:close()
    assert.truthy(text:find("${BOSH_PACKAGES_DIR:-/var/vcap/packages}", 1, true))
    assert.truthy(text:find("${BOSH_JOBS_DIR:-/var/vcap/jobs}", 1, true))
  end)

  it("takes an operator's command", function()
    local out = run({ cloudstack = BASE }, "journal show")
    assert.truthy(out:find("cpi.json\nargument=journal\nargument=show\n", 1, true), out)
  end)

  it("exports the proxies in both cases, whatever is in them", function()
    local tricky = "http://us'er:p$(x)`y`\"@proxy:3128"
    local out = run { cloudstack = BASE, env = { http_proxy = tricky, https_proxy = "http://p2:3128", no_proxy = "a,.b" } }
    for name, value in pairs { http_proxy = tricky, https_proxy = "http://p2:3128", no_proxy = "a,.b" } do
      assert.truthy(out:find(("\n%s=%s\n"):format(name, value), 1, true), name)
      assert.truthy(out:find(("\n%s=%s\n"):format(name:upper(), value), 1, true), name:upper())
    end
  end)

  it("exports nothing that was not given", function()
    assert.is_nil((run { cloudstack = BASE }):lower():find("_proxy", 1, true))
  end)

  it("is no more than a POSIX shell understands, so that any bash runs it", function()
    local out, _, code = run({ cloudstack = BASE, env = { no_proxy = "localhost" } }, nil, "sh")
    assert.truthy(out:find("argument=--config", 1, true))
    assert.equal(7, code)
  end)
end)

describe("the scripts", function()
  it("are right as far as a shell can tell", function()
    local place = job.run("mktemp -d"):match "%S+"
    local root = job.install(place, { cloudstack = BASE, store = { path = "/var/vcap/store/it's/store.db" } })
    for _, name in ipairs { "cpi", "directories", "pre-start", "server_ctl" } do
      job.run(("bash -n %s && sh -n %s"):format(quote(root .. "/bin/" .. name), quote(root .. "/bin/" .. name)))
    end
    job.run("rm -rf " .. place)
  end)
end)

describe("bin/pre-start", function()
  local function script(properties)
    local _, files = job.configuration(properties)
    return files["bin/pre-start"]
  end

  it("makes what the CPI writes to, for the user that it runs as", function()
    local text = script { cloudstack = BASE, store = { path = "/var/vcap/store/cloudstack_cpi/store.db" } }
    for _, directory in ipairs { "/var/vcap/sys/log/cloudstack_cpi", "/var/vcap/store/cloudstack_cpi" } do
      assert.truthy(text:find(("\nown '%s' user\n"):format(directory), 1, true), text)
    end
  end)

  it("makes no store where there is none", function()
    assert.is_nil(script({ cloudstack = BASE }):find("/var/vcap/store", 1, true))
  end)
end)
