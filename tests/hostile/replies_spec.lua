-- Answers that no CloudStack would give: each ends in one error of the right class, soon, with nothing of it believed.

local rig = require "rig"

local HAS_VM = { method = "has_vm", context = { director_uuid = "d" }, arguments = { "cpivm-1" } }

-- Whatever happens, nothing is tried again here.
local STOP = { retry = "return { api = 1, decide = function() end }" }

describe("a hostile answer", function()
  local cloud

  setup(function()
    local directory = rig.policies(STOP)
    cloud = rig.start { role = "bosh", config = { policies = { directory = directory } } }
  end)
  teardown(function() cloud:stop() end)

  -- has_vm, answered with that body -> result, error's message.
  local function answered(body)
    cloud:faults { { command = "listVirtualMachines", fault = "garbage", body = body } }
    local run = cloud:cpi(HAS_VM)
    assert.equal(0, run.exit)
    if run.response.error == rig.json.null then return run.response.result end
    assert.equal("Bosh::Clouds::CloudError", run.response.error.type)
    assert.is_true(#run.response.error.message < 1000, "the body is not repeated")
    return nil, run.response.error.message
  end

  local bodies = {
    ["deep"] = ('{"a":'):rep(100000) .. "1" .. ("}"):rep(100000), ["deep lists"] = ("["):rep(200000),
    ["a number beyond all numbers"] = '{"listvirtualmachinesresponse":{"count":1e999}}',
    ["a list with a count of rows that it does not have"] =
      '{"listvirtualmachinesresponse":{"count":900000000,"virtualmachine":[]}}',
    ["rows that are none"] = '{"listvirtualmachinesresponse":{"count":1,"virtualmachine":"cpivm-1"}}',
    ["a page"] = "<html><h1>It works!</h1></html>",
    ["two documents"] = '{"listvirtualmachinesresponse":{}}{"listvirtualmachinesresponse":{}}',
  }
  for what, body in pairs(bodies) do
    it("is an error: " .. what, function()
      local result, message = answered(body)
      assert.is_nil(result)
      assert.truthy(message:find("listVirtualMachines: ", 1, true), message)
    end)
  end

  it("that is long is read, and counts when it is CloudStack's", function()
    local rows = ('{"name":"other","state":"Running","filler":"%s"},'):format(("x"):rep(1000)):rep(800)
    assert.is_true(answered('{"listvirtualmachinesresponse":{"count":2,"virtualmachine":[' .. rows
      .. '{"name":"cpivm-1","id":"i","state":"Running"}]}}'))
  end)

  it("with keys that are there twice is read as every decoder does: the last one counts", function()
    assert.is_true(answered('{"listvirtualmachinesresponse":{"count":0,"virtualmachine":[],"virtualmachine":'
      .. '[{"name":"x","name":"cpivm-1","id":"i","state":"Running"}]}}'))
  end)
end)
