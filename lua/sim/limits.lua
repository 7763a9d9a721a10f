-- How much an account may have: VMs, cores, memory, volumes, bytes of storage, templates.
local refusal = require "sim.refusal"

local GIB = 1024 * 1024 * 1024

local limits = {}

local function count(m, kind, account) return m:count_by(kind, "account", account) end

-- VMs count until they are destroyed.
local function of_vms(field)
  return function(m, account) return m:sum_by("vm", "charged", account, field) end
end

-- What an account has of each kind of resource.
limits.amounts = {
  user_vm = function(m, account) return m:count_by("vm", "charged", account) end,
  cpu = of_vms "cpu",
  memory = of_vms "memory",
  volume = function(m, account) return count(m, "volume", account) end,
  primary_storage = function(m, account) return m:sum_by("volume", "account", account, "size") end,
  template = function(m, account) return count(m, "template", account) end,
  network = function(m, account) return count(m, "network", account) end,
  public_ip = function(m, account) return count(m, "public_address", account) end,
  snapshot = function(m, account) return count(m, "snapshot", account) end,
}

-- Bytes are written in words and figures; a limit of storage is given in GB.
local function shown(name, amount)
  if name ~= "primary_storage" then return ("%d"):format(amount) end
  if amount == 0 then return "(0 bytes) 0" end
  return ("(%.2f GB) %d"):format(amount / GIB, amount)
end

local TEXT = "Maximum amount of resources of Type = '%s', tag = 'null' for %s Name = %s in Domain Id = %d is "
  .. "exceeded: Account Resource Limit = %s, Current Account Resource Amount = %s, Current Account Resource "
  .. "Reservation = %s, Requested Resource Amount = %s."

local function refuse_one(m, account, name, more, cserrorcode)
  local most = account.limits[name]
  if not most or most < 0 then return end
  if name == "primary_storage" then most = most * GIB end
  local have = limits.amounts[name](m, account)
  if have + more <= most then return end
  local kind = account.project and "Project" or "Account"
  error(refusal.new(535, cserrorcode or 4370, TEXT:format(name, kind, (account.project or account).name,
    account.domain.number, shown(name, most), shown(name, have), shown(name, 0), shown(name, more))), 0)
end

local PREFIXES = {
  vm = "user_vm", ip = "public_ip", volume = "volume", snapshot = "snapshot", template = "template", network = "network",
  cpu = "cpu", memory = "memory", primarystorage = "primary_storage",
}

-- show(m, out, account): adds to a row what the account may have of each kind, has, and may still have; a limit is a number as text, or
-- Unlimited. Storage counts in GB.
function limits.show(m, out, account)
  for prefix, name in pairs(PREFIXES) do
    local most, used = account.limits[name], limits.amounts[name](m, account)
    if name == "primary_storage" then used = used // GIB end
    local limited = most and most >= 0
    out[prefix .. "limit"] = limited and ("%d"):format(most) or "Unlimited"
    out[prefix .. "total"] = used
    out[prefix .. "available"] = limited and ("%d"):format(math.max(0, most - used)) or "Unlimited"
  end
  return out
end

-- check(m, account, { user_vm = 1, cpu = 2, ... }, cserrorcode) raises when one of them would be too much
function limits.check(m, account, wanted, cserrorcode)
  for _, name in ipairs { "user_vm", "cpu", "memory", "volume", "primary_storage", "template", "network", "snapshot" } do
    if wanted[name] then refuse_one(m, account, name, wanted[name], cserrorcode) end
  end
end

return limits
