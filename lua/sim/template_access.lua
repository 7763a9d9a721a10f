-- Which accounts may see and use a template, and where it is ready.
local refusal = require "sim.refusal"

local template_access = {}

-- The copy of a template in a zone, or nil.
function template_access.in_zone(template, zone)
  for _, copy in ipairs(template.copies) do
    if copy.zone == zone then return copy end
  end
end

function template_access.is_ready(template, zone)
  local copy = template_access.in_zone(template, zone)
  return copy ~= nil and copy.ready
end

-- Template {...} as it stands in error texts
function template_access.described(template)
  return ('Template {"format":"%s","id":%d,"name":"%s","uniqueName":"%s","uuid":"%s"}'):format(template.format,
    template.number, template.name, template.unique_name, template.id)
end

-- Can a VM of the owner be made of it in this zone?
function template_access.refuse_unusable(_, template, zone, owner)
  if template.ghost or template.removed then refusal.invalid("Unable to use template %d", template.number) end
  if template.account ~= owner and not template.public and owner.role ~= "admin" then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  if not template_access.is_ready(template, zone) then
    refusal.invalid("The template %d is not available for use", template.number)
  end
end

return template_access
