-- The Go release's configuration file in the names of the job, which are ours.
--
-- go_configuration(file, null) -> tree, remarks: the tree has no secret key, and none of what means nothing here; remarks are lines
-- for a person. file: decoded JSON. nil, why where it is not such a file.

local tables = require "base.tables"

-- The file's names in lower case, as Go compares them -> ours; false: what means nothing here, or has another meaning: see REMARKS.
local NAMES = {
  ["cloudstack.endpoint"] = "cloudstack.endpoint", ["cloudstack.apikey"] = "cloudstack.api_key",
  ["cloudstack.secretaccesskey"] = false, ["cloudstack.skipverifyssl"] = "cloudstack.skip_verify_ssl",
  ["cloudstack.defaultzone"] = "cloudstack.default_zone", ["cloudstack.expungevm"] = "cloudstack.expunge_vm",
  ["cloudstack.directorname"] = "director.name", ["cloudstack.intervalcleandisk"] = false,
  ["cloudstack.enableautoantiaffinity"] = "cloudstack.enable_auto_anti_affinity",
  ["cloudstack.autoantiaffinitytype"] = "cloudstack.auto_anti_affinity_type", ["cloudstack.defaultkeyname"] = "cloudstack.default_key_name",
  ["cloudstack.privatekey"] = false, ["cloudstack.defaultoffer.disk"] = "cloudstack.default_offer.disk",
  ["cloudstack.defaultoffer.ephemeraldisk"] = "cloudstack.default_offer.ephemeral_disk",
  ["cloudstack.defaultoffer.customdisk"] = "cloudstack.default_offer.custom_disk",
  ["cloudstack.stemcell.publicvisibility"] = false, ["cloudstack.stemcell.requireshvm"] = "cloudstack.stemcell.requires_hvm",
  ["cloudstack.stemcell.ostype"] = "cloudstack.stemcell.os_type",
  ["cloudstack.calculatecloudprop.disktags"] = "cloudstack.calculate.disk_tags",
  ["cloudstack.calculatecloudprop.notdisktags"] = "cloudstack.calculate.not_disk_tags",
  ["cloudstack.calculatecloudprop.servicetags"] = "cloudstack.calculate.compute_tags",
  ["cloudstack.calculatecloudprop.notservicetags"] = "cloudstack.calculate.not_compute_tags",
  ["actions.agentenvservice"] = false, ["actions.agent.mbus"] = "agent.mbus", ["actions.agent.ntp"] = "ntp",
  ["actions.agent.blobstore.provider"] = "agent.blobstore.provider", ["actions.agent.blobstore.options"] = "agent.blobstore.options",
  ["actions.registry.host"] = "registry.host", ["actions.registry.port"] = "registry.port",
  ["actions.registry.username"] = "registry.username", ["actions.registry.password"] = "registry.password",
}
for name in ([[global reboot_vm stop_vm create_vm delete_vm create_volume delete_volume resize_volume poll_template attach_volume
  detach_volume snapshot_volume delete_snapshot_volume]]):gmatch "%S+" do
  NAMES["cloudstack.timeout." .. name:gsub("_", "")] = "cloudstack.timeout." .. name
end

local REMARKS = {
  ["cloudstack.secretaccesskey"] = "SecretAccessKey is not copied: put it into cloudstack.secret_access_key yourself",
  ["cloudstack.skipverifyssl"] = "SkipVerifySSL worked the other way round in the Go release: false did not verify certificates, and now "
    .. "it does; see cloudstack.ca_cert",
  ["cloudstack.stemcell.publicvisibility"] = "Stemcell.PublicVisibility is left out: the Go release never read it, and here it would make "
    .. "templates public",
}

local function place(tree, path, value)
  for section in path:gmatch "([^.]+)%." do
    tree[section] = tree[section] or {}
    tree = tree[section]
  end
  tree[path:match "[^.]+$"] = value
end

local function walk(source, section, null, visit)
  for _, key in ipairs(tables.sorted_keys(source)) do
    local value, path = source[key], section .. tostring(key):lower()
    local is_section = type(value) == "table" and #value == 0 and NAMES[path] == nil and value ~= null
    if is_section then
      walk(value, path .. ".", null, visit)
    elseif value ~= null then
      visit(path, value)
    end
  end
end

return function(file, null)
  local tree, remarks, known = {}, {}, 0
  if type(file) ~= "table" then return nil, "it is not an object" end
  walk(file, "", null, function(path, value)
    local name = NAMES[path]
    known = known + (name ~= nil and 1 or 0)
    if name then place(tree, name, value) end
    if REMARKS[path] then remarks[#remarks + 1] = REMARKS[path] end
    if name == nil then remarks[#remarks + 1] = ("%s is not known and is left out"):format(path) end
    if name == false and not REMARKS[path] then remarks[#remarks + 1] = ("%s is left out: nothing reads it"):format(path) end
  end)
  if known == 0 then return nil, "it has none of the Go release's names (CloudStack, Actions)" end
  return tree, remarks
end
