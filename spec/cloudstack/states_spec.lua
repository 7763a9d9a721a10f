local states = require "cloudstack.states"
local text_file = require "tests.support.text_file"

-- CloudStack's own lists: com.cloud.vm.VirtualMachine.State, com.cloud.storage.Volume.State, com.cloud.storage.Snapshot.State.
local KNOWN = {
  of_vm = "Destroyed Error Expunging Migrating Restoring Running Shutdown Starting Stopped Stopping Unknown",
  of_volume = "Allocated Attaching Copying Creating Destroy Destroyed Destroying Expunged Expunging Migrating NotUploaded Ready "
    .. "Resizing Restoring RevertSnapshotting Snapshotting UploadAbandoned UploadError UploadInProgress UploadOp Uploaded",
  of_snapshot = "Allocated BackedUp BackingUp Copying CreatedOnPrimary Creating Destroying Error",
}

describe("the table of states", function()
  it("has all of CloudStack's", function()
    for kind, names in pairs(KNOWN) do
      local list = {}
      for name in pairs(states[kind]) do list[#list + 1] = name end
      table.sort(list)
      assert.equal(names, table.concat(list, " "), kind)
    end
  end)

  local function with(kind, column)
    local list = {}
    for name, row in pairs(states[kind]) do list[#list + 1] = row[column] and name end
    table.sort(list)
    return table.concat(list, " ")
  end

  it("says of a VM what may be done to it", function()
    assert.equal("Destroyed Expunging", with("of_vm", "gone"))
    assert.equal("Migrating Restoring Starting Stopping", with("of_vm", "passing"))
    assert.equal("Migrating Restoring Running Shutdown Starting Stopping Unknown", with("of_vm", "up"))
    assert.equal("Stopped", with("of_vm", "nics"))
    assert.equal("Running Stopped", with("of_vm", "disks"))
    assert.equal("Running", with("of_vm", "runs"))
    assert.equal("Shutdown Stopped", with("of_vm", "starts"))
    assert.equal("Destroyed Error Expunging", with("of_vm", "expunges"))
    assert.equal("Error", with("of_vm", "failed"))
  end)

  it("says of a volume what may be done to it", function()
    assert.equal("Destroy Destroyed Destroying Expunged Expunging", with("of_volume", "gone"))
    assert.equal("Allocated Ready Uploaded", with("of_volume", "attaches"))
    assert.equal("Allocated", with("of_volume", "fresh"))
    assert.equal("Snapshotting", with("of_volume", "snapshots"))
  end)

  it("claims little of a state that it does not know", function()
    assert.same({ is_new = true, up = true }, states.vm "Hibernated")
    assert.same({ is_new = true }, states.volume "Frozen")
    assert.same({ is_new = true }, states.snapshot "Frozen")
    assert.same({}, states.vm(nil))
  end)

  -- Who asks for a state by its name has a list of his own, and a list that is too short.
  it("is the only place of the product that names them", function()
    local names, pipe = {}, assert(io.popen "find lua -name '*.lua'")
    for _, text in pairs(KNOWN) do
      for name in text:gmatch "%S+" do names[name] = true end
    end
    local may = { ["lua/cloudstack/states.lua"] = true, ["lua/operator/imagination.lua"] = true }
    for path in pipe:lines() do
      if not may[path] and not path:find "^lua/sim" and not path:find "^lua/decisions" and not path:find "^lua/meta" then
        for name in text_file.read(path):gmatch 'state [~=]= "(%a+)"' do
          local is_template = path == "lua/operator/inventory.lua" and name == "Ready"
          assert.is_true(is_template or not names[name], ("%s names the state %s"):format(path, name))
        end
      end
    end
    pipe:close()
  end)
end)
