-- The display name of a new object, and the tags that it carries from its creation: which director it is for and which request
-- made it. After a crash the object is found again by its tags. The CID is not up to the site.

local tags = require "cloudstack.tags"
local volumes = require "cloudstack.volumes"

local names = {}

-- of(cpi, kind, cid [, more]) -> { display_name, tags }
--   kind  in_names of a row of made/kinds.lua: vm, disk, ephemeral-disk, stemcell, network, snapshot
--   more  what the verb knows besides: agent_id, instance (whose it is, as request/environment.lua has it), vm_cid,
--         stemcell_name, stemcell_version, given_tags (tags that BOSH asks for)
-- The names policy decides both; the tags that find an object again are ours and cannot be taken away.
function names.of(cpi, kind, cid, more)
  more = more or {}
  local facts = {
    kind = kind, cid = cid, director = cpi.settings.director.name, director_uuid = cpi.context.director_uuid,
    agent_id = more.agent_id, vm_cid = more.vm_cid,
    stemcell_name = more.stemcell_name, stemcell_version = more.stemcell_version,
  }
  local answer = cpi.decide("names", facts, more.instance)
  -- What carries the tag of an ephemeral disk is deleted with its VM: nobody else may set it.
  local own = { [volumes.EPHEMERAL_TAG] = "", director_uuid = facts.director_uuid, bosh_request = cpi.context.request_id,
    bosh_cid = cid, bosh_agent_id = more.agent_id, }
  if kind == "vm" and more.instance and more.instance.counts then
    local usage = require "cloudstack.usage"
    own[usage.TAG] = usage.mark(more.instance)
  end
  local all = tags.joined(cpi, own, answer.tags, tags.of_others(cpi, more.given_tags or {}))
  return { display_name = tags.cut(answer.display_name, 255), tags = tags.clean(all, cpi.json.null) }
end

return names
