-- What an object is called in CloudStack's user interface, and which tags it carries besides those by which
-- the CPI finds it again (director_uuid, bosh_request, bosh_cid, bosh_agent_id). The CID is not decided here.

local function display_name(facts)
  if facts.kind == "vm" and facts.group then return facts.group .. " " .. facts.cid end
  if facts.kind == "stemcell" and facts.stemcell_name then
    return ("%s %s"):format(facts.stemcell_name, facts.stemcell_version or "")
  end
  return facts.cid
end

local function decide(facts)
  local tags = { bosh_kind = facts.kind }
  if facts.director and facts.director ~= "" then tags.director_name = facts.director end
  return { display_name = display_name(facts), tags = tags }
end

return { api = 1, decide = decide }
