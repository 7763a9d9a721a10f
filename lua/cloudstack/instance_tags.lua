-- The instance of BOSH that a VM or a disk is of, read from the tags of its row: the metadata that BOSH gave it.

local instance_tags = {}

-- Metadata of BOSH's own (bosh src/bosh-director/lib/bosh/director/metadata_updater.rb, bosh-cli deployment/vm/manager.go), and
-- the CPI's own tags: what is left comes from the `tags` of manifests and configs.
local OF_BOSH = {}
for key in ([[attached_at compiling created_at deployment director director_name director_uuid id index instance_group instance_id
  instance_index instance_name job name agent_id]]):gmatch "%S+" do
  OF_BOSH[key] = true
end

-- A name as the director writes it into env.bosh.groups (dns/canonicalizer.rb), so that it is the same in every verb; nil
-- where it is not a name.
local function canonical(name)
  if type(name) ~= "string" then return nil end
  local text = name:lower():gsub("_", "-"):gsub("[^%l%d-]", "")
  return text ~= "" and text or nil
end

-- of_set(metadata) -> { group, deployment, instance_group, index, tags }, each nil where it is not known. metadata: texts (and
-- numbers) by their keys, as BOSH sends them or as tags.of reads them.
function instance_tags.of_set(metadata)
  local instance = {
    deployment = canonical(metadata.deployment), instance_group = canonical(metadata.instance_group or metadata.job),
    index = math.tointeger(tonumber(metadata.index or metadata.instance_index)),
  }
  local director = canonical(metadata.director or metadata.director_name)
  if director and instance.deployment and instance.instance_group then
    instance.group = ("%s-%s-%s"):format(director, instance.deployment, instance.instance_group)
  end
  for key, value in pairs(metadata) do
    if type(value) == "string" and not OF_BOSH[key] and not key:find "^bosh_" then
      instance.tags = instance.tags or {}
      instance.tags[key] = value
    end
  end
  return instance
end

-- of(row) -> the same of a row of CloudStack's
function instance_tags.of(row)
  local metadata = {}
  for _, tag in ipairs(row.tags or {}) do metadata[tag.key] = tag.value end
  return instance_tags.of_set(metadata)
end

return instance_tags
