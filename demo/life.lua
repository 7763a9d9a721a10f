-- A VM's whole life, for a person to follow: what the bosh CLI asks in create-env, a recreate, a disk migration and
-- delete-env, each request in a process of its own, over HTTP, against the simulated CloudStack. Then a host that fails, two
-- VMs with public addresses that are kept apart behind a load balancer, and a disk's life: snapshot, resize, local storage.
-- Exits 1 when an answer is wrong or anything is left.
--   lua5.4 demo/life.lua [--role admin|bosh]

package.path = "./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local create_env = require "create_env"
local rig = require "rig"
local worlds = require "worlds"

local is_tty = os.getenv "TERM" and not os.getenv "NO_COLOR" and os.execute "test -t 1" or false
local function paint(code, text) return is_tty and ("\27[%sm%s\27[0m"):format(code, text) or text end
local function bold(text) return paint("1", text) end

local wrong = {}
local totals = { processes = 0, requests = 0, seconds = 0 }

-- What each stage of create-env is, and what there is to see.
local stages = {
  create = { "bosh create-env", "A stemcell is uploaded, a VM made from it with a fixed address, a disk made and attached." },
  recreate = { "bosh create-env, a job property changed", "The VM is recreated, at once with the same address, although "
    .. "CloudStack keeps a destroyed VM's for a while and this account may not expunge; its disk comes along." },
  disk = { "bosh create-env, a larger disk", "Recreated once more; both disks are attached while the agent copies the data." },
  delete = { "bosh delete-env", "VM, disk and stemcell go." },
}

-- Prints a text in lines of at most so many characters, each behind the indent.
local function print_wrapped(text, indent, colour)
  local line = indent
  for word in text:gmatch "%S+" do
    if #line + #word > 105 and line ~= indent then
      print(colour and paint(colour, line) or line)
      line = indent
    end
    line = line .. (line == indent and "" or " ") .. word
  end
  if line ~= indent then print(colour and paint(colour, line) or line) end
end

local chapters = 0
local function chapter(title, words)
  chapters = chapters + 1
  print(("\n%s"):format(bold(("%d. %s"):format(chapters, title))))
  print_wrapped(words, "   ")
  print()
end

