-- The recipes of docs/policies.md: { { title, decision, policy, test }, ... }, in the order of the page.

local text_file = require "text_file"

local page = text_file.read "docs/policies.md"
local section = assert(page:match "\n## Cookbook\n(.-)\n## ", "docs/policies.md has no section Cookbook")

local recipes, at = {}, 1
while true do
  local from, after, title = section:find("### ([^\n]+)\n", at)
  if not from then break end
  at = section:find("\n### ", after, true) or #section + 1
  local blocks = {}
  for block in section:sub(after, at):gmatch "```lua\n(.-)```" do blocks[#blocks + 1] = block end
  recipes[#recipes + 1] = { title = title, policy = blocks[1], test = blocks[2],
    decision = assert(blocks[1]:match "^%-%- ([%l_]+)%.lua\n", title) }
end

return recipes
