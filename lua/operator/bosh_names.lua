-- What BOSH calls an object, by the tags that its metadata became: instance, deployment, director.

local bosh_names = {}

local function first(set, ...)
  for _, key in ipairs { ... } do
    if set[key] and set[key] ~= "" then return set[key] end
  end
end

-- instance(set) -> "web/6c8b...", "web/0", or nil; set: tags as { key = value }
function bosh_names.instance(set)
  if set.name and set.name:find "^[^/]+/[^/]+$" then return set.name end
  local group, id = first(set, "instance_group", "job"), first(set, "id", "instance_id", "index", "instance_index")
  return group and (id and ("%s/%s"):format(group, id) or group) or nil
end

-- instances(set) -> every name by which a person may look for it: "web/ID" and "web/INDEX"
function bosh_names.instances(set)
  local list, group = { bosh_names.instance(set) }, first(set, "instance_group", "job")
  for _, key in ipairs { "id", "instance_id", "index", "instance_index" } do
    if group and set[key] then list[#list + 1] = ("%s/%s"):format(group, set[key]) end
  end
  return list
end

-- The name of the director that spoke of it, and its deployment.
function bosh_names.director(set) return first(set, "director", "director_name") end
function bosh_names.deployment(set) return first(set, "deployment") end

return bosh_names
