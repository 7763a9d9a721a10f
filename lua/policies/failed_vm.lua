-- What becomes of a VM whose creation failed. A kept one holds its address and its name until somebody
-- deletes it; it is in the journal and carries its tags.
--   facts   { vm = { id, name, state }, error = { text, code, kind }, attempt }
--   answer  "destroy" or "keep"

local function decide()
  return "destroy"
end

return { api = 1, decide = decide }
