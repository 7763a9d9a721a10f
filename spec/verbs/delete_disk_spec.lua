local delete_disk = require "verbs.delete_disk"
local fake = require "tests.support.fake"

local function disk(more)
  local row = { id = "d", name = "cpi-disk-1", state = "Ready" }
  for key, value in pairs(more or {}) do row[key] = value end
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { row } } }
end

local function delete(script)
  local cpi <close> = fake.cpi(script)
  return delete_disk(cpi, "cpi-disk-1")
end

describe("delete_disk", function()
  it("deletes the volume by its id, and answers null", function()
    assert.is_nil(delete { disk(), { "deleteVolume", { id = "d" } } })
  end)

  it("is done when the disk is gone", function()
    assert.is_nil(delete { { "listVolumes", {}, {} } })
    assert.is_nil(delete { disk(), { "deleteVolume", {}, refuse = "Unable to find volume with ID: 7" } })
  end)

  it("is refused while a VM has the disk", function()
    local failure = fake.failure(delete, { disk { virtualmachineid = "v", vmname = "cpivm-1" } })
    assert.equal("disk 'cpi-disk-1' is attached to VM 'cpivm-1' and is not deleted", failure.message)
  end)

  it("waits for what is under way on the disk: an attach or a detach whose process was killed", function()
    local function row(on)
      local fields = { id = "d", name = "cpi-disk-1", state = "Ready", virtualmachineid = on, vmname = on and "cpivm-1" }
      return { "listVolumes", { id = "d" }, { volume = { fields } } }
    end
    local function run(...)
      local before, after, last = ...
      before[3].volume[1].jobid, before[3].volume[1].jobstatus = "j-1", 0
      local cpi <close> = fake.cpi { before, after, last }
      local send, polls = cpi.cloudstack.parts.send, 0
      cpi.cloudstack.parts.send = function(requests)
        if requests[1].command ~= "queryAsyncJobResult" then return send(requests) end
        assert.equal("j-1", requests[1].params.jobid)
        polls = polls + 1
        return { { status = 200, seconds = 0,
          body = ('{"queryasyncjobresultresponse":{"jobstatus":%d,"jobresult":{}}}'):format(polls // 3) } }
      end
      delete_disk(cpi, "cpi-disk-1")
    end
    run(disk { virtualmachineid = "v" }, row(nil), { "deleteVolume", { id = "d" } })
    local failure = fake.failure(run, disk(), row "v")
    assert.equal("disk 'cpi-disk-1' is attached to VM 'cpivm-1' and is not deleted", failure.message)
  end)

  it("finishes what a failed delete left half done", function()
    delete { disk { state = "Destroy" }, { "deleteVolume", { id = "d" } } }
  end)

  it("is no success when CloudStack cannot say", function()
    local failure = fake.failure(delete, { { "listVolumes", {}, refuse = "no", code = 530 } })
    assert.equal("Bosh::Clouds::CloudError", failure.type)
  end)
end)
