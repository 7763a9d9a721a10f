-- Which affinity groups a VM is in beside those that its cloud_properties name: one for all VMs of its instance group,
-- where the site has switched that on and the manifest names none.

local function decide(facts)
  if #facts.names > 0 or not facts.auto then return {} end
  return { { name = facts.auto, type = facts.auto_type } }
end

return { api = 1, decide = decide }
