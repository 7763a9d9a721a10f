-- Network ACLs: what may go in and out of a VPC's tiers. A list of rules belongs to a VPC and is used by tiers.
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local refusal = require "sim.refusal"
local tags = require "sim.tag_rows"

local network_acls = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.network."

local function is_default(acl) return acl.vpc == nil end

local function items(m, acl)
  return m:rows("acl_item", function(item) return item.acl == acl end)
end

-- The two lists that everybody has let everything through, or nothing.
function network_acls.seed(m)
  for _, acl in ipairs(m:rows "acl") do
    for number, traffic in ipairs { "Ingress", "Egress" } do
      m:add("acl_item", { acl = acl, account = m.system, protocol = "all", traffic = traffic, order = number, cidrs = "0.0.0.0/0",
        action = acl.name == "default_allow" and "Allow" or "Deny" })
    end
  end
end

local function list_row(acl)
  return { id = acl.id, name = acl.name, description = acl.description, vpcid = acl.vpc and acl.vpc.id,
    vpcname = acl.vpc and acl.vpc.name }
end

local function item_row(m, item)
  return {
    id = item.id, protocol = item.protocol, startport = item.first and tostring(item.first),
    endport = item.last and tostring(item.last), icmptype = item.icmptype, icmpcode = item.icmpcode, traffictype = item.traffic,
    state = "Active", cidrlist = item.cidrs, tags = tags.plain(m, item), aclid = item.acl.id, aclname = item.acl.name,
    number = item.order, action = item.action, reason = item.reason,
  }
end

-- ---------------------------------------------------------------------------------------------------------
-- lists

local function add_list(m, vpc, name, description)
  return m:add("acl", { name = name, description = description, vpc = vpc, account = vpc.account })
end

local function create_list(m, call)
  local arguments = call.arguments
  local acl = add_list(m, arguments.vpcid, arguments.name, arguments.description)
  return jobs.created(jobs.start(m, call, {
    instance = acl, instance_type = "NetworkAcl", finish = function() return { networkacllist = list_row(acl) } end,
  }), acl)
end

local function delete_list(m, call)
  local acl = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = acl, instance_type = "NetworkAcl",
    finish = function()
      if acl.ghost or acl.removed then refusal.invalid "Unable to find specified ACL" end
      if is_default(acl) then refusal.invalid "Default ACL cannot be removed" end
      local tiers = #m:rows("network", function(network) return network.acl == acl end)
      if tiers > 0 then
        refusal.internal("ACL is still associated with %d tier(s). Cannot delete network ACL: %s", tiers, acl.id)
      end
      for _, item in ipairs(items(m, acl)) do m:remove(item) end
      m:remove(acl)
    end,
  }))
end

local function replace_list(m, call)
  local acl, network = call.arguments.aclid, call.arguments.networkid
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      if acl.ghost or acl.removed then refusal.invalid "Unable to find specified ACL" end
      if not network or not network.vpc then refusal.invalid "Network is not part of a VPC" end
      if acl.vpc and acl.vpc ~= network.vpc then
        refusal.invalid "Network ACL can only be applied to networks of the VPC that it belongs to"
      end
      network.acl = acl
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- items

-- The list that a new item goes into: the named one, or the tier's, which gets one where it has none.
local function list_for(m, arguments)
  local acl, network = arguments.aclid, arguments.networkid
  if acl then return acl end
  if not network then refusal.invalid "Cannot create Network ACL Item. ACL Id or network Id is required" end
  if not network.vpc then refusal.invalid "Network: %s does not belong to VPC" end
  if not network.acl or is_default(network.acl) then
    network.acl = add_list(m, network.vpc, ("VPC_%s_Tier_%s_ACL_%s"):format(network.vpc.name, network.name, network.id))
  end
  return network.acl
end

local function refuse_ports(arguments)
  for _, port in ipairs { arguments.startport or 1, arguments.endport or 1 } do
    if port < 1 or port > 65535 then refusal.invalid("publicPort is an invalid value: %d", port) end
  end
end

-- A number that no item of the list has: the wanted one, or the next.
local function number_for(m, acl, wanted)
  local last = 0
  for _, item in ipairs(items(m, acl)) do
    if item.order == wanted then refusal.invalid("ACL item with number %d already exists in ACL: %s", wanted, acl.id) end
    last = math.max(last, item.order)
  end
  return wanted or last + 1
end

