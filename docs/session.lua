-- Records docs/session.md: commands run against the simulated CloudStack, as a person would see them.
--   lua5.4 docs/session.lua [BUILD]          writes the page; so does make session
-- tests/lifecycle/session_spec.lua runs the commands again and holds the page against what they print.

package.path = "./?.lua;./lua/?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local rig = require "rig"

local session = {}

local DIRECTOR = "5b1c7a52-90d3-4c1e-8f0a-3d2b7e41c908"
local WORLD = { latency = { jobs = { deployVirtualMachine = 0.1, startVirtualMachine = 0.3, destroyVirtualMachine = 0.4, attachVolume = 0.3,
  createSnapshot = 0.3, rebootVirtualMachine = 0.3, detachVolume = 0.3 } } }

-- What a person types, and what is said before it. A step may prepare the cloud.
local steps = {
  { "First the zone is proven: what doctor finds, then one VM's whole life by the real verbs, timed, and removed again. In a terminal it "
    .. "asks before.",
    "cpi validate --yes --network bosh-net" },
  { "BOSH has deployed something since. What is there?", "cpi list", function(cloud) session.deploy(cloud) end },
  { "Which VM is web/0, and what happened to it?", "cpi cid --history web/0" },
  { "What would it mean to delete it?", function(known) return "cpi explain delete_vm " .. known.vm end },
  { "A worker was killed before BOSH spoke of its new VM. What is left of it? An hour is the usual age; here it was made just now.",
    "cpi gc --director " .. DIRECTOR .. " --older-than 0s", function(cloud) session.leave_something(cloud) end },
  { "It is removed. In a terminal gc asks before; here nobody can be asked, and --apply is consent.",
    "cpi gc --director " .. DIRECTOR .. " --older-than 0s --apply" },
}

local function perform(cloud, method, ...)
  local answer = cloud:cpi(rig.json.encode { method = method, api_version = 2, arguments = rig.json.array { ... },
    context = { director_uuid = DIRECTOR, request_id = "cpi-1", vm = { stemcell = { api_version = 3 } } } })
  assert(answer.response and answer.response.error == rig.json.null, method .. ": " .. answer.stdout .. answer.stderr)
  return answer.response.result
end

local function make_vm(cloud)
  return perform(cloud, "create_vm", "agent-1", "ubuntu-builtin", { compute_offering = "shared.small" },
    { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, {})[1]
end

local known = {}

-- A VM with a persistent disk, as a director leaves them.
function session.deploy(cloud)
  local metadata = { director = "bosh", deployment = "cf", job = "web", instance_group = "web", index = "0",
    id = "6c8b2f0e-1d7a-4a55-9a3e-0d6f2f1b7c11", name = "web/6c8b2f0e-1d7a-4a55-9a3e-0d6f2f1b7c11" }
  known.vm = make_vm(cloud)
  perform(cloud, "set_vm_metadata", known.vm, metadata)
  known.disk = perform(cloud, "create_disk", 10240, {}, known.vm)
  perform(cloud, "attach_disk", known.vm, known.disk)
  perform(cloud, "set_disk_metadata", known.disk, { director = "bosh", deployment = "cf", instance_group = "web",
    instance_id = metadata.id, instance_index = "0" })
end

-- A VM of which BOSH never spoke.
function session.leave_something(cloud) make_vm(cloud) end

local function words_of(line)
  local words = {}
  for word in line:gmatch "%S+" do words[#words + 1] = word end
  table.remove(words, 1)
  return words
end

-- play(visit): each step as visit{ said =, typed =, printed = what it writes, exit = its exit code }
function session.play(visit)
  local cloud <close> = rig.start { role = "bosh", store = true, world = WORLD, config = { policies = { directory = "" } } }
  known = {}
  for _, step in ipairs(steps) do
    if step[3] then step[3](cloud) end
    local typed = type(step[2]) == "function" and step[2](known) or step[2]
    local run = cloud:command(words_of(typed))
    visit { said = step[1], typed = typed, printed = run.stdout, exit = run.exit, endpoint = cloud.endpoint, store = cloud.store }
  end
end

-- The page's name for what is another one each time.
function session.settled(text, step)
  return (text:gsub(step.endpoint:gsub("%p", "%%%0"), "http://cloud.example.com:8080/client/api"):gsub(step.store:gsub("%p", "%%%0"),
    "/var/vcap/store/cloudstack_cpi/store.db"))
end

function session.page()
  local out = { [[# A session

What an operator sees: a zone that is proven, a look at what is there, a plan, and leftovers that go. `make session` has
recorded it against the simulated CloudStack (`cpi-server sim`), whose jobs take tenths of a second here; on a real one they
take what the column `in jobs` says. `CPI_CONFIG` names the configuration.
]] }
  session.play(function(step)
    out[#out + 1] = ("%s\n\n```console\n$ %s\n%s```\n"):format(step.said, step.typed, session.settled(step.printed, step))
  end)
  return table.concat(out, "\n")
end

if arg and arg[0] and arg[0]:find "session%.lua$" then
  if arg[1] then rig.build = arg[1] end
  local file = assert(io.open("docs/session.md", "w"))
  file:write(session.page())
  file:close()
end

return session
