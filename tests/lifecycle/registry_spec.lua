-- A VM of a stemcell before API version 2: its agent asks the registry, through create_vm, disks and delete_vm.

local rig = require "rig"

local REGISTRY = { host = "127.0.0.1", username = "admin", password = "registry-password" }

local function ask(cloud, method, ...)
  local run = cloud:cpi { method = method, arguments = rig.json.array { ... }, api_version = 2,
    context = { director_uuid = "d", request_id = "cpi-1", vm = { stemcell = { api_version = 1 } } } }
  assert.equal(0, run.exit, run.stderr)
  return run.response.error == rig.json.null and run.response.result, run
end

local NETWORKS = { default = { type = "manual", ip = "10.0.0.11", netmask = "255.255.255.0", gateway = "10.0.0.1",
  dns = rig.json.array { "10.0.0.1" }, default = rig.json.array { "dns", "gateway" }, cloud_properties = { name = "bosh-net" } } }

local function create_vm(cloud, env)
  local template = cloud:state().templates[1]
  return ask(cloud, "create_vm", "agent-1", template.id, { compute_offering = "shared.small" }, NETWORKS, rig.json.array {},
    env or { bosh = { password = "hash-of-secret" } })
end

local function rows(cloud)
  local native = require "host_native"
  assert(native.store.open(cloud.store))
  return native.store.rows "registry"
end

describe("a VM of an old stemcell", function()
  it("has its settings in the registry as long as it lives", function()
    local cloud <close> = rig.start { store = true, config = { registry = REGISTRY } }
    local simulator = cloud.base_url
    local url = cloud:daemon "registry"
    local vm_cid = create_vm(cloud)[1]

    local told = rig.json.decode(cloud:state().vms[1].userdata_decoded)
    assert.same({ name = vm_cid }, told.server)
    assert.is_nil(told.env)
    assert.is_nil(told.mbus)
    assert.is_nil(told.registry.endpoint:find("registry-password", 1, true))
    local credentials = told.registry.endpoint:match "^http://([^@]+)@127%.0%.0%.1:6901$"

    -- As the agent does: the endpoint, the path, the server's name. The port is the one that was free.
    local function settings()
      cloud.base_url = url
      local body, curl = cloud:curl(("/instances/%s/settings"):format(told.server.name), "-u " .. credentials)
      cloud.base_url = simulator
      assert.equal(200, curl.code, body)
      return rig.json.decode(rig.json.decode(body).settings)
    end
    local first = settings()
    assert.equal("agent-1", first.agent_id)
    assert.equal("hash-of-secret", first.env.bosh.password)
    assert.same({}, first.disks.persistent)
    assert.equal("10.0.0.11", first.networks.default.ip)
    assert.truthy(rig.json.is_array(first.networks.default.dns))
    assert.equal(cloud:state().vms[1].nics[1].mac, first.networks.default.mac)

    local disk_cid = ask(cloud, "create_disk", 1024, { disk_offering = "shared.custom" }, vm_cid)
    local hint = ask(cloud, "attach_disk", vm_cid, disk_cid)
    assert.same({ [disk_cid] = hint }, settings().disks.persistent)
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    assert.same(first, settings())
    ask(cloud, "detach_disk", vm_cid, disk_cid)
    ask(cloud, "delete_vm", vm_cid)
    assert.same({}, rows(cloud))
  end)

  it("leaves no row when it cannot be created", function()
    local cloud <close> = rig.start { store = true, config = { registry = REGISTRY } }
    cloud:faults { { command = "deployVirtualMachine", fault = "fail_job", errortext = "no luck" } }
    local result, run = create_vm(cloud)
    assert.is_false(result)
    assert.equal("Bosh::Clouds::VMCreationFailed", run.response.error.type)
    assert.same({}, rows(cloud))
    assert.is_nil((run.stdout .. run.stderr):find("hash-of-secret", 1, true))
  end)

  it("is not created where there is no registry", function()
    local cloud <close> = rig.start { store = true }
    local _, run = create_vm(cloud)
    assert.truthy(run.response.error.message:find("needs registry.host and registry.username and registry.password", 1, true))
    assert.same({}, cloud:state().vms)
  end)
end)
