local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local json = native.json
local trial

local function keypair(arguments, more) return operator.on(trial, "keypair", arguments, more) end

local function names()
  local list = {}
  for i, row in ipairs(json.decode(select(2, keypair { "list", "--output", "json" }))) do list[i] = row.name end
  table.sort(list)
  return list
end

local before

-- CloudStack refuses the command, so many times.
local function refuse(command, code, text, times)
  local answer = json.encode { [command:lower() .. "response"] = { errorcode = code, errortext = text } }
  trial.sim.fault { command = command, fault = "status", status = code, body = answer, times = times }
end

before_each(function()
  trial = new_trial { host = native }
  before = names()
end)

describe("cpi keypair create", function()
  it("shows the private key, once, and has it masked everywhere else", function()
    local code, out, err = keypair { "create", "mine" }
    assert.same({ 0, "" }, { code, err })
    assert.matches("^%-%-%-%-%-BEGIN RSA PRIVATE KEY%-%-%-%-%-\n.*\n%-%-%-%-%-END RSA PRIVATE KEY%-%-%-%-%-\n$", out)
    local masked = table.concat(trial.host.log.secrets, "|")
    assert.truthy(masked:find(out:gsub("\n$", ""), 1, true))
    assert.equal(#before + 1, #names())
  end)

  it("puts it into a new file, and does not show it", function()
    local path = operator.directory() .. "/key"
    local code, out = keypair { "create", "mine", "--private-key", path }
    assert.same({ 0, ("key pair 'mine' is made; its private key is in %s\n"):format(path) }, { code, out })
    assert.matches("^%-%-%-%-%-BEGIN RSA PRIVATE KEY", native.files.read(path))
  end)

  it("takes back a key pair whose private key cannot be shown or kept", function()
    local path = operator.write(operator.directory() .. "/key", "there already")
    local code, out, err = keypair { "create", "mine", "--private-key", path }
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("File exists", 1, true), err)
    assert.equal("there already", native.files.read(path))
    assert.same(before, names())
    local said = {}
    code = keypair({ "create", "mine" }, { console = { clean = native.console.clean, error = function(text) said[#said + 1] = text end,
      write = function() return nil, "nobody reads" end } })
    assert.same({ 1, { "cpi: nobody reads\n" } }, { code, said })
    assert.same(before, names())
  end)

  it("takes back one whose answer was lost, as nobody has its private key", function()
    trial.sim.fault { command = "createSSHKeyPair", fault = "lose" }
    local code, out, err = keypair { "create", "mine" }
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("createSSHKeyPair", 1, true), err)
    assert.is_nil(err:find("left behind", 1, true))
    assert.same(before, names())
  end)

  it("says what it had to leave behind", function()
    trial.sim.fault { command = "createSSHKeyPair", fault = "lose" }
    refuse("deleteSSHKeyPair", 530, "not now", 9)
    local code, _, err = keypair { "create", "mine" }
    assert.equal(1, code)
    assert.truthy(err:find("; left behind: key pair 'mine' (not now)", 1, true), err)
  end)

  it("takes back nothing where CloudStack refused", function()
    refuse("createSSHKeyPair", 431, "no")
    trial.requests()
    local code, _, err = keypair { "create", "mine" }
    assert.equal(1, code)
    assert.truthy(err:find("no", 1, true), err)
    for _, request in ipairs(trial.requests()) do assert.are_not.equal("deleteSSHKeyPair", request.command) end
  end)

  it("refuses a name that is there", function()
    assert.equal(0, (keypair { "create", "mine" }))
    local code, out, err = keypair { "create", "mine" }
    assert.same({ 1, "cpi: key pair 'mine' is there already\n", "" }, { code, err, out })
  end)
end)

describe("cpi keypair delete", function()
  it("deletes it, and is content where it is not there", function()
    keypair { "create", "mine" }
    assert.same({ 0, "key pair 'mine' is deleted\n", "" }, { keypair { "delete", "mine" } })
    assert.same(before, names())
    assert.same({ 0, "key pair 'mine' is not there\n", "" }, { keypair { "delete", "mine" } })
  end)

  it("refuses one that VMs were deployed with, and names them", function()
    keypair { "create", "mine" }
    local vm = trial.cid { cloud_properties = { compute_offering = "shared.small", key_name = "mine" } }
    local code, _, err = keypair { "delete", "mine" }
    assert.same({ 1, ("cpi: key pair 'mine' is used by VM %s\n"):format(vm) }, { code, err })
    assert.equal(#before + 1, #names())
  end)

  it("fails in CloudStack's words", function()
    refuse("deleteSSHKeyPair", 530, "it is locked", 9)
    local code, _, err = keypair { "delete", "mine" }
    assert.equal(1, code)
    assert.truthy(err:find("it is locked", 1, true), err)
  end)
end)

describe("cpi keypair list", function()
  it("tells fingerprint and name", function()
    keypair { "create", "mine" }
    local code, out = keypair { "list" }
    assert.equal(0, code)
    assert.matches("%x%x:%x%x%S*  mine\n", out)
    local told = json.decode(select(2, keypair { "list", "--output", "json" }))
    assert.equal(#before + 1, #told)
    assert.matches("^%x%x:%x%x", told[1].fingerprint)
  end)
end)

describe("cpi keypair", function()
  for _, row in ipairs { { {} }, { { "create" } }, { { "list", "x" } }, { { "make", "x" } }, { { "delete", "a", "b" } },
    { { "create", "" }, "a key pair has a name" }, { { "delete", "a", "--private-key", "x" }, "--private-key is for create" },
    { { "create", "a", "--output", "json" }, "--output is for list" } } do
    it("ends with 2 for '" .. table.concat(row[1], " ") .. "', and asks nothing", function()
      trial.requests()
      local code, out, err = keypair(row[1])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(row[2] or "usage: cpi [--config FILE] keypair", 1, true), err)
      assert.same({}, trial.requests())
    end)
  end
end)
