-- What becomes of a VM whose creation failed. A kept one holds its address and its name until somebody
-- deletes it; it is in the journal and carries its tags.

local function decide()
  return "destroy"
end

return { api = 1, decide = decide }
