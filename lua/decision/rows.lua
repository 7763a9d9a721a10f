-- What several decisions have in common: the description of a zone, the facts that every decision has, how an answer's row is
-- recognised, which numbers it may have, what became of the others.

local spans = require "base.spans"

local rows = {}

-- Facts that lua/policy.lua adds to those of a decision. `common`: documents describe them once.
local NOW = { "now", "object", "the moment, UTC, by the clock of the machine that the CPI runs on", optional = true, common = true,
  fields = {
  { "time", "integer", "seconds since 1970" },
  { "year", "integer", "such as 2026" },
  { "month", "integer", "1 to 12" },
  { "day", "integer", "1 to 31" },
  { "hour", "integer", "0 to 23" },
  { "minute", "integer", "0 to 59" },
  { "second", "integer", "0 to 59" },
  { "weekday", "integer", "1 (Monday) to 7 (Sunday)" },
} }

local OF_AN_INSTANCE = {
  { "group", "string", "`env.bosh.group`: the names of director, deployment and instance group, with dashes", optional = true,
    common = true },
  { "deployment", "string", "the deployment, as in `env.bosh.groups`: lower case, with dashes for underscores", optional = true,
    common = true },
  { "instance_group", "string", "the instance group, written alike", optional = true, common = true },
  { "index", "integer", "the instance's index; BOSH does not give it to `create_vm`, but to what exists", optional = true,
    common = true },
  { "tags", "table<string, string>", "`tags` of the manifest and the runtime config", optional = true, common = true },
  { "policy", "table<string, any>", "`policy` of the cloud_properties, the site's own keys, which the CPI does not read", optional = true,
    common = true },
}

local function counted(name, text, optional) return { name, "table<string, integer>", text, optional = optional } end

-- Facts that cost a request: only a policy has them that says `needs = { "counts", "limits" }` in the table that it returns.
local OF_A_NEW_ONE = {
  { "counts", "object", "what there is of the deployment, for a policy with `needs = { \"counts\" }`; absent where the deployment is "
    .. "not known", optional = true, common = true, fields = {
    { "deployment", "integer", "VMs of the deployment" },
    { "cpus", "integer", "their CPUs" },
    { "ram", "integer", "their MB" },
    { "instance_group", "integer", "VMs of the instance group" },
    counted("zones", "the same by the names of zones"),
    counted("offerings", "by the names of service offerings"),
    counted("clusters", "by the names of clusters, those without one too; root admins see them, once there is a VM", true),
    counted("hosts", "by the names of hosts; likewise", true),
  } },
  { "limits", "object", "what the account may have and has, for a policy with `needs = { \"limits\" }`: of `vms`, `cpus`, `ram` (MB), "
    .. "`volumes`, `storage` (GB of primary storage) and public `addresses`", optional = true, common = true, fields = {
    { "allowed", "table<string, number>", "how much the account may have; absent where there is no limit" },
    { "used", "table<string, number>", "how much it has" },
    { "free", "table<string, number>", "how much is left; absent where there is no limit" },
  } },
}

-- Lists one behind the other, in a new one.
local function joined(...)
  local all = {}
  for _, list in ipairs { ... } do table.move(list, 1, #list, #all + 1, all) end
  return all
end

-- The facts of a decision with those that every decision has.
function rows.of_any(list) return joined(list, { NOW }) end

-- The same of a decision over a VM or a disk: with what says whose it is.
function rows.of_an_instance(list) return joined(list, OF_AN_INSTANCE, { NOW }) end

-- The same of a decision over what is to be made: with what there is already, for policies that need it.
function rows.of_a_new_one(list) return joined(list, OF_AN_INSTANCE, OF_A_NEW_ONE, { NOW }) end

-- Addresses in an answer, as people write them: base/spans.lua.
rows.spans = spans.read

rows.zone = {
  { "id", "string", "CloudStack's id" },
  { "name", "string", "its name" },
}

-- The one of the facts' rows that has the answer's id, or nil: what is used is never a policy's own table.
function rows.like(answer, list)
  if type(answer) ~= "table" then return nil end
  for _, row in ipairs(list or {}) do
    if row.id == answer.id then return row end
  end
end

-- Is the value of an answer's field a number that the field's row allows? The row has `least` and `most`. Neither NaN nor
-- infinity is any. An optional one may be absent.
function rows.fits(value, row)
  if value == nil then return row.optional == true end
  if math.type(value) == nil or not (value >= row.least and value <= row.most) then return false end
  return row[2] == "number" or math.tointeger(value) ~= nil
end

-- Has the table at most so many entries? What is not a table has none.
function rows.holds_at_most(most, value)
  local n = 0
  for _ in pairs(type(value) == "table" and value or {}) do
    n = n + 1
    if n > most then return false end
  end
  return true
end

-- What such a number must be, for a message.
function rows.range(row, unit)
  return ("its %s must be a %s of %s from %s to %s"):format(row[1], row[2] == "integer" and "whole number" or "number", unit,
    row.least, row.most)
end

-- The answer of `vm` and `disk`.
rows.order_answer = {
  { "cloud_properties", "table<string, any>", "all that the object is to have, not only what changes" },
}

rows.ORDER_TEXT = "`{ cloud_properties = { ... } }`: all of them, so change those of the facts (`return facts` will do) or those of "
  .. "`default(facts)`. They are read as strictly as the manifest's, and a mistake is an error that names the policy. `nil` and a "
  .. "reason refuses the %s. A changed `policy` is what later decisions see. A decision on `%s` comes before every other one, also "
  .. "before what the manifest names explicitly."

function rows.match_order(answer)
  local properties = type(answer) == "table" and answer.cloud_properties
  if type(properties) ~= "table" then return nil, "it must be { cloud_properties = { ... } }, such as the facts, or nil and a reason" end
  local problem = require("base.bounded").problem { cloud_properties = properties }
  if problem then return nil, problem end
  for key in pairs(properties) do
    if type(key) ~= "string" then return nil, "its cloud_properties must be a table of values by their names" end
  end
  return { cloud_properties = properties }
end

-- weigh(list, chosen, lack) -> { { name, rank, why }, ... }: what became of each row. rank is its place among the
-- chosen, or nil; lack(row) says what is too little in it, or nil.
function rows.weigh(list, chosen, lack)
  local ranks, weighed = {}, {}
  for rank, row in ipairs(chosen) do ranks[row.id] = rank end
  for i, row in ipairs(list) do
    local rank = ranks[row.id]
    weighed[i] = { name = row.name, rank = rank, why = not rank and (lack(row) or "is large enough; the policy left it out") or nil }
  end
  return weighed
end

return rows
