local capacity = require "cloudstack.capacity"

local function failure(text, code, kind)
  return { command = "deployVirtualMachine", kind = kind or "job", text = text, code = code }
end

describe("a refused deploy", function()
  for _, case in ipairs {
    { "No destination found for a deployment for VM instance {..}", 533 }, { "No suitable host found.", 530 },
    { "Unable to start a VM [x] due to insufficient capacity.", 530 }, { "anything", 533 },
    { "Unable to create a deployment for VM", 530 },
  } do
    it("is short of capacity: " .. case[1], function() assert.is_true(capacity.is_short(failure(case[1], case[2]))) end)
  end

  for _, case in ipairs {
    { "Internal error executing command, please contact your system administrator", 530 },
    { "The vm with hostName x already exists in the network domain", 431 },
    { "Maximum amount of resources of Type = 'user_vm' is exceeded", 535 },
  } do
    it("is not short of capacity: " .. case[1], function() assert.is_false(capacity.is_short(failure(case[1], case[2]))) end)
  end
end)
