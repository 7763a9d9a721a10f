-- What is to be said of the store, for doctor and verify. Nothing is made, and nothing is written.
--
-- of(host, path) -> level, text, remedy, as operator/findings.lua prints them

-- The C host ends what is wrong with what to do: "store PATH: it belongs to user 0; chown 1000".
local function with_remedy(why)
  local text, remedy = why:match "^(.*); ([^;]+)$"
  return text or why, remedy or "put the file aside: the CPI makes a new one, and finds its objects again by name and tag"
end

local function of(host, path)
  local ok, why, is_missing = host.store.check(path)
  if ok then return "good", path .. " is sound" end
  if not is_missing then return "problem", with_remedy(why) end
  local directory = path:match "^(.*)/[^/]*$" or "."
  local names, trouble = host.files.list(directory == "" and "/" or directory)
  if names then return "good", path .. " will be made by the first request" end
  return "problem", ("there is no directory for %s (%s)"):format(path, trouble), "make the directory of store.path"
end

return { of = of }
