local fake = require "tests.support.fake"
local user_data = require "vm.user_data"

local function order(env)
  return { agent_id = "agent-1", networks = { { name = "a", given = { type = "dynamic" } } }, env = env or {} }
end

local function of(options, env)
  local cpi <close> = fake.cpi(options)
  local plan = { networks = {}, disks = {} }
  plan.user_data = user_data.renew(cpi, order(env), nil, plan, { vm_cid = "cpivm-1" })
  return user_data.parameters(nil, nil, nil, plan).userdata, cpi
end

describe("user data", function()
  it("is base64 without line breaks, and a secret", function()
    local text, cpi = of {}
    assert.truthy(text:find "^[%w+/]+=*$")
    assert.equal(text, cpi.log.secrets[1])
  end)

  it("that is too long for CloudStack is refused before anything is made, with both lengths", function()
    local small = { settings = { cloudstack = { user_data_limit = 2000 } } }
    local failure = fake.failure(of, small, { bosh = { x = ("y"):rep(3000) } })
    assert.equal("Bosh::Clouds::VMCreationFailed", failure.type)
    assert.is_false(failure.ok_to_retry)
    assert.truthy(failure.message:find("characters of user data, CloudStack takes 2000 (cloudstack.user_data_limit)", 1, true))
    assert.is_nil(failure.message:find("yyy", 1, true))
  end)

  it("may be as long as CloudStack takes", function()
    local text = of {}
    assert.equal(text, (of { settings = { cloudstack = { user_data_limit = #text } } }))
    assert.has_error(function() of { settings = { cloudstack = { user_data_limit = #text - 1 } } } end)
  end)

  it("must lead the agent to a message bus", function()
    local none = { settings = { agent = { mbus = "" } } }
    assert.truthy(fake.failure(of, none).message:find("agent.mbus is not configured", 1, true))
    assert.truthy(fake.failure(of, none, { bosh = { mbus = { urls = {} } } }).message:find("env.bosh.mbus.urls", 1, true))
    assert.truthy((of(none, { bosh = { mbus = { urls = { "nats://10.0.0.5:4222" } } } })))
  end)
end)

-- A VM whose dynamic network shares its NIC: only CloudStack knows the address.
describe("the settings that need an address of CloudStack's", function()
  local json = fake.json
  local target = { id = "n1", name = "net", netmask = "255.255.255.0", gateway = "10.0.0.1" }
  local a = { name = "a", kind = "dynamic", family = 4, given = { type = "dynamic" } }
  local b = { name = "b", kind = "manual", family = 4, ip = "10.0.0.6", given = { type = "manual", ip = "10.0.0.6" } }
  local nic = { name = "a", target = target, networks = { a, b }, more = {}, mac = "02:00:00:00:00:01" }
  local vm = { id = "v", nic = { { networkid = "n1", ipaddress = "10.0.0.77", netmask = "255.255.255.0", gateway = "10.0.0.1" } } }
  local ordered = { agent_id = "agent-1", networks = { a, b }, env = {} }

  local function furnish(options, networks)
    local cpi <close> = fake.cpi(options)
    return user_data.furnish(cpi, ordered, nil, { networks = networks, disks = {} }, { vm_cid = "cpivm-1" }, vm), cpi
  end

  local function networks_in(text) return json.decode(require("host_native").bytes.unbase64(text)).networks end

  it("are given to the stopped VM once more", function()
    local requests, cpi = furnish({}, { nic })
    assert.equal(1, #requests)
    assert.same({ "updateVirtualMachine", "v" }, { requests[1][1], requests[1][2].id })
    local networks = networks_in(requests[1][2].userdata)
    assert.same({ "10.0.0.77", "02:00:00:00:00:01", "manual", "eth0:1" },
      { networks.a.ip, networks.a.mac, networks.a.type, networks.b.alias })
    assert.equal(requests[1][2].userdata, cpi.log.secrets[#cpi.log.secrets])
  end)

  it("are put into the registry where the agent reads them there", function()
    local requests, cpi = furnish({ store = true, context = { vm = { stemcell = { api_version = 1 } } },
      settings = { registry = { host = "10.0.0.6", username = "u", password = "registry-password" } } }, { nic })
    assert.same({}, requests)
    assert.equal("10.0.0.77", json.decode(cpi.store.tables.registry["cpivm-1"]).networks.a.ip)
  end)

  it("are no others where all addresses are known before", function()
    assert.same({}, (furnish({}, { { name = "b", target = target, networks = { b }, more = {} } })))
  end)
end)
