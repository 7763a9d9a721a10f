-- How much an account may still make: its quotas, and the free addresses of its networks. For `cpi doctor`.
--
-- capacity.requests(settings) -> { { subject, request }, ... }, as lua/operator/examination.lua asks them
-- capacity.check(found, asked, settings): adds findings

local ipv4 = require "base.ipv4"

local capacity = {}

-- What a quota is called in CloudStack's rows, here, and whether BOSH stands still without it.
local QUOTAS = {
  { "vm", "VMs", true }, { "cpu", "CPUs", true }, { "memory", "MB of memory", true }, { "volume", "disks", true },
  { "primarystorage", "GB of primary storage", true }, { "ip", "public addresses" }, { "snapshot", "snapshots" },
  { "template", "templates" }, { "network", "networks" },
}
local FEW = 0.1 -- of a quota or a range: worth a remark

function capacity.requests(settings)
  local site = settings.cloudstack
  local owner = { "listAccounts", {}, rows = "account" }
  if site.project ~= "" then
    owner = { "listProjects", { listall = true }, rows = "project" }
  elseif site.account ~= "" then
    owner = { "listAccounts", { listall = true }, rows = "account" }
  end
  return { { "owner", owner }, { "VMs", { "listVirtualMachines", {}, rows = "virtualmachine" } } }
end

-- The row of the project or account for which the CPI works: by name, path of the domain or id.
local function owner_of(rows, site)
  local wanted = site.project ~= "" and site.project or site.account
  for _, row in ipairs(rows) do
    local is_it = wanted == "" or row.id == wanted or row.name == wanted
    local is_there = site.domain == "" or row.id == wanted or row.domainid == site.domain or row.domain == site.domain
      or row.domainpath == site.domain or row.domainpath == "ROOT/" .. site.domain
    if is_it and is_there then return row end
  end
end

local function check_quotas(found, row)
  local words, short = {}, {}
  for _, quota in ipairs(QUOTAS) do
    local name, title, is_vital = table.unpack(quota)
    local most, left = tonumber(row[name .. "limit"]), tonumber(row[name .. "available"])
    if most and left and most >= 0 then
      words[#words + 1] = ("%g of %g %s"):format(left, most, title)
      if left <= most * FEW then short[#short + 1] = { title = title, most = most, left = left, is_vital = is_vital } end
    end
  end
  for _, one in ipairs(short) do
    local remedy = "`cpi list` shows what is there; an administrator gives more (updateResourceLimit)"
    if one.left <= 0 and one.is_vital then
      found:problem("quota", ("no more %s: all %g that the account may have are taken"):format(one.title, one.most), remedy)
    else
      found:remark("quota", ("%g of %g %s are left"):format(one.left, one.most, one.title), remedy)
    end
  end
  found:good("quota", "left: %s",
    #words > 0 and table.concat(words, ", ") or "what the domain allows; the account has no limits of its own")
end

-- The addresses that VMs have, by the network's id.
local function taken(vms)
  local by = {}
  for _, vm in ipairs(vms) do
    for _, nic in ipairs(vm.nic or {}) do
      local count = 1 + #(nic.secondaryip or {})
      if nic.networkid then by[nic.networkid] = (by[nic.networkid] or 0) + count end
    end
  end
  return by
end

-- The addresses that VMs of the network can have; nil where that is not this account's to see: a shared network gives of a
-- range of its administrator's.
local function room_of(row)
  local range = ipv4.range(row.cidr or "") -- with a reservation it is what CloudStack gives of
  if not range or row.type == "Shared" then return nil end
  return math.max(0, range.last - range.first - 2) -- without the network's own, the router's and the broadcast address
end

local function check_addresses(found, rows, vms)
  local by, words = taken(vms), {}
  for _, row in ipairs(rows) do
    local room, used = room_of(row), by[row.id] or 0
    if room then
      words[#words + 1] = ("%s %d of %d"):format(row.name, math.max(0, room - used), room)
      if room - used <= room * FEW then
        found:remark("addresses",
          ("network '%s' has at most %d free addresses of %d"):format(row.name, math.max(0, room - used), room),
          "destroyed VMs have theirs until they are expunged; a larger network, or fewer VMs in it")
      end
    elseif used > 0 then
      words[#words + 1] = ("%s: %d in use"):format(row.name, used)
    end
  end
  if #words > 0 then found:good("addresses", "free, at most: %s", table.concat(words, ", ", 1, math.min(#words, 12))) end
end

-- asked: outcomes by subject, as examination.lua has them; what was refused is left out: a role need not allow it.
function capacity.check(found, asked, settings)
  local owner = asked.owner.rows and owner_of(asked.owner.rows, settings.cloudstack)
  if owner then check_quotas(found, owner) end
  if asked.networks.rows and asked.VMs.rows then check_addresses(found, asked.networks.rows, asked.VMs.rows) end
end

return capacity
