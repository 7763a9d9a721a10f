-- Facts to try a policy with: the example of its decision with every fact that there may be, and without any that may be absent.
-- A policy that gets along with both gets along with what lies between.

local tables = require "base.tables"

local samples = {}

-- The facts that every decision has, of one VM.
local COMMON = {
  group = "bosh-cf-diego-cell", deployment = "cf", instance_group = "diego-cell", index = 0, tags = { stage = "production" },
  policy = { tier = "gold" },
  now = { time = 1764540000, year = 2025, month = 11, day = 30, hour = 22, minute = 0, second = 0, weekday = 7 },
  counts = { deployment = 5, instance_group = 3, cpus = 10, ram = 20480, zones = { zone1 = 3 }, offerings = { ["shared.large"] = 3 },
    clusters = { cluster1 = 2, cluster2 = 1 }, hosts = { host1 = 2, host2 = 1 } },
  limits = { allowed = { vms = 20, cpus = 40, ram = 40960, volumes = 20, storage = 200, addresses = 20 },
    used = { vms = 5, cpus = 10, ram = 20480, volumes = 8, storage = 120, addresses = 2 },
    free = { vms = 15, cpus = 30, ram = 20480, volumes = 12, storage = 80, addresses = 18 } },
}

-- full(decision, needs): its example, and the facts that every decision has; of those that cost a request the ones that the policy
-- needs (a set).
function samples.full(decision, needs)
  local facts = tables.copy(decision.example)
  for _, row in ipairs(decision.facts) do
    local name = row[1]
    local is_costly = name == "counts" or name == "limits"
    if row.common and facts[name] == nil and (not is_costly or needs[name]) then facts[name] = tables.copy(COMMON[name]) end
  end
  return facts
end

-- Takes away what a description says may be absent.
local function strip(rows, facts)
  for _, row in ipairs(rows) do
    local value = facts[row[1]]
    if row.optional and row[1] ~= "now" then
      facts[row[1]] = nil
    elseif row.fields and type(value) == "table" then
      for _, one in ipairs(row[2] == "object[]" and value or { value }) do strip(row.fields, one) end
    end
  end
  return facts
end

-- bare(decision): the example without a fact that may be absent; only the moment is always there.
function samples.bare(decision)
  local facts = tables.copy(decision.example)
  facts.now = tables.copy(COMMON.now)
  return strip(decision.facts, facts)
end

return samples
