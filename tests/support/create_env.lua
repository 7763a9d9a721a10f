-- The requests that the bosh CLI makes in create-env and its relatives, byte for byte as it writes them: keys
-- in Go's order, no newline at the end, `info` before every call (at version 1, the others at 2).
--
--   create    a new environment            recreate  a changed job property
--   disk      another disk size            delete    delete-env
-- Who plays them fills in the CIDs that the CPI answers.

local text_file = require "text_file"

local create_env = {}

local DIRECTOR = "5b1c7a52-90d3-4c1e-6f0a-3d2b7e41c908"
local CONTEXT = ('"context":{"director_uuid":"%s","vm":{"stemcell":{"api_version":3}}}'):format(DIRECTOR)
create_env.director_uuid = DIRECTOR

local function request(method, arguments)
  local version = method == "info" and 1 or 2
  return ('{"method":"%s","arguments":[%s],%s,"api_version":%d}'):format(method, arguments, CONTEXT, version)
end

-- A certificate as the CLI sends it: PEM text with \n escapes, about as long as a real one.
local function pem(kind, letter, lines)
  local body = (letter:rep(64) .. "\\n"):rep(lines)
  return ("-----BEGIN %s-----\\n%s-----END %s-----\\n"):format(kind, body, kind)
end

create_env.certificate_letters = { ca = "Q", certificate = "R", private_key = "S" }

local ENV = ('{"bosh":{"mbus":{"cert":{"ca":"%s","certificate":"%s","private_key":"%s"}},"password":"*"}}'):format(
  pem("CERTIFICATE", "Q", 18), pem("CERTIFICATE", "R", 18), pem("RSA PRIVATE KEY", "S", 25))

local STEMCELL = '{"architecture":"x86_64","auto_disk_config":true,"container_format":"bare","disk":5120,'
  .. '"disk_format":"vhdx","hypervisor":"xen","infrastructure":"cloudstack",'
  .. '"name":"bosh-cloudstack-xen-ubuntu-jammy-go_agent","os_distro":"ubuntu","os_type":"linux","version":"1.1094"}'
local VM = '{"compute_offering":"shared.medium","disk":25000,"ephemeral_disk_offering":"shared.custom","root_disk_size":15000}'
local NETWORKS = '{"default":{"cloud_properties":{"name":"bosh-net"},"default":["dns","gateway"],"dns":["10.0.0.1"],'
  .. '"gateway":"10.0.0.1","ip":"10.0.0.11","netmask":"255.255.255.0","type":"manual"}}'
local VM_TAGS = '{"created_at":"2026-01-01T09:00:00Z","deployment":"bosh","director":"bosh-init","index":"0",'
  .. '"instance_group":"bosh","job":"bosh","name":"bosh/0"}'
local DISK_TAGS = '{"attached_at":"2026-01-01T09:00:01Z","deployment":"bosh","director":"bosh-init",'
  .. '"instance_group":"bosh","instance_index":"0"}'

local function quoted(...)
  local list = { ... }
  for i, value in ipairs(list) do list[i] = '"' .. value .. '"' end
  return table.concat(list, ",")
end

-- One call each: known = { image, stemcell, vm, disk, new_disk, agent } -> the request's text.
local calls = {}

function calls.info() return request("info", "") end
function calls.create_stemcell(known) return request("create_stemcell", quoted(known.image) .. "," .. STEMCELL) end

function calls.create_vm(known)
  local disks = known.disk and quoted(known.disk) or ""
  return request("create_vm", ("%s,%s,%s,[%s],%s"):format(quoted(known.agent, known.stemcell), VM, NETWORKS, disks, ENV))
end

function calls.set_vm_metadata(known) return request("set_vm_metadata", quoted(known.vm) .. "," .. VM_TAGS) end
function calls.create_disk(known, size)
  return request("create_disk", ('%d,{"disk_offering":"shared.custom"},%s'):format(size or 32768, quoted(known.vm)))
end
function calls.attach_disk(known, which) return request("attach_disk", quoted(known.vm, known[which or "disk"])) end
function calls.set_disk_metadata(known, which)
  return request("set_disk_metadata", quoted(known[which or "disk"]) .. "," .. DISK_TAGS)
end
function calls.has_vm(known) return request("has_vm", quoted(known.vm)) end
function calls.delete_vm(known) return request("delete_vm", quoted(known.vm)) end
function calls.detach_disk(known, which) return request("detach_disk", quoted(known.vm, known[which or "disk"])) end
function calls.delete_disk(known, which) return request("delete_disk", quoted(known[which or "disk"])) end
function calls.delete_stemcell(known) return request("delete_stemcell", quoted(known.stemcell)) end

create_env.calls = calls

-- Writes a stemcell's image of about `size` bytes, all of them `letter` ("x"); answers its path.
function create_env.image(directory, size, letter)
  return text_file.write(directory .. "/image", "BZh9" .. (letter or "x"):rep(size))
end

-- { method, argument } in the order of the CLI, without the infos. "keep" names what the answer becomes.
local vm_again = { { "has_vm" }, { "delete_vm" }, { "create_vm", keep = "vm" }, { "set_vm_metadata" },
  { "attach_disk" }, { "set_disk_metadata" } }
create_env.stages = {
  { name = "create", { "create_stemcell", keep = "stemcell" }, { "create_vm", keep = "vm" }, { "set_vm_metadata" },
    { "create_disk", keep = "disk" }, { "attach_disk" }, { "set_disk_metadata" } },
  { name = "recreate", table.unpack(vm_again) },
  { name = "disk", vm_again[1], vm_again[2], vm_again[3], vm_again[4], vm_again[5], vm_again[6],
    { "create_disk", 65536, keep = "new_disk" }, { "attach_disk", "new_disk" }, { "set_disk_metadata", "new_disk" },
    { "detach_disk" }, { "delete_disk" } },
  { name = "delete", { "has_vm" }, { "delete_vm" }, { "delete_disk", "new_disk" }, { "delete_stemcell" } },
}

-- play(known, perform): every stage in order. perform(stage, method, text, step) sends a request and answers
-- the result; what a step keeps goes into `known`.
function create_env.play(known, perform, only)
  for _, stage in ipairs(create_env.stages) do
    if not only or only[stage.name] then
      perform(stage.name, "info", calls.info(known))
      for n, step in ipairs(stage) do
        if step[1] == "create_vm" then known.agent = ("7d3a90c1-0000-4000-8000-%012d"):format(n + 100 * #stage) end
        perform(stage.name, "info", calls.info(known))
        local result = perform(stage.name, step[1], calls[step[1]](known, step[2]), step)
        if step.keep then known[step.keep] = type(result) == "table" and result[1] or result end
      end
    end
  end
end

return create_env
