-- Whether an installation is complete: scripts, our policies, the site's, the store. CloudStack is not asked, and nothing
-- is written.
--
-- inspect(host, settings or nil) -> findings, as operator/findings.lua prints them
--
-- `make install` leaves a list of all scripts with their checksums beside them, as sha256sum writes it. A source tree
-- has none; there every script is loaded once all the same.

local errors = require "errors"
local policy_directory = require "operator.policy_directory"
local store_finding = require "operator.store_finding"

local LIST = "files.sha256"
local MOST_NAMED = 5

-- Not loaded: what is for editors, and policies, which only the sandbox loads.
local function is_script(path) return not path:find "^meta/" and not path:find "^policies/" end

local function add_scripts(host, directory, prefix, list)
  local names, why = host.files.list(directory)
  if not names then error(errors.cpi("%s", why)) end
  for _, name in ipairs(names) do
    if name:find "/$" then
      add_scripts(host, directory .. "/" .. name:sub(1, -2), prefix .. name, list)
    elseif name:find "%.lua$" then
      list[#list + 1] = prefix .. name
    end
  end
  return list
end

local function named(list)
  local some = table.concat(list, ", ", 1, math.min(#list, MOST_NAMED))
  return #list > MOST_NAMED and ("%s and %d more"):format(some, #list - MOST_NAMED) or some
end

-- The list's lines, "CHECKSUM  PATH", as { path = checksum }; nil where there is no list.
local function listed(host)
  local text = host.files.read(host.lua_dir .. "/" .. LIST)
  if not text then return nil end
  local wanted = {}
  for checksum, path in text:gmatch "(%x+)  ([^\n]+)\n" do wanted[path:gsub("^%./", "")] = checksum end
  return wanted
end

local function compare(host, scripts, wanted)
  local there, changed, extra, missing = {}, {}, {}, {}
  for _, path in ipairs(scripts) do
    there[path] = true
    if not wanted[path] then
      extra[#extra + 1] = path
    elseif host.bytes.sha256(host.files.read(host.lua_dir .. "/" .. path) or "") ~= wanted[path] then
      changed[#changed + 1] = path
    end
  end
  for path in pairs(wanted) do
    if not there[path] then missing[#missing + 1] = path end
  end
  table.sort(missing)
  return missing, changed, extra
end

local function check_list(host, add, scripts)
  local wanted = listed(host)
  if not wanted then
    add("remark", "scripts", ("%d in %s, and no list (%s) to hold them against"):format(#scripts, host.lua_dir, LIST),
      "nothing to do in a source tree; `make install` writes the list")
    return
  end
  local missing, changed, extra = compare(host, scripts, wanted)
  local again = "install again; a patched script is lost by the next update"
  if #missing > 0 then add("problem", "scripts", "missing: " .. named(missing), again) end
  if #changed > 0 then add("problem", "scripts", "not as they were installed: " .. named(changed), again) end
  if #extra > 0 then add("remark", "scripts", "not of this installation: " .. named(extra), "remove what is left of another version") end
  if #missing + #changed == 0 then add("good", "scripts", ("%d as they were installed"):format(#scripts)) end
end

local function check_loading(add, scripts)
  local broken = 0
  for _, path in ipairs(scripts) do
    if is_script(path) then
      local ok, why = pcall(require, (path:gsub("%.lua$", ""):gsub("/", ".")))
      if not ok then
        broken = broken + 1
        add("problem", "scripts", ("%s does not load: %s"):format(path, errors.words(why):match "^[^\n]*"), "install again")
      end
    end
  end
  if broken == 0 then add("good", "scripts", "all of them load") end
end

-- What `cpi stemcell convert` puts into stemcells lies beside the scripts.
local function check_finder(host, add)
  local ok, why = host.files.read(host.lua_dir .. "/../stemcell/metadata-finder/cloudstack-metadata")
  if ok then
    add("good", "stemcells", "the metadata finder is there, for `cpi stemcell convert`")
  else
    add("problem", "stemcells", "the metadata finder is missing: " .. why, "install again; only `cpi stemcell convert` needs it")
  end
end

local function check_policies(host, add, directories)
  local rows, broken = policy_directory.in_force(host, directories), 0
  for _, row in ipairs(rows) do
    if row.problem then
      broken = broken + 1
      add("problem", "policies", row.problem, row.origin == "site" and "see `cpi policy check`" or "install again")
    end
  end
  if broken == 0 then add("good", "policies", ("%d decisions, all with a policy that loads"):format(#rows)) end
  for _, file in ipairs(directories and policy_directory.check(host, directories) or {}) do
    if not file.decision then add("problem", "policies", file.file .. ": " .. file.problems[1], "rename or remove it") end
  end
end

local function check_store(host, add, path)
  if path == "" then
    add("remark", "store", "none is configured", "nothing to do; with store.path a crash leaves a trace (cpi journal)")
    return
  end
  local level, text, remedy = store_finding.of(host, path)
  add(level, "store", text, remedy)
end

local function inspect(host, settings)
  local list = {}
  local function add(level, subject, text, remedy)
    list[#list + 1] = { level = level, subject = subject, text = text, remedy = remedy }
  end
  local scripts = add_scripts(host, host.lua_dir, "", {})
  check_list(host, add, scripts)
  check_loading(add, scripts)
  check_finder(host, add)
  local directories = settings and settings.policies.directory
  check_policies(host, add, directories ~= "" and directories or nil)
  if settings then
    check_store(host, add, settings.store.path)
  else
    add("remark", "config", "no configuration is named, so neither the site's policies nor the store were looked at",
      "name it with --config or CPI_CONFIG")
  end
  return list
end

return { inspect = inspect, LIST = LIST }
