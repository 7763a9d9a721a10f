-- What there is already, for policies that need it: the VMs of a deployment and an instance group, and what the account may have
-- and has. Each costs a request, so nobody asks without need.
--
-- An instance group is known by the tags that BOSH sets when a VM is made (cloudstack/instance_tags.lua), and before that by
-- the CPI's own tag usage.TAG, which the VMs of a director with such a policy carry from their start. VMs that other processes
-- are making at this moment are not counted before that.

local instance_tags = require "cloudstack.instance_tags"
local states = require "cloudstack.states"
local storage = require "cloudstack.storage"
local tables = require "base.tables"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"

local usage = { TAG = "bosh_instance_group" }

-- The tag's text, or nil where the group is not known.
function usage.mark(instance)
  return instance.deployment and instance.instance_group and ("%s/%s"):format(instance.deployment, instance.instance_group)
end

-- requests(cpi, decisions, instance, is_open) -> { name = request } for a gather: what the site's policies of these decisions need,
-- and is not among the facts of the instance yet. There are counts of a deployment that is known only; is_open: it may become
-- known by the answers of the same gather.
function usage.requests(cpi, decisions, instance, is_open)
  local requests, needs = {}, cpi.decide.needs(decisions)
  for word in pairs(needs) do needs[word] = instance[word] == nil or nil end
  if needs.counts and (is_open or usage.mark(instance)) then
    local director = cpi.context.director_uuid
    requests.usage_vms = { "listVirtualMachines", { details = "servoff", ["tags[0].key"] = director and "director_uuid",
      ["tags[0].value"] = director }, rows = "virtualmachine" }
  end
  if needs.limits then
    local owner = cpi.cloudstack:owner()
    requests.usage_account = owner.projectid and { "listProjects", { id = owner.projectid }, rows = "project" }
      or { "listAccounts", { name = owner.account, domainid = owner.domainid }, rows = "account" }
  end
  return requests
end

-- ---------------------------------------------------------------------------------------------------------
-- counts

-- The deployment and the group of a VM's row.
local function group_of(row)
  local instance = instance_tags.of(row)
  if instance.deployment and instance.instance_group then return instance.deployment, instance.instance_group end
  return tostring(tags.of(row)[usage.TAG] or ""):match "^(.-)/(.+)$"
end

-- The clusters by their hosts' names, and each cluster with 0 VMs. A role that sees no hosts has neither.
local function clusters_of(cpi, rows)
  local is_seen = false
  for _, row in ipairs(rows) do is_seen = is_seen or row.hostname ~= nil end
  if not is_seen then return nil end
  local by_host, empty = {}, {}
  for _, one in ipairs(cpi.cloudstack:rows(storage.host_request())) do
    if one.clustername then by_host[one.name], empty[one.clustername] = one.clustername, 0 end
  end
  return by_host, empty
end

local function count(set, name)
  if name then set[name] = (set[name] or 0) + 1 end
end

local function counts_of(cpi, rows, instance)
  if not usage.mark(instance) then return nil end
  local by_host, clusters = clusters_of(cpi, rows)
  local counts = { deployment = 0, instance_group = 0, cpus = 0, ram = 0, zones = {}, offerings = {}, hosts = by_host and {},
    clusters = clusters }
  for _, row in ipairs(rows) do
    local deployment, group = group_of(row)
    if deployment == instance.deployment and not vms.is_gone(row) and not states.vm(row.state).failed then
      counts.deployment = counts.deployment + 1
      counts.cpus = counts.cpus + (math.tointeger(row.cpunumber) or 0)
      counts.ram = counts.ram + (math.tointeger(row.memory) or 0)
      if group == instance.instance_group then
        counts.instance_group = counts.instance_group + 1
        count(counts.zones, row.zonename)
        count(counts.offerings, row.serviceofferingname)
        if by_host then
          count(counts.hosts, row.hostname)
          count(counts.clusters, by_host[row.hostname])
        end
      end
    end
  end
  return counts
end

-- ---------------------------------------------------------------------------------------------------------
-- limits

-- Our word for a kind of resource, and the beginning of CloudStack's fields.
local KINDS = { { "vms", "vm" }, { "cpus", "cpu" }, { "ram", "memory" }, { "volumes", "volume" }, { "storage", "primarystorage" },
  { "addresses", "ip" } }

-- A number, which CloudStack writes as a text; nil for "Unlimited".
local function number(value)
  local amount = tonumber(value)
  return amount and amount >= 0 and amount or nil
end

-- The account's own row is the only one: a list by name finds parts of names too.
local function own_row(cpi, rows)
  local wanted = cpi.cloudstack:owner().account
  for _, row in ipairs(rows) do
    if not wanted or row.name == wanted then return (wanted or #rows == 1) and row or nil end
  end
end

local function limits_of(cpi, rows)
  local row = own_row(cpi, rows)
  if not row then return nil end
  local limits = { allowed = {}, used = {}, free = {} }
  for _, kind in ipairs(KINDS) do
    local name, allowed, used = kind[1], number(row[kind[2] .. "limit"]), number(row[kind[2] .. "total"]) or 0
    limits.allowed[name], limits.used[name], limits.free[name] = allowed, used, allowed and math.max(0, allowed - used)
  end
  return limits
end

-- read(cpi, found, instance) -> instance with `counts` and `limits`, as far as they were asked for and are known. found: the
-- answers of a gather with requests().
function usage.read(cpi, found, instance)
  return tables.with(instance, {
    counts = found.usage_vms and counts_of(cpi, found.usage_vms, instance),
    limits = found.usage_account and limits_of(cpi, found.usage_account),
  })
end

return usage
