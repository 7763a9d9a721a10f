local operator = require "tests.support.operator"
local native = require "host_native"
local samples = require "decision.samples"
local strict_facts = require "operator.strict_facts"

-- What the facts of a decision notice while a policy of this text runs; `DIR/` for its directory.
local function mistakes(name, body, needs)
  local directory = operator.directory { [name .. ".lua"] = "return { api = 1, decide = function(facts)\n" .. body .. "\nend }" }
  local _, policy = native.policy.load(directory, name)
  local facts, list = strict_facts.of(name, samples.full(require("decisions." .. name), needs or {}), needs or {})
  native.policy.call(policy.decide, facts)
  for i, words in ipairs(list) do list[i] = words:gsub("^.*/", "") end
  return list
end

describe("facts that notice", function()
  for body, words in pairs {
    ["return facts.grup"] = "facts.grup is not a fact of service_offering (did you mean 'group'?)",
    ["return facts.holder"] = "facts.holder is not a fact of service_offering; ip_conflict has it",
    ["return facts.weather"] = "facts.weather is not a fact of service_offering",
    ["return facts[5]"] = "facts has no field 5",
    ["return facts.offerings[0]"] = "facts.offerings[0] is not there: a list begins with 1",
    ["return facts.offerings.name"] = "facts.offerings is a list: 'name' is a field of its entries, if of anything, "
      .. "such as facts.offerings[1]",
    ["return facts.offerings[2].hosttag"] = "facts.offerings[2] has no 'hosttag' (did you mean 'hosttags'?)",
    ["return facts.zone.nmae"] = "facts.zone has no 'nmae' (did you mean 'name'?)",
    ["return facts.zone.cluster"] = "facts.zone has no 'cluster'",
    ["return facts.now.huor"] = "facts.now has no 'huor' (did you mean 'hour'?)",
    ["return facts.counts"] = 'facts.counts is there for a policy that says needs = { "counts" }',
  } do
    it(body, function() assert.same({ "service_offering.lua:2: " .. words }, mistakes("service_offering", body)) end)
  end

  it("are content with what there is, and with what a server may send besides", function()
    assert.same({}, mistakes("service_offering", [[
      local n = #facts.offerings + facts.cpu
      for i, one in ipairs(facts.offerings) do n = n + i + (one.cpunumber or 0) + (one.gpucount or 0) end
      for key in pairs(facts) do n = n + #key end
      facts.mine = n
      return facts.mine, facts.offerings[99], facts.tags.whatever, facts.policy.mine, facts.zones[1], facts.index, facts.counts.zones.zone9
    ]], { counts = true }))
  end)

  it("say each mistake once, and not without end", function()
    local list = mistakes("names", [[for i = 1, 100 do local x = facts.kint end
      for i = 1, 100 do local x = facts["f" .. i] end]])
    assert.equal(5, #list)
    assert.equal("names.lua:2: facts.kint is not a fact of names (did you mean 'kind'?)", list[1])
  end)
end)