local function expect(condition, format, ...)
  if condition then return end
  wrong[#wrong + 1] = format:format(...)
  print(paint("31", "  WRONG: " .. wrong[#wrong]))
end

-- ---------------------------------------------------------------------------------------------------------
-- one request

-- The CloudStack calls of one verb in a line or two; polls of jobs are counted, not listed.
local function print_calls(requests)
  local words, polls = {}, 0
  for _, request in ipairs(requests) do
    if request.command == "queryAsyncJobResult" then
      polls = polls + 1
    else
      words[#words + 1] = ("%s%s"):format(request.command, request.status ~= 200 and " (" .. request.status .. ")" or "")
    end
  end
  if polls > 0 then words[#words + 1] = ("%d look%s at jobs"):format(polls, polls == 1 and "" or "s") end
  print_wrapped(table.concat(words, ", "), "      ", "2")
end

-- A VM's CID and its addresses.
local function shown_vm(result)
  local addresses = {}
  for name, network in pairs(result[2]) do
    if network.ip and network.ip ~= rig.json.null then addresses[#addresses + 1] = name .. " " .. network.ip end
  end
  table.sort(addresses)
  return result[1] .. (#addresses > 0 and "  " .. table.concat(addresses, ", ") or "")
end

local function shown(answer)
  if answer.error ~= rig.json.null then return (answer.error.type:match "[^:]+$") end
  local result = answer.result
  if result == rig.json.null then return "done" end
  if type(result) == "table" and result[1] and type(result[2]) == "table" then return shown_vm(result) end
  return type(result) == "string" and result or rig.json.encode(result)
end

local seen = 0

-- Sends one request; prints it unless it is one of the many infos.
local function ask(cloud, method, text)
  local run = cloud:cpi(text)
  totals.processes, totals.seconds = totals.processes + 1, totals.seconds + run.seconds
  expect(run.exit == 0 and run.line_count == 1 and run.response, "%s: exit %s, %d lines", method, run.exit, run.line_count)
  local requests = cloud:requests(seen)
  for _, request in ipairs(requests) do seen = request.n end
  totals.requests = totals.requests + #requests
  if method ~= "info" then
    print(("   %s %6.0f ms  %s"):format(bold(("%-18s"):format(method)), run.seconds * 1000, shown(run.response)))
    if run.response.error ~= rig.json.null then print_wrapped(run.response.error.message, "      ", "31") end
    print_calls(requests)
  end
  return run.response
end

-- ---------------------------------------------------------------------------------------------------------
-- what must be so

-- Per verb: is the answer what BOSH takes?
local good = {}
function good.info(result) return result.api_version == 3 and #result.stemcell_formats > 0 end
function good.create_stemcell(result) return result:find "^cpitemplate%-" ~= nil end
function good.create_vm(result) return result[1]:find "^cpivm%-" ~= nil and result[2].default.ip == "10.0.0.11" end
function good.create_disk(result) return result:find "^cpi%-disk%-" ~= nil end
function good.attach_disk(result) return type(result.path) == "string" and result.path:find "^/dev/" ~= nil end
function good.has_vm(result) return result == true end

local function check(method, answer)
  if not answer then return end
  expect(answer.error == rig.json.null, "%s failed", method)
  if answer.error ~= rig.json.null then return end
  local is_good = good[method] or function(result) return result == rig.json.null end
  expect(is_good(answer.result), "%s answered %s", method, shown(answer))
end

-- How many objects are left of what a CPI makes, and in words which.
local function count_left(left)
  local words, sum = {}, 0
  for kind, count in pairs(left) do
    sum = sum + count
    if count > 0 then words[#words + 1] = ("%d %s"):format(count, (kind:gsub("_", " "))) end
  end
  table.sort(words)
  return sum, sum == 0 and "nothing" or table.concat(words, ", ")
end

-- ---------------------------------------------------------------------------------------------------------
-- the chapters

local function write_image(directory)
  local path = directory .. "/image"
  local file = assert(io.open(path, "wb"))
  file:write("BZh9", ("a stemcell's root disk "):rep(50000))
  file:close()
  return path
end

local function life(cloud)
  local known, now = { image = write_image(cloud.directory) }, nil
  create_env.play(known, function(stage, method, text)
    if stage ~= now then
      now = stage
      chapter(table.unpack(stages[stage]))
    end
    local answer = ask(cloud, method, text)
    check(method, answer)
    return answer and answer.result
  end)
end

-- The start of a VM fails, as on a host that breaks: BOSH may try again, nothing is left.
local function broken_life(cloud)
  chapter("A host fails in the middle of create_vm", "BOSH learns that another try may help, and nothing stays behind.")
  local calls, known = create_env.calls, { image = write_image(cloud.directory), agent = "broken" }
  local stemcell = ask(cloud, "create_stemcell", calls.create_stemcell(known))
  known.stemcell = stemcell.result
  cloud:faults { { command = "startVirtualMachine", fault = "capacity" } }
  local answer = ask(cloud, "create_vm", calls.create_vm(known))
  expect(answer.error ~= rig.json.null and answer.error.type == "Bosh::Clouds::VMCreationFailed" and answer.error.ok_to_retry,
    "a failed host must be a VMCreationFailed that may be retried")
  check("delete_stemcell", ask(cloud, "delete_stemcell", calls.delete_stemcell(known)))
end

local function find(list, name)
  for _, one in ipairs(list) do
    if one.name == name then return one end
  end
end

-- Two VMs, each with a public address of its own, on two hosts, behind one load balancer. What they share comes with the
-- first and goes with the last.
local function public_life(cloud)
  chapter("Two VMs with public addresses, kept apart, behind a load balancer", "Each gets a public address and a firewall rule. "
    .. "The anti-affinity group and the load balancer come with the first VM and go with the last.")
  local calls, known = create_env.calls, { image = write_image(cloud.directory) }
  known.stemcell = ask(cloud, "create_stemcell", calls.create_stemcell(known)).result
  local vms, hosts = {}, {}
  for i = 1, 2 do
    local networks = { default = { type = "manual", ip = "10.0.0.2" .. i, netmask = "255.255.255.0", gateway = "10.0.0.1",
      cloud_properties = { name = "bosh-net" } }, public = { type = "vip", cloud_properties = { acquire = true,
      firewall_rules = { { protocol = "tcp", start_port = 22, cidrs = { "10.0.0.0/8" } } } } } }
    local properties = { compute_offering = "shared.small", lbs = { { name = "web", public_port = 80, private_port = 8080 } },
      affinity_group = "web", affinity_group_type = "host anti-affinity" }
    local answer = ask(cloud, "create_vm", rig.json.encode { method = "create_vm", api_version = 2,
      arguments = rig.json.array { "public-" .. i, known.stemcell, properties, networks, rig.json.array {}, {} },
      context = { director_uuid = create_env.director_uuid } })
    vms[i] = answer.error == rig.json.null and answer.result[1]
    expect(vms[i] and answer.result[2].public.ip, "a VM with a vip: %s", shown(answer))
  end
  local state = cloud:state()
  local rules, groups = state.loadbalancers, state.affinitygroups
  for i, vm in ipairs(vms) do hosts[i] = find(state.vms, vm).host end
  print(("   => on %s and %s; load balancer '%s' has %d VMs, affinity group '%s' too\n"):format(hosts[1], hosts[2], rules[1].name,
    #rules[1].members, groups[1].name))
  expect(#rules == 1 and #rules[1].members == 2, "two VMs must share one load balancer")
  expect(#groups == 1 and hosts[1] ~= hosts[2], "two VMs of one anti-affinity group must be on two hosts")
  for _, vm in ipairs(vms) do check("delete_vm", ask(cloud, "delete_vm", calls.delete_vm { vm = vm })) end
  expect(#cloud:state().loadbalancers == 0, "the load balancer must go with its last VM")
  expect(#cloud:state().affinitygroups == 0, "the affinity group must go with its last VM")
  cloud:clock(300)
  check("delete_stemcell", ask(cloud, "delete_stemcell", calls.delete_stemcell(known)))
end

-- Snapshot, resize, and a disk on local storage that decides on which host its VM starts again, and that follows a VM
-- elsewhere. In a cloud of its own, with the key of a root admin: nobody else sees hosts.
local function life_of_a_disk()
  local cloud <close> = rig.start { role = "admin", store = true, world = worlds.owned_by "admin" }
  local seen_before = seen
  seen = 0
  local function perform(method, ...)
    local answer = ask(cloud, method, rig.json.encode { method = method, arguments = rig.json.array { ... }, api_version = 2,
      context = { director_uuid = create_env.director_uuid, vm = { stemcell = { api_version = 3 } } } })
    expect(answer and answer.error == rig.json.null, "%s failed", method)
    return answer and answer.result
  end
  local function create_vm(disks)
    return perform("create_vm", "agent", "ubuntu-builtin", { compute_offering = "shared.small" },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array(disks or {}), {})[1]
  end
  local function places(vm, disk)
    local state = cloud:state()
    local of_vm, of_disk = find(state.vms, vm).host, find(state.volumes, disk)
    print(("   => %s is on %s, %s in %s\n"):format(vm:sub(1, 14), of_vm, disk:sub(1, 17), of_disk.pool))
    return of_vm, of_disk.host
  end

  chapter("A disk has a snapshot, and grows", "In a cloud of its own, with a root administrator's key: others see no hosts.")
  local vm = create_vm()
  local disk = perform("create_disk", 5 * 1024, { disk_offering = "local.custom" }, vm)
  perform("attach_disk", vm, disk)
  local snapshot = perform("snapshot_disk", disk, { deployment = "demo", index = 0 })
  perform("detach_disk", vm, disk)
  perform("resize_disk", disk, 8 * 1024)
  expect(find(cloud:state().volumes, disk).size == 8 * 1024 ^ 3, "the disk has not grown")
  perform("delete_snapshot", snapshot)

  chapter("A disk on local storage decides the host of the next VM",
    "BOSH names the disk in create_vm, and the VM is deployed where the disk is.")
  local host = places(vm, disk)
  local second = create_vm { disk }
  local there = places(second, disk)
  expect(there == host, "the VM is on %s, its disk on %s", there, host)
  perform("attach_disk", second, disk)
  perform("detach_disk", second, disk)

  chapter("The disk moves to a VM that is elsewhere", "This VM was made without a word of the disk, so the disk goes to it.")
  local third = create_vm()
  perform("attach_disk", third, disk)
  local of_vm, of_disk = places(third, disk)
  expect(of_vm == of_disk and of_vm ~= host, "the VM is on %s, its disk on %s", of_vm, of_disk)
  for _, one in ipairs { vm, second, third } do perform("delete_vm", one) end
  perform("delete_disk", disk)
  cloud:clock(86400 * 2)
  local sum, words = count_left(cloud:state().left)
  print("   => left of it, after CloudStack's own expunging: " .. words)
  expect(sum == 0, "something is left of the disk's life: %s", words)
  seen = seen_before
end

local function finale(cloud)
  local _, words = count_left(cloud:state().left)
  print("\n" .. bold "What is left in CloudStack" .. "\n   now:                              " .. words)
  cloud:clock(86400 * 2)
  local sum
  sum, words = count_left(cloud:state().left)
  print("   after CloudStack's own expunging: " .. words)
  expect(sum == 0, "something is left: %s", words)
  print(("\n%d processes, %d CloudStack requests, %.1f s in all"):format(totals.processes, totals.requests, totals.seconds))
end

local role = arg[1] == "--role" and arg[2] or "bosh"
local cloud <close> = rig.start { role = role, store = true, world = worlds.owned_by(role) }
print(bold "cloudstack_cpi: a VM's life")
print_wrapped(("CloudStack is simulated, at %s; the account is %s. A line each for what BOSH asks: the verb, how long its process "
  .. "took, the answer; below it the CloudStack commands that were sent for it, in their order."):format(cloud.endpoint, role), "")
life(cloud)
broken_life(cloud)
public_life(cloud)
life_of_a_disk()
finale(cloud)
if #wrong > 0 then
  print(paint("31", ("%d wrong"):format(#wrong)))
  cloud:stop()
  os.exit(1)
end
print(paint("32", "all answers right, nothing left"))
