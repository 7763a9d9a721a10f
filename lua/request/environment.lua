-- What the CPI itself reads of the argument `env` of create_vm, which is the agent's and otherwise passes through untouched.

local environment = {}

-- A field of env.bosh; nil where there is none, and where env.bosh is not an object.
local function of_bosh(env, key)
  return type(env.bosh) == "table" and env.bosh[key] or nil
end

-- env.bosh.group: the names of director, deployment and instance group, with dashes; nil where there is none. An empty one
-- counts as none.
function environment.group(env)
  local group = of_bosh(env, "group")
  return type(group) == "string" and group ~= "" and group or nil
end

-- Does env.bosh.mbus name a message bus?
function environment.has_message_bus(env)
  local mbus = of_bosh(env, "mbus")
  local urls = type(mbus) == "table" and mbus.urls
  return type(urls) == "table" and #urls > 0
end

return environment
