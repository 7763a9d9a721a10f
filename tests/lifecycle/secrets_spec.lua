-- No secret in anything that the CPI writes: stderr at its loudest, answers, error messages, the journal.

local create_env = require "create_env"
local forms = require "tests.support.secret_forms"
local rig = require "rig"

local letters = create_env.certificate_letters

-- Everything that must not be seen, by what it is.
local function secrets_of(cloud)
  return {
    ["the API secret"] = cloud.secret_access_key, ["the API key"] = cloud.api_key, ["a signature"] = "signature=",
    ["the mbus password"] = "mbus-secret", ["the blobstore's password"] = "blobstore-secret",
    ["a certificate"] = letters.certificate:rep(64), ["a private key"] = letters.private_key:rep(64),
    ["user data"] = "eyJhZ2VudF9pZCI", ["the settings"] = '"agent_id"',
  }
end

local function assert_clean(cloud, text, where)
  for what, secret in pairs(secrets_of(cloud)) do
    assert.is_nil(text:find(secret, 1, true), ("%s is in %s:\n%s"):format(what, where, text:sub(1, 2000)))
  end
end

local function loud(more)
  local config = { log = { level = "debug" },
    agent = { mbus = "https://mbus:mbus-secret@0.0.0.0:6868",
      blobstore = { provider = "dav", options = { user = "agent", password = "blobstore-secret" } } } }
  for key, value in pairs(more or {}) do config[key] = value end
  return { role = "bosh", store = true, config = config }
end

