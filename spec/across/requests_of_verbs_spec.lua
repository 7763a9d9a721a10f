-- That no verb asks anything twice within a call. (How many steps each takes: spec/across/steps_spec.lua.)

local native = require "host_native"
local verb_calls = require "tests.support.verb_calls"

-- What is asked again after something was sent that changes the answer, and why that is no repetition.
local asked_again = {
  ["create_stemcell listTemplates"] = "did another process upload the same image meanwhile?",
  ["delete_vm listLoadBalancerRules"] = "has another VM been announced in the rule that is empty now?",
  ["delete_vm listLoadBalancerRuleInstances"] = "is the rule empty, now that this VM is no longer announced?",
  ["create_vm listLoadBalancerRules"] = "did another process make the same rule meanwhile?",
  ["create_network listNetworks"] = "did another process choose the same block meanwhile?",
}

-- Runs a call -> the look-ups that were sent twice: { command, was anything changed in between? }
local function watch(trial, call)
  local send, changes, seen, repeated = trial.host.cloudstack.send, 0, {}, {}

  local function note(request)
    local key = request.command .. native.json.encode(request.params or {})
    if seen[key] then repeated[#repeated + 1] = { request.command, changes > seen[key] } end
    seen[key] = changes
  end

  trial.host.cloudstack.send = function(requests)
    for _, request in ipairs(requests) do
      if request.command:find "^list" then
        note(request)
      elseif request.command ~= "queryAsyncJobResult" then
        changes = changes + 1
      end
    end
    return send(requests)
  end
  call()
  trial.host.cloudstack.send = send
  return repeated
end

local admins_world = { networks = { { name = "bosh-net", account = "admin" } } }

local function assert_nothing_twice(verb, repeated)
  for _, one in ipairs(repeated) do
    assert.is_true(one[2], ("%s asks %s twice, and nothing happened in between"):format(verb, one[1]))
    assert.truthy(asked_again[verb .. " " .. one[1]], ("%s asks %s again"):format(verb, one[1]))
  end
end

describe("the requests of", function()
  it("every verb are looked at", function() assert.same({}, verb_calls.missing()) end)

  for _, row in ipairs(verb_calls) do
    local verb = row[1]

    local function run(options)
      local trial, vm, disk = verb_calls.setting(options)
      local made = row.before and row.before(trial, vm, disk)
      return watch(trial, function()
        local ok, failure = pcall(trial.call, verb, row[2](vm, disk, made))
        assert.equal(row.failure, not ok and failure.type or nil, tostring(failure))
      end)
    end

    it(verb .. " name nothing twice, with either key, and where the store remembers", function()
      assert_nothing_twice(verb, run {})
      assert_nothing_twice(verb, run { account = "admin", world = admins_world })
      assert_nothing_twice(verb, run { store = true, settings = { cloudstack = { cache_age = 300 } } })
    end)
  end
end)

describe("VMs with everything", function()
  -- The i-th VM, behind the balancer and in the group of the others.
  local function create(trial, i, disks)
    local networks = { default = { type = "manual", ip = "10.0.0.2" .. i, netmask = "255.255.255.0", gateway = "10.0.0.1",
      cloud_properties = { name = "bosh-net" } }, public = { type = "vip", cloud_properties = { acquire = true,
      firewall_rules = { { protocol = "tcp", start_port = 22, cidrs = { "10.0.0.0/8" } } } } } }
    return trial.cid { networks = networks, disks = disks, env = { bosh = { group = "web" } }, cloud_properties = {
      cpu = 1, ram = 512, disk = 1024, affinity_group = "apart", lbs = { { name = "web", public_port = 80, private_port = 8080 } } } }
  end

  it("ask nothing twice when they come, nor when they go", function()
    local trial, _, disk = verb_calls.setting {}
    local cids = {}
    for i = 1, 2 do
      assert_nothing_twice("create_vm", watch(trial, function() cids[i] = create(trial, i, i == 1 and { disk } or {}) end))
    end
    for _, cid in ipairs(cids) do
      assert_nothing_twice("delete_vm", watch(trial, function() trial.call("delete_vm", cid) end))
    end
  end)
end)
