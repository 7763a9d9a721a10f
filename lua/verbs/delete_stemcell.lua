-- delete_stemcell(stemcell_cid): deletes what create_stemcell made, a template or one for each zone. One that is gone is deleted;
-- a light stemcell's template belongs to somebody else and stays.

local arguments = require "request.arguments"
local templates = require "cloudstack.templates"

return function(cpi, stemcell_cid)
  arguments.text("stemcell_cid", stemcell_cid)
  if not templates.is_ours(stemcell_cid) then
    cpi.log.info("template '%s' was not made by this CPI and stays", templates.wanted(stemcell_cid))
    return
  end
  local rows = cpi.cloudstack:rows(templates.request(stemcell_cid, "self"))
  for _, template in ipairs(templates.named(rows, stemcell_cid)) do templates.delete(cpi, template) end
end