local function create_item(m, call)
  local arguments = call.arguments
  local acl = list_for(m, arguments)
  if acl.ghost or acl.removed then refusal.invalid "Unable to find specified ACL" end
  if is_default(acl) then refusal.invalid "Default ACL cannot be modified" end
  refuse_ports(arguments)
  local item = m:add("acl_item", {
    acl = acl, account = acl.account, protocol = arguments.protocol:lower(), first = arguments.startport,
    last = arguments.endport or arguments.startport, icmptype = arguments.icmptype, icmpcode = arguments.icmpcode,
    traffic = arguments.traffictype or "Ingress", order = number_for(m, acl, arguments.number),
    cidrs = table.concat(arguments.cidrlist or { "0.0.0.0/0", "::/0" }, ","), action = arguments.action or "Allow",
    reason = arguments.reason,
  })
  return jobs.created(jobs.start(m, call, {
    instance = item, instance_type = "NetworkAclItem", finish = function() return { networkacl = item_row(m, item) } end,
    cancel = function() m:remove(item) end,
  }), item)
end

local function delete_item(m, call)
  local item = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = item, instance_type = "NetworkAclItem",
    finish = function()
      if not item.ghost and not item.removed then
        if is_default(item.acl) then refusal.invalid "Default ACL cannot be modified" end
        m:remove(item)
      end
    end,
  }))
end

local function list_items(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local acl = arguments.aclid or arguments.networkid and arguments.networkid.acl
  local found = m:rows("acl_item", function(item)
    return (is_default(item.acl) and acl == item.acl or mine(item)) and lists.fits(item, arguments)
      and (not (arguments.aclid or arguments.networkid) or item.acl == acl)
      and (not arguments.traffictype or lists.same(item.traffic, arguments.traffictype))
  end)
  return lists.answer(m, call, "networkacl", found, function(item) return item_row(m, item) end)
end

local function list_lists(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("acl", function(acl)
    return (is_default(acl) or mine(acl)) and lists.fits(acl, arguments)
      and (not arguments.networkid or arguments.networkid.acl == acl)
      and (not arguments.vpcid or is_default(acl) or acl.vpc == arguments.vpcid)
  end)
  return lists.answer(m, call, "networkacllist", found, list_row)
end

network_acls.commands = {
  { name = "createNetworkACLList", run = create_list, class = PACKAGE .. "CreateNetworkACLListCmd", parameters = {
    { "name", "string", required = true }, { "vpcid", "uuid", of = "vpc", required = true, acl = true },
    { "description", "string" },
  } },
  { name = "deleteNetworkACLList", run = delete_list, class = PACKAGE .. "DeleteNetworkACLListCmd", parameters = {
    { "id", "uuid", of = "acl", required = true, acl = true },
  } },
  { name = "replaceNetworkACLList", run = replace_list, class = PACKAGE .. "ReplaceNetworkACLListCmd", parameters = {
    { "aclid", "uuid", of = "acl", required = true }, { "networkid", "uuid", of = "network", acl = true },
  } },
  { name = "listNetworkACLLists", run = list_lists, parameters = lists.owned_parameters {
    { "id", "uuid", of = "acl" }, { "name", "string" }, { "networkid", "uuid", of = "network" },
    { "vpcid", "uuid", of = "vpc" },
  } },
  { name = "createNetworkACL", run = create_item, class = PACKAGE .. "CreateNetworkACLCmd", parameters = {
    { "protocol", "string", required = true }, { "aclid", "uuid", of = "acl" },
    { "networkid", "uuid", of = "network", acl = true }, { "startport", "integer" }, { "endport", "integer" },
    { "cidrlist", "strings" }, { "icmptype", "integer" }, { "icmpcode", "integer" }, { "traffictype", "string" },
    { "number", "integer" }, { "action", "string" }, { "reason", "string", max = 2500, since = "4.12" },
  } },
  { name = "deleteNetworkACL", run = delete_item, class = PACKAGE .. "DeleteNetworkACLCmd", parameters = {
    { "id", "uuid", of = "acl_item", required = true, acl = true },
  } },
  { name = "listNetworkACLs", run = list_items, parameters = lists.owned_parameters {
    { "id", "uuid", of = "acl_item" }, { "aclid", "uuid", of = "acl" }, { "networkid", "uuid", of = "network" },
    { "traffictype", "string" }, { "tags", "map" },
  } },
}

return network_acls
