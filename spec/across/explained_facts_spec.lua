-- Crosses `cpi explain` and `cpi policy try`: the facts that the one shows as JSON are those that the other takes, of every decision.

local native = require "host_native"
local operator = require "tests.support.operator"
local new_trial = require("operator.trial").new

local json = native.json

-- The decisions that explain shows of a request: { decision, facts }.
local function explained(t, method, ...)
  local path = operator.write(operator.directory() .. "/request.json", json.encode { method = method, api_version = 2,
    arguments = json.array { ... }, context = { director_uuid = "director-1", request_id = "cpi-1" } })
  local request = { method = method, arguments = table.pack(...), api_version = 2,
    context = { director_uuid = "director-1", request_id = "cpi-1" } }
  local code, out, err = operator.on(t, "explain", { "--request", path, "--output", "json" }, { request = function() return request end })
  assert.equal(0, code, err)
  local list = {}
  local story = json.decode(out)
  for _, events in ipairs { story.events, type(story.otherwise) == "table" and story.otherwise.events or {} } do
    for _, event in ipairs(events) do
      if event.kind == "decide" then list[#list + 1] = event end
    end
  end
  return list
end

describe("the facts that explain shows", function()
  it("are taken by policy try, as they are", function()
    local site = operator.directory { ["vm.lua"] = "return { api = 1, decide = function(facts) return facts end }",
      ["disk.lua"] = "return { api = 1, decide = function(facts) return facts end }" }
    local t, tried = new_trial { host = native, policies = site }, {}
    local cid = t.cid()
    local groups = json.array { "bosh", "cf", "web", "bosh-cf", "cf-web", "bosh-cf-web" }
    local env = { bosh = { group = "bosh-cf-web", groups = groups, tags = { a = "b" } } }
    local networks = { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }
    local requests = {
      explained(t, "create_vm", "a", "ubuntu-builtin", { cpu = 1, ram = 512, policy = { tier = "gold" } }, networks, json.array {}, env),
      explained(t, "create_disk", 1024, {}, cid), explained(t, "delete_vm", cid),
    }
    for _, events in ipairs(requests) do
      for _, event in ipairs(events) do
        local facts = operator.write(operator.directory() .. "/facts.json", json.encode(event.facts))
        local code, out, err = operator.run("policy", { "try", event.decision, site, "--facts", facts })
        assert.equal(0, code, event.decision .. out .. err)
        tried[event.decision] = true
      end
    end
    for name in ("vm disk networks service_offering affinity names disk_offering expunge failed_vm"):gmatch "%S+" do
      assert.is_true(tried[name], name)
    end
  end)
end)
