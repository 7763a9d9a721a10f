-- Where the site's policies are. A directory that is not there would mean that ours decide, in silence; so would a file whose name
-- is misspelt.

local decisions = require "decisions"
local errors = require "errors"
local spelling = require "base.spelling"

local is_decision = {}
for _, name in ipairs(decisions) do is_decision[name] = true end

-- site_policies(files, directories, warn) -> the directories, or nil where none is configured. files: host.files. Files that would
-- decide nothing are warned about; raises CpiError for a directory that cannot be read.
return function(files, directories, warn)
  if directories == "" then return nil end
  for directory in directories:gmatch "[^:]+" do
    local names, why = files.list(directory)
    if not names then error(errors.configuration("policies.directory: %s", why)) end
    for _, file in ipairs(names) do
      local name = file:match "^(.*)%.lua$"
      if name and not name:find "_test$" and not is_decision[name] then
        warn("%s/%s decides nothing: no decision is called '%s'%s", directory, file, name, spelling.suggestion(name, decisions))
      end
    end
  end
  return directories
end
