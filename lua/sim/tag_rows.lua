-- The tags of an object as its row has them.
local tag_rows = {}

function tag_rows.rows(m, object, kind)
  local out = m:array()
  for i, tag in ipairs(object.tags or {}) do
    out[i] = {
      key = tag.key, value = tag.value, resourcetype = kind, resourceid = object.id, account = tag.account.name,
      domainid = tag.account.domain.id, domain = tag.account.domain.name,
    }
  end
  return out
end

-- Some kinds show no more of a tag than this.
function tag_rows.plain(m, object)
  local out = m:array()
  for i, tag in ipairs(object.tags or {}) do out[i] = { key = tag.key, value = tag.value } end
  return out
end

return tag_rows
