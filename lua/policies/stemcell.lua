-- How a stemcell becomes a template: one of the same image that was made for this stemcell and director is used, or
-- copied from another zone; else the image is uploaded. One of another stemcell or director is left alone, although it
-- would do: whoever has it may delete it.

local function is_same(template, facts)
  return template.director_uuid == facts.director_uuid
    and template.stemcell == ("%s/%s"):format(facts.name or "", facts.version or "")
end

local function decide(facts)
  local elsewhere
  for _, template in ipairs(facts.templates) do
    if is_same(template, facts) then
      if template.zone_id == facts.zone.id then return { how = "existing", template = template.id } end
      if template.ready then elsewhere = elsewhere or template end
    end
  end
  if elsewhere then return { how = "copy", template = elsewhere.id, from = elsewhere.zone_id } end
  return { how = "upload" }
end

return { api = 1, decide = decide }
