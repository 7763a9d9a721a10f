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