describe("secrets", function()
  it("are in nothing that a life of a VM writes", function()
    local cloud <close> = rig.start(loud())
    local known = { image = create_env.image(cloud.directory, 1000) }
    create_env.play(known, function(stage, method, text)
      local run = cloud:cpi(text)
      assert_clean(cloud, run.stderr, stage .. " " .. method .. "'s stderr")
      if method ~= "create_vm" then assert_clean(cloud, run.stdout, method .. "'s answer") end
      return run.response.result
    end)
    assert_clean(cloud, cloud:journal(), "the journal")
  end)

  local faults = { { fault = "drop" }, { fault = "lose" }, { fault = "html" }, { fault = "truncate", bytes = 20 },
    { fault = "status", status = 500 }, { fault = "fail_job" }, { fault = "capacity" } }
  for _, fault in ipairs(faults) do
    it("are in nothing that a create_vm writes that meets the fault " .. fault.fault, function()
      local cloud <close> = rig.start(loud())
      local known = { image = create_env.image(cloud.directory, 1000), agent = "agent-1" }
      known.stemcell = cloud:cpi(create_env.calls.create_stemcell(known)).response.result
      fault.command = "deployVirtualMachine"
      if fault.fault == "fail_job" then fault.errortext = "no: " .. cloud.secret_access_key end
      cloud:faults { fault }
      local run = cloud:cpi(create_env.calls.create_vm(known))
      assert_clean(cloud, run.stderr, "stderr")
      if run.response.error ~= rig.json.null then assert_clean(cloud, run.stdout, "the error") end
      assert_clean(cloud, cloud:journal(), "the journal")
    end)
  end

  it("are in no message about a configuration that is wrong", function()
    local cloud <close> = rig.start(loud { cloudstack_ = { secret_access_key = "never" } })
    local run = cloud:cpi(create_env.calls.has_vm { vm = "cpivm-1" })
    assert.equal("Bosh::Clouds::CpiError", run.response.error.type)
    assert_clean(cloud, run.stdout .. run.stderr, "the answer")
  end)

  it("are in no message about a server that is not there", function()
    local cloud <close> = rig.start(loud { cloudstack = { endpoint = "http://127.0.0.1:1/client/api" },
      policies = { directory = rig.policies { retry = "return { api = 1, decide = function() end }" } } })
    local run = cloud:cpi(create_env.calls.has_vm { vm = "cpivm-1" })
    assert.equal("Bosh::Clouds::CloudError", run.response.error.type)
    assert_clean(cloud, run.stdout .. run.stderr, "the answer")
  end)

  -- What a server was sent, in each form, as the program itself writes it: for BOSH, and for an operator.
  for name, form in pairs(forms) do
    it("are in nothing that is written about a server that gives them back: " .. name, function()
      local never_again = rig.policies { retry = "return { api = 1, decide = function() end }" }
      local cloud <close> = rig.start(loud { policies = { directory = never_again }, agent = {
        mbus = "https://mbus:mbus%2Fp%40ssw0rd@0.0.0.0:6868",
        blobstore = { provider = "dav", options = { user = "agent", password = "blob\\store\"s/ecret=" } } } })
      local words = {}
      for _, secret in ipairs { cloud.api_key, cloud.secret_access_key, "mbus/p@ssw0rd", "blob\\store\"s/ecret=" } do
        words[#words + 1] = form(secret)
      end
      local all = table.concat(words, " and ")
      local page = "<html><head><title>Error</title></head><body>" .. all .. "</body></html>"
      local refusal = rig.json.encode { listvirtualmachinesresponse = { errorcode = 431, errortext = all } }
      for _, fault in ipairs { { fault = "status", status = 400, body = page }, { fault = "status", status = 431, body = refusal },
        { fault = "garbage", body = all }, { fault = "garbage", body = page } } do
        for _, command in ipairs { { "doctor" }, { "cid", "cpivm-1" }, { "call", "has_vm", "cpivm-1" }, { "explain" } } do
          fault.times = 20
          cloud:faults { fault }
          local text = create_env.calls.has_vm { vm = "cpivm-1" }
          local run = cloud:command(command, { stdin = text })
          local answer = command[1] == "call" and cloud:cpi(text) or { stdout = "", stderr = "" }
          local told = run.stdout .. run.stderr .. answer.stdout .. answer.stderr .. cloud:journal()
          for _, word in ipairs(words) do
            for at = 1, #word - 11 do
              local piece = word:sub(at, at + 11)
              assert.is_nil(told:find(piece, 1, true), ("%q is in what %s has written:\n%s"):format(piece, command[1], told:sub(1, 3000)))
            end
          end
          cloud:reset()
        end
      end
    end)
  end

  it("that are ordinary words garble nothing, and doctor names them", function()
    local cloud <close> = rig.start { store = true, config = { agent = { mbus = "https://mbus:secret@0.0.0.0:6868",
      blobstore = { provider = "dav", options = { user = "agent", password = "cloudstack" } } } } }
    local known = { agent = "agent-1", stemcell = "ubuntu-builtin" }
    local told = ""
    for _, words in ipairs { { "doctor" }, { "doctor", "--output", "json" }, { "explain" }, { "explain", "--output", "json" } } do
      local run = cloud:command(words, { stdin = create_env.calls.create_vm(known) })
      told = told .. run.stdout .. run.stderr
    end
    for _, garbled in ipairs { "<redacted>_", "_<redacted>", '"<redacted>":', "<redacted>." } do
      assert.is_nil(told:find(garbled, 1, true), told)
    end
    assert.truthy(told:find("agent.mbus is too short to be masked", 1, true), told)
    assert.truthy(told:find("agent.blobstore.options.password is too short to be masked", 1, true), told)
  end)

  it("are in no core file: neither program has one", function()
    local cloud <close> = rig.start(loud())
    local function limit_of(pid)
      local file = io.open(("/proc/%d/limits"):format(pid))
      local text = file and file:read "a"
      if file then file:close() end
      if not text then return nil end
      return text:match "Max core file size%s+(%S+)%s+(%S+)"
    end
    if not limit_of(cloud.server) then return end -- no /proc here; the unit test asks the kernel
    assert.same({ "0", "0" }, { limit_of(cloud.server) })
    cloud:faults { { fault = "delay", seconds = 30, command = "listVirtualMachines" } }
    local pid = cloud:cpi_background(create_env.calls.has_vm { vm = "cpivm-1" })
    rig.wait(function() return #cloud:requests() > 0 end, 10)
    assert.same({ "0", "0" }, { limit_of(pid) })
  end)
end)
