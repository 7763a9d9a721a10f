-- SSH key pairs of accounts.
local accounts = require "sim.accounts"
local lists = require "sim.lists"
local md5 = require "sim.md5"
local refusal = require "sim.refusal"

local keys = {}

-- CloudStack compares and keeps type and key, not the comment.
local function material(publickey)
  local kind, data = publickey:match "^%s*(ssh%-%S+)%s+([%w+/]+=*)"
  if not kind then kind, data = publickey:match "^%s*(ecdsa%-%S+)%s+([%w+/]+=*)" end
  return kind and #data >= 32 and kind .. " " .. data or nil
end
keys.material = material

-- The MD5 of the key itself.
local function fingerprint(m, text)
  local data = material(text):match " (.+)$"
  return (md5(m.bytes.unbase64(data) or data):gsub("(%x%x)", "%1:"):sub(1, -2))
end

local function add(m, account, name, publickey)
  return m:add("key", {
    name = name, account = account, publickey = publickey, material = material(publickey),
    fingerprint = fingerprint(m, publickey),
  })
end

function keys.seed(m)
  for _, spec in ipairs(m.world.keys) do
    local project = spec.project and m:named("project", spec.project)
    add(m, project and project.account or m:named("account", spec.account), spec.name, spec.publickey)
  end
end

-- find(m, account, name) -> key | nil
function keys.find(m, account, name)
  return m:first("key", function(key) return key.account == account and lists.same(key.name, name) end)
end

local function row(key)
  return accounts.show_owner({
    id = key.id, name = key.name, fingerprint = key.fingerprint, hasannotations = false,
  }, key.account)
end

local function without_path(out)
  out.domainpath = nil
  return out
end

-- One that is made says less than one that is registered.
local function refuse_taken(m, owner, name, publickey)
  if keys.find(m, owner, name) then
    refusal.invalid("A key pair with name '%s' already exists%s.", name, publickey and " for this account" or "")
  end
  local wanted = publickey and material(publickey)
  if wanted and m:first("key", function(key) return key.account == owner and key.material == wanted end) then
    refusal.invalid("A key pair with key '%s' already exists for this account.", publickey)
  end
end

local function register(m, call)
  local owner, arguments = accounts.owner(m, call), call.arguments
  if not material(arguments.publickey) then refusal.invalid "Public key is invalid" end
  refuse_taken(m, owner, arguments.name, arguments.publickey)
  return { keypair = without_path(row(add(m, owner, arguments.name, arguments.publickey))) }
end

local function create(m, call)
  local owner, name = accounts.owner(m, call), call.arguments.name
  refuse_taken(m, owner, name)
  local privatekey, publickey = m.bytes.key_pair()
  local out = without_path(row(add(m, owner, name, publickey)))
  out.privatekey = privatekey
  return { keypair = out }
end

local function delete(m, call)
  local owner, name = accounts.owner(m, call), call.arguments.name
  local key = keys.find(m, owner, name)
  if not key then
    local why = refusal.new(431, 4350,
      ("A key pair with name '%s' does not exist for account %s in specified domain id")
      :format(name, owner.name))
    why.about = { { uuid = owner.domain.id, description = "domainId" } }
    error(why, 0)
  end
  m:remove(key)
  return { success = true }
end

local function list(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("key", function(key)
    return mine(key) and lists.fits(key, arguments)
      and (not arguments.fingerprint or key.fingerprint == arguments.fingerprint)
  end)
  return lists.answer(m, call, "sshkeypair", lists.reversed(found), function(key) return without_path(row(key)) end)
end

local function with_owner(name)
  return { name, table.unpack(accounts.OWNER_PARAMETERS) }
end

keys.commands = {
  { name = "listSSHKeyPairs", run = list, parameters = lists.owned_parameters {
    { "id", "uuid", of = "key", since = "4.18" }, { "name", "string" }, { "fingerprint", "string" },
  } },
  { name = "registerSSHKeyPair", run = register, parameters = {
    { "name", "string", required = true }, { "publickey", "string", required = true, max = 5120 },
    table.unpack(accounts.OWNER_PARAMETERS),
  } },
  { name = "createSSHKeyPair", run = create, parameters = with_owner { "name", "string", required = true } },
  { name = "deleteSSHKeyPair", run = delete, parameters = with_owner { "name", "string", required = true } },
}

return keys
