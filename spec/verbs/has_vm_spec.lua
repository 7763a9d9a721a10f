local fake = require "tests.support.fake"
local has_vm = require "verbs.has_vm"

local function ask(state)
  local cpi <close> = fake.cpi {
    { "listVirtualMachines", { name = "cpivm-1" },
      { virtualmachine = state and { { id = "v", name = "cpivm-1", state = state } } } },
  }
  return has_vm(cpi, "cpivm-1")
end

describe("has_vm", function()
  it("is true while the VM lives, in whatever state", function()
    for _, state in ipairs { "Running", "Stopped", "Starting", "Error" } do assert.is_true(ask(state)) end
  end)

  it("is false, not null, without the VM", function() assert.is_false(ask(nil)) end)

  it("is false for a destroyed VM that a root admin still sees", function()
    assert.is_false(ask "Destroyed")
    assert.is_false(ask "Expunging")
  end)

  it("wants a CID", function()
    local cpi <close> = fake.cpi {}
    assert.equal("Bosh::Clouds::CpiError", fake.failure(has_vm, cpi, nil).type)
  end)

  it("does not take trouble for absence", function()
    local cpi <close> = fake.cpi { { "listVirtualMachines", {}, refuse = "no", code = 530 } }
    assert.equal("Bosh::Clouds::CloudError", fake.failure(has_vm, cpi, "cpivm-1").type)
  end)
end)
