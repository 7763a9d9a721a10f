-- Firewall rules of public addresses. A VPC has network ACLs instead, which belong to its tiers.

local refusals = require "cloudstack.refusals"

local firewall = {}

function firewall.request(address_id)
  return { "listFirewallRules", { ipaddressid = address_id }, rows = "firewallrule" }
end

function firewall.request_all()
  return { "listFirewallRules", {}, rows = "firewallrule" }
end

function firewall.request_by_id(id)
  return { "listFirewallRules", { id = id }, rows = "firewallrule" }
end

-- rule: { protocol, start_port, end_port, icmp_type, icmp_code, cidrs (a list) }; entry: of the journal
function firewall.create_request(cpi, address_id, rule, entry)
  return { "createFirewallRule", {
    ipaddressid = address_id, protocol = rule.protocol, startport = rule.start_port, endport = rule.end_port,
    icmptype = rule.icmp_type, icmpcode = rule.icmp_code, cidrlist = table.concat(rule.cidrs, ","),
  }, job = true, entry = entry, what = "opening the firewall for " .. firewall.described(rule),
    timeout = cpi.settings.cloudstack.timeout.global,
    find = function() return firewall.same(cpi.cloudstack:rows(firewall.request(address_id)), rule) end }
end

function firewall.delete_request(cpi, id)
  return { "deleteFirewallRule", { id = id }, job = true, idempotent = true, what = "deleting a firewall rule",
    timeout = cpi.settings.cloudstack.timeout.global }
end

-- "tcp 22-23" for messages
function firewall.described(rule)
  if not rule.start_port then return rule.protocol end
  return ("%s %d-%d"):format(rule.protocol, rule.start_port, rule.end_port)
end

-- The row of a rule that does exactly this, or nil.
function firewall.same(rows, rule)
  local cidrs = table.concat(rule.cidrs, ",")
  for _, row in ipairs(rows) do
    if row.protocol == rule.protocol and tonumber(row.startport) == rule.start_port
      and tonumber(row.endport) == rule.end_port and tonumber(row.icmptype) == rule.icmp_type
      and tonumber(row.icmpcode) == rule.icmp_code and row.cidrlist == cidrs then
      return row
    end
  end
end

-- Another rule has (some of) these ports, or the same type and code of ICMP.
function firewall.is_conflict(failure)
  return refusals.is(failure, "firewall_rule_conflicts")
end

return firewall
