-- The list of all commands there are, gathered from the nouns that know them.

local commands = {}

local NOUNS = {
  "projects", "account_lists", "account_reports", "jobs", "zones", "infrastructure", "hypervisors", "offerings",
  "network_offerings", "vpcs", "network_acls", "networks", "network_life", "public_addresses", "static_nat",
  "firewall", "egress_rules", "load_balancers", "port_forwarding", "security_groups", "security_group_rules", "nics",
  "vm_nics", "secondary_addresses", "ostypes", "templates", "template_life", "uploads", "vm_lists", "vm_deploy",
  "vm_life", "vm_destroy", "vm_update", "vm_offering", "vm_restore", "volumes", "attachments", "resize", "migration",
  "snapshots", "volume_update", "tags", "keys", "world_vms", "affinity", "capabilities", "configurations", "apis",
  "unmodelled",
}

local CUSTOM_JOB = { "customjobid", "string" }

local function complete(entry)
  entry.parameters = entry.parameters or {}
  if entry.class then entry.parameters[#entry.parameters + 1] = CUSTOM_JOB end
  entry.envelope = entry.envelope or entry.name:lower() .. "response"
  return entry
end

local function gather()
  local found = {}
  for _, noun in ipairs(NOUNS) do
    for _, entry in ipairs(require("sim." .. noun).commands) do
      if not (entry.unmodelled and found[entry.name]) then found[entry.name] = complete(entry) end
    end
  end
  return found
end

local all

-- find(m, name) -> entry | nil: names are case-sensitive, and some commands are newer than the version
function commands.find(m, name)
  all = all or gather()
  local entry = all[name]
  if entry and (not entry.since or m.version:at_least(entry.since)) then return entry end
end

-- Is there such a command in any version, modelled or not?
function commands.is_known(name)
  all = all or gather()
  return all[name] ~= nil
end

-- All that are modelled, sorted by name.
function commands.modelled()
  all = all or gather()
  local out = {}
  for _, entry in pairs(all) do
    if not entry.unmodelled then out[#out + 1] = entry end
  end
  table.sort(out, function(a, b) return a.name < b.name end)
  return out
end

-- May the account's role send it? entry.admin: true for a command of root's administrators, "domain" for one of all
-- administrators; entry.open_before: a version before which everybody might.
function commands.is_for(m, entry, account)
  local was_open = entry.open_before and not m.version:at_least(entry.open_before)
  local is_open = not entry.admin or was_open or account.role == "admin" or entry.admin == "domain" and account.role == "domainadmin"
  return is_open and not account.without[entry.name]
end

-- All commands that an account may send, sorted by name.
function commands.of(m, account)
  all = all or gather()
  local out = {}
  for name, entry in pairs(all) do
    if not entry.unmodelled and commands.find(m, name) and commands.is_for(m, entry, account) then
      out[#out + 1] = entry
    end
  end
  table.sort(out, function(a, b) return a.name < b.name end)
  return out
end

-- Lets every noun put what the world holds into a fresh model.
function commands.seed(m)
  for _, noun in ipairs(NOUNS) do
    local seed = require("sim." .. noun).seed
    if seed then seed(m) end
  end
end

return commands
