-- The life of a VM as the bosh CLI drives it, one process a request, over HTTP, as every kind of account.

local create_env = require "create_env"
local rig = require "rig"
local worlds = require "worlds"

local null = rig.json.null

-- Sends one request and answers its result; anything but a well-formed success fails the test.
local function ask(cloud, method, text)
  local run = cloud:cpi(text)
  assert.equal(0, run.exit, method .. ": " .. run.stderr)
  assert.equal(1, run.line_count, method)
  assert.equal(null, run.response.error, method .. ": " .. run.stdout)
  assert.equal("", run.response.log)
  return run.response.result
end

local function by_name(list, name)
  for _, row in ipairs(list) do
    if row.name == name then return row end
  end
end

local function nothing_left(cloud)
  for kind, count in pairs(cloud:state().left) do assert.equal(0, count, kind) end
end

for _, role in ipairs { "bosh", "admin" } do
  describe("create-env as " .. role, function()
    it("leaves nothing, once CloudStack has expunged what it keeps", function()
      local cloud <close> = rig.start { role = role, store = true, world = worlds.owned_by(role) }
      local known = { image = create_env.image(cloud.directory, 300000) }
      create_env.play(known, function(_, method, text) return ask(cloud, method, text) end)
      cloud:expunge()
      nothing_left(cloud)
      assert.equal("", cloud:journal())
    end)

    it("makes what the manifest says", function()
      local cloud <close> = rig.start { role = role, world = worlds.owned_by(role) }
      local known = { image = create_env.image(cloud.directory, 300000) }
      create_env.play(known, function(_, method, text) return ask(cloud, method, text) end, { create = true })
      local state = cloud:state()
      local vm = by_name(state.vms, known.vm)
      assert.equal("Running", vm.state)
      assert.equal("10.0.0.11", vm.nics[1].address)
      local disk = by_name(state.volumes, known.disk)
      assert.equal(32 * 1024 ^ 3, disk.size)
      assert.equal(vm.id, disk.virtualmachineid)
      local settings = rig.json.decode(vm.userdata_decoded)
      assert.equal(known.vm, settings.vm.name)
      assert.truthy(settings.env.bosh.mbus.cert.private_key:find("S", 1, true))
      assert.is_true(rig.json.is_array(settings.networks.default.dns))
    end)

    it("keeps the persistent disk and gets its address again in a recreate", function()
      local cloud <close> = rig.start { role = role, world = worlds.owned_by(role) }
      local known = { image = create_env.image(cloud.directory, 300000) }
      local first
      create_env.play(known, function(stage, method, text)
        if stage == "recreate" then first = first or known.vm end
        return ask(cloud, method, text)
      end, { create = true, recreate = true })
      assert.not_equal(first, known.vm)
      local state = cloud:state()
      local vm, disk = by_name(state.vms, known.vm), by_name(state.volumes, known.disk)
      assert.equal("10.0.0.11", vm.nics[1].address)
      assert.equal(vm.id, disk.virtualmachineid)
      for _, volume in ipairs(state.volumes) do
        assert.truthy(volume.virtualmachineid, "detached and left: " .. volume.name)
      end
    end)
  end)
end

describe("a cloud that forbids what the default does", function()
  it("deletes a VM although it may not expunge it, and the ephemeral disk with it", function()
    local cloud <close> = rig.start { role = "bosh" }
    local known = { image = create_env.image(cloud.directory, 300000) }
    create_env.play(known, function(_, method, text) return ask(cloud, method, text) end, { create = true })
    ask(cloud, "delete_vm", create_env.calls.delete_vm(known))
    ask(cloud, "delete_vm", create_env.calls.delete_vm(known))
    assert.is_false(ask(cloud, "has_vm", create_env.calls.has_vm(known)))
    local names = {}
    for _, volume in ipairs(cloud:state().volumes) do
      if volume.type == "DATADISK" then names[#names + 1] = volume.name end
    end
    assert.same({ known.disk }, names)
  end)
end)
