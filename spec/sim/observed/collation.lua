-- Names and keys as the database compares them: without case, accents and trailing blanks; as a server of 4.22 answered.
local steps = require "spec.sim.observed.steps"
local call, vm, tags = steps.call, steps.vm, steps.tags

local V = "4.22.0.0"

local function tag(key, value, how) return tags("createTags", "$vm", "UserVm", key, value or "x", how) end
local function already(key) return { code = 530, errortext = "tag " .. key .. " already on UserVm with id $vm" } end
local function kept(...)
  local has = {}
  for i, key in ipairs { ... } do has[("tag.%d.key"):format(i)] = key end
  return { call("listTags", { resourceid = "$vm" }), has = has }
end

local group = { name = "rc-web", type = "host anti-affinity" }
local has_group = { call("createAffinityGroup", group, { as = "group" }) }
local has_key = { call("createSSHKeyPair", { name = "rc-key" }) }

local rows = {
  { "a tag's key in another case", given = { vm "c1", tag "Deployment" }, tag "deployment", job = already "deployment",
    left = { kept "Deployment" } },
  { "two keys of one call that differ in case", given = { vm "c1" }, call("createTags", { resourceids = "$vm",
    resourcetype = "UserVm", ["tags[0].key"] = "a1", ["tags[0].value"] = "1", ["tags[1].key"] = "A1", ["tags[1].value"] = "2" }),
    job = already "A1", left = { { call("listTags", { resourceid = "$vm" }), empty = true } } },
  { "a key without its accent", given = { vm "c1", tag "é" }, tag "e", job = already "e", left = { kept "é" } },
  { "a key with a trailing blank", given = { vm "c1", tag "é" }, tag "e ", job = already "e ", left = { kept "é" } },
  { "a key is deleted in another case", given = { vm "c1", tag "Deployment", tag "é" },
    call("deleteTags", { resourceids = "$vm", resourcetype = "UserVm", ["tags[0].key"] = "DEPLOYMENT" }), left = { kept "é" } },
  { "a group's name in another case", given = has_group, call("createAffinityGroup", { name = "rc-Web", type = group.type }),
    status = 431, cserrorcode = 4350, errortext = "Unable to create affinity group, a group with name rc-Web already exists." },
  { "a group is found in another case", given = has_group, call("listAffinityGroups", { name = "RC-WEB" }),
    has = { ["affinitygroup.1.name"] = "rc-web" } },
  { "a group is deleted in another case", given = has_group, call("deleteAffinityGroup", { name = "rc-WEB" }),
    left = { { call("listAffinityGroups", { name = "rc-web" }), empty = true } } },
  { "a key pair's name in another case", given = has_key, call("createSSHKeyPair", { name = "rc-Key" }), status = 431,
    cserrorcode = 4350, errortext = "A key pair with name 'rc-Key' already exists." },
  { "a key pair is found in another case", given = has_key, call("listSSHKeyPairs", { name = "RC-KEY" }),
    has = { ["sshkeypair.1.name"] = "rc-key" } },
  { "a key pair is deleted in another case", given = has_key, call("deleteSSHKeyPair", { name = "RC-Key" }) },
  { "a VM's name in another case is another name", given = { vm "c1" }, steps.deploy "C1",
    left = { { call("listVirtualMachines", { name = "C1" }), has = { count = 2 } } } },
}

for _, row in ipairs(rows) do row.version = V end
return rows
