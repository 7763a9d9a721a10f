local errors = require "errors"
local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local json = native.json
local trial

local function call(arguments, more) return operator.on(trial, "call", arguments, more) end

local function request(method, ...)
  local arguments = table.pack(...)
  return function() return { method = method, arguments = arguments, context = {}, api_version = 2 } end
end

before_each(function() trial = new_trial { host = native } end)

describe("cpi call", function()
  it("does a verb with words for arguments, JSON where they are JSON, and shows the answer", function()
    local vm = trial.cid()
    assert.same({ 0, "has_vm = true\n", "" }, { call { "has_vm", vm } })
    assert.same({ 0, "set_vm_metadata = done\n", "" }, { call { "set_vm_metadata", vm, '{"job":"web"}' } })
    local tags = {}
    for _, tag in ipairs(trial.vm(vm).tags) do tags[tag.key] = tag.value end
    assert.equal("web", tags.job)
  end)

  it("does a whole request", function()
    assert.same({ 0, "has_vm = false\n", "" }, { call({ "--request", "f" }, { request = request("has_vm", "cpivm-1") }) })
  end)

  it("makes things for a director, by which gc and list find them", function()
    local function directors()
      local seen = {}
      for _, sent in ipairs(trial.requests()) do
        for name, value in pairs(sent.parameters) do
          local at = value == "director_uuid" and name:match "^tags%[(%d+)%]%.key$"
          if at then seen[#seen + 1] = sent.parameters[("tags[%s].value"):format(at)] end
        end
      end
      return table.concat(seen, " ")
    end
    trial.requests()
    assert.equal(0, (operator.on(trial, "call", { "create_disk", "1024", "{}" })))
    assert.equal("cpi-call", directors())
    assert.equal(0, (operator.on(trial, "call", { "--director", "d-9", "create_disk", "1024", "{}" })))
    assert.equal("d-9", directors())
    local code, _, err = operator.on(trial, "call", { "--director", "d-9", "--request", "/x" })
    assert.equal(2, code)
    assert.truthy(err:find("a request has its own director", 1, true), err)
  end)

  it("asks info whatever the configuration is", function()
    local config = { path = "/x", is_named = true, read = function() return { cloudstack = { typo = 1 } } end,
      has_secret = function() return false end, context = function() return {} end }
    assert.equal(0, (call({ "info" }, { config = config })))
    assert.equal(2, (call({ "has_vm", "x" }, { config = config })))
  end)

  it("gives programs the director's line, of an answer and of a failure", function()
    local code, out = call { "has_vm", "cpivm-1", "--output", "json" }
    assert.equal(0, code)
    assert.equal('{"error":null,"log":"","result":false}\n', out)
    code, out = call { "set_vm_metadata", "cpivm-1", "{}", "--output", "json" }
    assert.equal(1, code)
    local line = json.decode(out)
    assert.equal("Bosh::Clouds::VMNotFound", line.error.type)
    assert.is_false(line.error.ok_to_retry)
    assert.equal(json.null, line.result)
    local vm = trial.cid()
    assert.equal('{"error":null,"log":"","result":null}\n', select(2, call { "set_vm_metadata", vm, "{}", "--output", "json" }))
  end)

  it("says a failure on stderr alone, and how the verb is called where an argument is wrong", function()
    local code, out, err = call { "set_vm_metadata", "cpivm-1", "{}" }
    assert.same({ 1, "" }, { code, out })
    assert.truthy(err:find("Bosh::Clouds::VMNotFound: ", 1, true), err)
    assert.is_nil(err:find("it is called as", 1, true))
    code, out, err = call { "set_vm_metadata", "5", "{}" }
    assert.same({ 1, "" }, { code, out })
    assert.equal("Bosh::Clouds::CpiError: argument vm_cid must be a string, got 5\n"
      .. "it is called as set_vm_metadata(vm_cid, metadata)\n", err)
  end)

  it("gives a null its place, and counts what follows it", function()
    local seen
    package.loaded["verbs.ping"] = function(_, ...) seen = table.pack(...) end
    call { "ping", "null", "x" }
    package.loaded["verbs.ping"] = nil
    assert.same({ nil, "x", n = 2 }, seen)
  end)

  it("settles what was made once it was shown, and not after a failure", function()
    local fates = {}
    local function settled(result)
      package.loaded.cpi, trial.dispatch = nil, package.loaded.cpi
      package.loaded.cpi = function()
        if errors.is(result) then error(result) end
        return result, function(fate) fates[#fates + 1] = fate end
      end
      local code = call { "ping" }
      package.loaded.cpi = trial.dispatch
      return code
    end
    assert.equal(0, settled "made")
    assert.same({ "taken" }, fates)
    assert.equal(1, settled(errors.cloud "no"))
    assert.same({ "taken" }, fates)
  end)

  for what, row in pairs {
    ["no verb"] = { {}, "a verb, or a request" }, ["a verb and a request"] = { { "has_vm", "--request", "-" }, "a verb, or a request" },
    ["a misspelt verb"] = { { "has_vn" }, "no verb is called 'has_vn' (did you mean 'has_vm'?)" },
    ["a path"] = { { "../cpi" }, "no verb is called '../cpi'" },
  } do
    it("ends with 2 for " .. what, function()
      local code, out, err = call(row[1])
      assert.same({ 2, "" }, { code, out })
      assert.truthy(err:find(row[2], 1, true), err)
    end)
  end

  it("ends with 2 where the configuration is wrong, before the verb sees anything", function()
    trial = new_trial { host = native, settings = { cloudstack = { endpoint = "ftp://x" } } }
    local code, out, err = call({ "has_vm", "cpivm-1" }, { config = { path = "/etc/cpi.json", is_named = true,
      read = trial.host.config.read, has_secret = trial.host.config.has_secret, context = trial.host.config.context } })
    assert.same({ 2, "" }, { code, out })
    assert.truthy(err:find("cloudstack.endpoint", 1, true), err)
  end)
end)
