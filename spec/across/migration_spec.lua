-- The policy that docs/migration.md gives to foundations of the Go release: their NICs keep their order.

local ours = require("tests.support.decision").ours
local text_file = require "text_file"

describe("the policy of docs/migration.md for the order of NICs", function()
  local text = text_file.read("docs/migration.md"):match "```lua\n(.-)```"
  local policy = assert(load(text))()

  local function network(name, more)
    local one = { name = name, kind = "manual", undiscoverable = false, gateway = false, dns = false,
      fresh_mac = "02:00:00:00:00:" .. #name .. "0", family = 4, prefix = 32,
      network = { id = name, name = name, type = "Isolated", serves_metadata = true } }
    for key, value in pairs(more or {}) do one[key] = value end
    return one
  end

  local function order(...)
    local answer = policy.decide({ networks = { ... } }, function(facts) return ours("networks", facts) end)
    return table.concat(answer.order, " "), answer
  end

  it("is by name, whatever serves user data or has the gateway", function()
    local names, answer = order(network("zebra", { gateway = true }), network "ant", network("mule", { undiscoverable = true }))
    assert.equal("ant zebra mule", names)
    assert.is_string(answer.macs.ant)
  end)

  it("is not ours", function()
    local answer = ours("networks", { networks = { network "ant", network("zebra", { gateway = true }) } })
    assert.equal("zebra", answer.order[1])
  end)
end)
