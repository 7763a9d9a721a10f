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

-- The second and the third of env.bosh.groups, which are the names of deployment and instance group; nil where the list is not
-- the director's: director, deployment, group, and then those with dashes between them, the last of which is env.bosh.group.
local function names_in(groups, group)
  if type(groups) ~= "table" or not group then return nil end
  local director, deployment, name = groups[1], groups[2], groups[3]
  for i = 1, 3 do
    if type(groups[i]) ~= "string" or groups[i] == "" then return nil end
  end
  if ("%s-%s-%s"):format(director, deployment, name) == group then return deployment, name end
end

-- The texts of a table by their keys, or nil where there are none.
local function texts_of(value)
  local texts = {}
  for key, text in pairs(type(value) == "table" and value or {}) do
    if type(key) == "string" and (type(text) == "string" or math.type(text)) then texts[key] = tostring(text) end
  end
  return next(texts) and texts or nil
end

-- The instance of BOSH that the VM is to be: { group, deployment, instance_group, tags }, each nil where env does not say it
-- (compilation VMs have no group; create-env says nothing). cloudstack/instance_tags.lua reads the same of what exists.
function environment.instance(env)
  local group = environment.group(env)
  local deployment, name = names_in(of_bosh(env, "groups"), group)
  return { group = group, deployment = deployment, instance_group = name, tags = texts_of(of_bosh(env, "tags")) }
end

-- Does env.bosh.mbus name a message bus?
function environment.has_message_bus(env)
  local mbus = of_bosh(env, "mbus")
  local urls = type(mbus) == "table" and mbus.urls
  return type(urls) == "table" and #urls > 0
end

return environment
