-- Was a deploy refused because there was no room? CloudStack says that in several ways.


local capacity = {}

local short_of = { "insufficient capacity", "No suitable host found", "No destination found", "Unable to create a deployment" }

-- Did CloudStack have no room? Code 533 on a job or a request, or a 530 that says so in words.
function capacity.is_short(failure)
  if failure.code == 533 then return true end
  for _, words in ipairs(short_of) do
    if failure.text:find(words, 1, true) then return true end
  end
  return false
end

return capacity
