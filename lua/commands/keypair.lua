-- cpi keypair create|delete|list: SSH key pairs of the account. The private key is shown once, or goes to a file; nobody
-- keeps it.

local command = require "operator.command"
local errors = require "errors"
local exact = require "cloudstack.exact"
local key_pairs = require "cloudstack.key_pairs"
local new_paper = require "operator.paper"
local refusals = require "cloudstack.refusals"

local actions = {}

local function find(cpi, name)
  return key_pairs.named(cpi.cloudstack:rows(key_pairs.request(name)), name)
end

local function remove(cpi, name)
  return cpi.cloudstack:try("deleteSSHKeyPair", { name = name }, { idempotent = true })
end

-- Deletes what cannot be used, because its private key is lost, and raises why.
local function take_back(cpi, name, why)
  local _, failure = remove(cpi, name)
  local is_left = failure and not refusals.is(failure, "bad_parameter")
  local left = is_left and ("; left behind: key pair '%s' (%s)"):format(name, failure.text) or ""
  error(errors.cloud("%s%s", why, left))
end

function actions.create(host, cpi, name, options)
  if find(cpi, name) then error(errors.cloud("key pair '%s' is there already", name)) end
  local payload, failure = cpi.cloudstack:try("createSSHKeyPair", { name = name })
  if not payload and not cpi.cloudstack.is_open(failure) then cpi.cloudstack.raise(failure) end
  local private_key = payload and type(payload.keypair) == "table" and payload.keypair.privatekey
  if not private_key then
    take_back(cpi, name, failure and cpi.cloudstack.say(failure) or "createSSHKeyPair: the answer has no private key")
  end
  host.log.secret(private_key)
  local ok, why
  local file = options["private-key"]
  if file then
    ok, why = host.files.create(file, private_key)
  else
    ok, why = host.console.write(private_key:gsub("\n?$", "\n"))
  end
  if not ok then take_back(cpi, name, why) end
  if file then new_paper(host):line("key pair '%s' is made; its private key is in %s", name, file) end
end

-- CloudStack deletes a key pair that VMs were deployed with, without a word; they could not be recreated.
function actions.delete(host, cpi, name)
  local users = cpi.cloudstack:rows { "listVirtualMachines", { keypair = name, details = "min" }, rows = "virtualmachine" }
  if #users > 0 then
    error(errors.cloud("key pair '%s' is used by VM %s", name, exact.names(users)))
  end
  local _, failure = remove(cpi, name)
  local was_none = failure and refusals.is(failure, "key_pair_is_gone")
  if failure and not was_none then cpi.cloudstack.raise(failure) end
  new_paper(host):line("key pair '%s' %s", name, was_none and "is not there" or "is deleted")
end

function actions.list(host, cpi, _, options)
  local list, paper = {}, new_paper(host)
  for i, row in ipairs(cpi.cloudstack:rows(key_pairs.request())) do
    list[i] = { name = row.name, fingerprint = row.fingerprint }
    if not options.output then paper:line("%s  %s", row.fingerprint or "", row.name) end
  end
  if options.output then paper:json(host.json.array(list)) end
end

return command.new("keypair", function(host, words, options, refuse)
  local action, name = words[1], words[2]
  local wanted = action == "list" and 1 or 2
  if not actions[action] or #words ~= wanted then refuse() end
  if options["private-key"] and action ~= "create" then refuse "--private-key is for create" end
  if options.output and action ~= "list" then refuse "--output is for list" end
  if name == "" then refuse("a key pair has a name") end
  command.settings(host)
  actions[action](host, require("cpi").parts(host, { context = {}, method = "keypair" }), name, options)
  return 0
end)
