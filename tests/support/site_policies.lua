-- A site's policies as functions, for specs over lua/operator/trial.lua, which is made with `policies = "site"`.

-- site_policies(t, { NAME = decide }): the others are ours. There is no sandbox: a function may keep what it is asked.
return function(t, functions)
  local ours, files = t.host.policy, t.host.files
  t.host.policy = {
    load = function(directory, name)
      if directory ~= "site" then return ours.load(directory, name) end
      if functions[name] then return ("site/%s.lua"):format(name), { api = 1, decide = functions[name] } end
    end,
    call = function(f, ...) return f(...) end,
  }
  t.host.files = setmetatable({ list = function(path)
    if path == "site" then return {} end
    return files.list(path)
  end }, { __index = files })
end
