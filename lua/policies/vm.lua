-- Whether a VM may be made as it was ordered, and with which cloud_properties: every one, as the manifest has them.

local function decide(facts)
  return { cloud_properties = facts.cloud_properties }
end

return { api = 1, decide = decide }
