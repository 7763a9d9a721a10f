local capacity = require "cloudstack.capacity"
local fake = require "spec.support.fake"

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

describe("a refused address", function()
  local network = { id = "n1", name = "net", cidr = "10.0.0.0/24" }
  local masked = failure("Internal error", 530, "refused")

  local function explain(nics, why, rows)
    local cpi <close> = fake.cpi(rows and {
      { "listVirtualMachines", { networkid = "n1" }, { virtualmachine = rows } },
    } or {})
    return capacity.explain(cpi, { nics = nics }, why)
  end

  it("is explained by its holder", function()
    local text = explain({ { ip = "10.0.0.5", target = network } }, masked, {
      { name = "web", state = "Running", nic = { { networkid = "n2", ipaddress = "10.0.0.5" } } },
      { name = "db", state = "Stopped", nic = { { networkid = "n1", ipaddress = "10.0.0.5" } } },
    })
    assert.equal("deployVirtualMachine: Internal error (530); address 10.0.0.5 is held by VM 'db' (Stopped)", text)
  end)

  it("that nobody visible holds is said to be outside, or a destroyed VM's", function()
    local text = explain({ { ip = "10.0.0.5", target = network } }, masked, {})
    assert.truthy(text:find("nobody that this account sees holds address 10.0.0.5", 1, true))
    assert.truthy(text:find("'net' (10.0.0.0/24)", 1, true))
  end)

  it("is no explanation for a network that chose the address itself", function()
    assert.is_nil(explain({ { target = network } }, masked))
  end)

  it("is no explanation for a failed job or another code", function()
    assert.is_nil(explain({ { ip = "10.0.0.5", target = network } }, failure("no", 530, "job")))
    assert.is_nil(explain({ { ip = "10.0.0.5", target = network } }, failure("no", 431, "refused")))
  end)

  it("does not hide the failure when the look fails", function()
    local cpi <close> = fake.cpi { { "listVirtualMachines", {}, refuse = "no", code = 432 } }
    assert.is_nil(capacity.explain(cpi, { nics = { { ip = "10.0.0.5", target = network } } }, masked))
  end)
end)
