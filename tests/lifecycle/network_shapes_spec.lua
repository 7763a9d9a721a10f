-- Each shape of a networks hash that a director of 2026 or the bosh CLI sends (the director's manual_network, dynamic_network,
-- vip_network and network_settings, and what their specs build), through the program, as a user and as root admin: the NICs and
-- addresses in CloudStack, and what the agent makes of its settings. As a user, a VM with several addresses on a NIC is made a
-- second time as soon as the first is deleted, with the same addresses, while CloudStack keeps the first for a day.

local agent = require "agent"
local agent_interfaces = require "tests.support.agent_interfaces"
local rig = require "rig"

local json = rig.json
local V4_NETMASK, V6_NETMASK = "255.255.255.0", "ffff:ffff:ffff:ffff:0000:0000:0000:0000"
local GATEWAY = json.array { "dns", "gateway" }

local function world(role)
  return {
    settings = { ["expunge.delay"] = 86400, ["expunge.interval"] = 86400, ["vm.network.nic.max.secondary.ipaddresses"] = 256 },
    networks = {
      { name = "bosh-net", account = role }, { name = "bosh-net-2", account = role },
      { name = "dual", zone = "zone1", type = "Shared", cidr = "10.7.1.0/24", gateway = "10.7.1.1", range = { "10.7.1.10", "10.7.1.200" },
        ip6cidr = "2001:db8:7::/64", ip6gateway = "2001:db8:7::1" },
    },
    public_addresses = { { name = "192.0.2.50", account = role, network = "bosh-net" },
      { name = "192.0.2.51", account = role, network = "bosh-net" } },
  }
end

-- ---------------------------------------------------------------------------------------------------------
-- what the director builds

local function with(base, more)
  local twin = {}
  for key, value in pairs(base) do twin[key] = value end
  for key, value in pairs(more or {}) do twin[key] = value end
  return twin
end

local function manual(ip, more)
  return with({ type = "manual", ip = ip, prefix = "32", netmask = V4_NETMASK, gateway = "10.0.0.1", dns = json.array { "8.8.8.8" },
    cloud_properties = { name = "bosh-net" } }, more)
end
local function second(ip, more) return manual(ip, with({ gateway = "10.0.1.1", cloud_properties = { name = "bosh-net-2" } }, more)) end
local function dual(ip, more) return manual(ip, with({ gateway = "10.7.1.1", cloud_properties = { name = "dual" } }, more)) end
local function v6(ip, more)
  return dual(ip, with({ prefix = "128", netmask = V6_NETMASK, gateway = "2001:db8:7::1", dns = json.array { "fd00:ec2::253" } }, more))
end
local function dynamic(name, more) return with({ type = "dynamic", prefix = "32", cloud_properties = { name = name } }, more) end
local function vip(ip, more) return with({ type = "vip", ip = ip, prefix = "32", cloud_properties = {} }, more) end
local function without(network, ...)
  local twin = with(network)
  for _, key in ipairs { ... } do twin[key] = nil end
  return twin
end

-- ---------------------------------------------------------------------------------------------------------
-- the shapes: what is sent; the NICs as "NETWORK: own address + number of further ones"; the guest's interfaces as "ADDRESSES gateway
-- GATEWAY", "dhcp" for what is not set, "ipv6" where the kernel is to have it. Addresses that CloudStack chooses are "*".

local shapes = {
  { "manual, as the CLI sends it", { a = without(manual("10.0.0.150", { default = GATEWAY }), "prefix") },
    { "bosh-net: 10.0.0.150" }, { "10.0.0.150/24 gateway 10.0.0.1" } },
  { "manual, default for both", { a = manual("10.0.0.150", { default = GATEWAY }) }, { "bosh-net: 10.0.0.150" },
    { "10.0.0.150/24 gateway 10.0.0.1" } },
  { "manual, default for nothing", { a = manual("10.0.0.150", { default = json.array {} }) },
    { "bosh-net: 10.0.0.150" }, { "10.0.0.150/24" } },
  { "manual, without gateway, DNS and default", { a = without(manual "10.0.0.150", "gateway", "dns") }, { "bosh-net: 10.0.0.150" },
    { "10.0.0.150/24" } },
  { "manual of a group", { a = manual("10.0.0.150", { nic_group = "1", default = GATEWAY }) }, { "bosh-net: 10.0.0.150" },
    { "10.0.0.150/24 gateway 10.0.0.1" } },
  { "dynamic", { a = dynamic("bosh-net", { default = GATEWAY }) }, { "bosh-net: *" }, { "dhcp" } },
  { "dynamic, with what the previous VM had", { a = dynamic("bosh-net", { default = json.array { "gateway" }, ip = "10.0.0.99",
    netmask = V4_NETMASK, gateway = "10.0.0.1", dns = json.array { "1.2.3.4" } }) }, { "bosh-net: *" }, { "dhcp" } },
  { "two manual, two networks of CloudStack", { a = manual("10.0.0.150", { default = GATEWAY }), b = second "10.0.1.150" },
    { "bosh-net: 10.0.0.150", "bosh-net-2: 10.0.1.150" }, { "10.0.0.150/24 gateway 10.0.0.1", "10.0.1.150/24" } },
  { "manual and dynamic, two networks of CloudStack", { a = dynamic "bosh-net", b = second("10.0.1.150", { default = GATEWAY }) },
    { "bosh-net-2: 10.0.1.150", "bosh-net: *" }, { "10.0.1.150/24 gateway 10.0.1.1", "dhcp" } },
  { "two groups, two networks of CloudStack", { a = manual("10.0.0.150", { nic_group = "1", default = GATEWAY }),
    b = second("10.0.1.150", { nic_group = "2" }) }, { "bosh-net: 10.0.0.150", "bosh-net-2: 10.0.1.150" },
    { "10.0.0.150/24 gateway 10.0.0.1", "10.0.1.150/24" } },

  { "two manual in one network of CloudStack", { a = manual "10.0.0.150", b = manual("10.0.0.151", { default = GATEWAY }) },
    { "bosh-net: 10.0.0.151 + 1" }, { "10.0.0.150/24 10.0.0.151/24 gateway 10.0.0.1" } },
  { "two manual of one group", { a = manual("10.0.0.150", { nic_group = "1", default = GATEWAY }),
    b = manual("10.0.0.151", { nic_group = "1" }) }, { "bosh-net: 10.0.0.150 + 1" }, { "10.0.0.150/24 10.0.0.151/24 gateway 10.0.0.1" } },
  { "two of one group and a third beside them", { a = second("10.0.1.150", { default = GATEWAY }), b = manual("10.0.0.150",
    { nic_group = "1" }), c = manual("10.0.0.151", { nic_group = "1" }) }, { "bosh-net-2: 10.0.1.150", "bosh-net: 10.0.0.150 + 1" },
    { "10.0.1.150/24 gateway 10.0.1.1", "10.0.0.150/24 10.0.0.151/24" } },
  { "manual and dynamic in one network of CloudStack", { a = manual("10.0.0.150", { default = GATEWAY }), b = dynamic "bosh-net" },
    { "bosh-net: * + 1" }, { "*/24 10.0.0.150/24 gateway 10.0.0.1" } },

  { "a /28 alone", { a = manual("10.0.0.160", { prefix = "28", default = GATEWAY }) }, { "bosh-net: 10.0.0.160 + 15" },
    { "10.0.0.160/24 gateway 10.0.0.1" } },
  { "a /30 beside a single address, of one group", { a = manual("10.0.0.150", { nic_group = "1", default = GATEWAY }),
    b = manual("10.0.0.160", { prefix = "30", nic_group = "1" }) }, { "bosh-net: 10.0.0.150 + 4" },
    { "10.0.0.150/24 10.0.0.160/24 gateway 10.0.0.1" } },
  { "an IPv6 /126", { a = dual("10.7.1.150", { default = GATEWAY }), b = v6("2001:db8:7::20", { prefix = "126" }) },
    { "dual: 10.7.1.150 + 4" }, { "10.7.1.150/24 2001:db8:7::20/64 gateway 10.7.1.1 ipv6" } },

  { "dual stack, both manual", { a = dual("10.7.1.150", { nic_group = "1", default = GATEWAY }), b = v6("2001:db8:7::20",
    { nic_group = "1" }) }, { "dual: 10.7.1.150 + 1" }, { "10.7.1.150/24 2001:db8:7::20/64 gateway 10.7.1.1 ipv6" } },
  { "dual stack, IPv6 for the gateway", { a = dual "10.7.1.150", b = v6("2001:db8:7::20", { default = GATEWAY }) },
    { "dual: 10.7.1.150 + 1" }, { "10.7.1.150/24 2001:db8:7::20/64 gateway 2001:db8:7::1 ipv6" } },
  { "dual stack, an address in another spelling", { a = dual("10.7.1.150", { default = GATEWAY }), b = v6 "2001:DB8:7:0::0:20" },
    { "dual: 10.7.1.150 + 1" }, { "10.7.1.150/24 2001:DB8:7:0::0:20/64 gateway 10.7.1.1 ipv6" } },
  { "dual stack, both dynamic", { a = dynamic("dual", { default = GATEWAY }), b = dynamic("dual", { prefix = "128" }) }, { "dual: *" },
    { "dhcp ipv6" } },
  { "dual stack, IPv6 dynamic", { a = dual("10.7.1.150", { default = GATEWAY }), b = dynamic("dual", { prefix = "128" }) },
    { "dual: 10.7.1.150" }, { "*/64 10.7.1.150/24 gateway 10.7.1.1 ipv6" } },
  { "dual stack, IPv4 dynamic", { a = dynamic("dual", { default = GATEWAY }), b = v6 "2001:db8:7::20" }, { "dual: * + 1" },
    { "*/24 2001:db8:7::20/64 gateway 10.7.1.1 ipv6" } },

  { "a vip", { a = manual("10.0.0.150", { default = GATEWAY }), b = vip "192.0.2.50" }, { "bosh-net: 10.0.0.150" },
    { "10.0.0.150/24 gateway 10.0.0.1" }, { ["192.0.2.50"] = "10.0.0.150" } },
  { "a vip of a group, as text 0", { a = manual("10.0.0.150", { nic_group = "0" }), b = second("10.0.1.150", { nic_group = "2",
    default = GATEWAY }), c = vip("192.0.2.50", { nic_group = "0" }) }, { "bosh-net-2: 10.0.1.150", "bosh-net: 10.0.0.150" },
    { "10.0.1.150/24 gateway 10.0.1.1", "10.0.0.150/24" }, { ["192.0.2.50"] = "10.0.0.150" } },
  { "a vip each for two addresses of a NIC", { a = manual("10.0.0.150", { nic_group = "1", default = GATEWAY }), b = manual("10.0.0.151",
    { nic_group = "2" }), c = vip("192.0.2.51", { nic_group = "1" }), d = vip("192.0.2.50", { nic_group = "2" }) },
    { "bosh-net: 10.0.0.150 + 1" }, { "10.0.0.150/24 10.0.0.151/24 gateway 10.0.0.1" },
    { ["192.0.2.51"] = "10.0.0.150", ["192.0.2.50"] = "10.0.0.151" } },
}

-- Shapes that a director may send and CloudStack can't give, with the words that say so.
local refused = {
  { "a group over two networks of CloudStack", { a = manual("10.0.0.150", { nic_group = "1" }), b = second("10.0.1.150",
    { nic_group = "1" }) }, "networks 'a' and 'b' have the nic_group '1', and are in two networks of CloudStack" },
  { "IPv6 alone", { a = v6 "2001:db8:7::20" }, "is IPv6 alone" },
  { "IPv6 where there is none", { a = manual "10.0.0.150", b = v6("2001:db8:7::20", { cloud_properties = { name = "bosh-net" } }) },
    "network 'bosh-net' of CloudStack has no IPv6; those of the zone that have: dual" },
  { "an IPv6 address outside the prefix", { a = dual "10.7.1.150", b = v6 "2001:db8:9::20" }, "(2001:db8:7::/64, gateway 2001:db8:7::1)" },
  { "an IPv6 prefix of 80 bits", { a = dual "10.7.1.150", b = v6("2001:db8:7::", { prefix = "80" }) }, "2^48 addresses" },
  { "a /24", { a = manual("10.0.0.0", { prefix = "24" }) }, "its prefix 24 is 256 addresses" },
  { "an IPv6 vip", { a = manual "10.0.0.150", b = vip("2001:db8:7::20", { prefix = "128" }) }, "is an IPv6 vip" },
  { "a vip of a group that is not there", { a = manual("10.0.0.150", { nic_group = "1" }), b = vip("192.0.2.50", { nic_group = "2" }) },
    "vip 'b' is of the nic_group '2'" },
  { "two dynamic ones in one network of CloudStack", { a = dynamic "bosh-net", b = dynamic "bosh-net" }, "are both dynamic IPv4 ones" },
}

-- ---------------------------------------------------------------------------------------------------------

local function request(method, ...)
  return { method = method, arguments = json.array { ... }, api_version = 2,
    context = { director_uuid = "d-1", request_id = "cpi-1", vm = { stemcell = { api_version = 3 } } } }
end

local function send(cloud, method, ...)
  local run = cloud:cpi(request(method, ...))
  assert.equal(0, run.exit, run.stderr)
  return run.response
end

local function create(cloud, networks)
  return send(cloud, "create_vm", "agent-1", cloud:state().templates[1].name, { compute_offering = "shared.small" }, networks,
    json.array {}, {})
end

local function vm_of(state, cid)
  for _, row in ipairs(state.vms) do
    if row.name == cid then return row end
  end
end

-- The addresses that the manifest names stay; others are "*".
local function masked(text, networks)
  for _, network in pairs(networks) do
    if network.type ~= "dynamic" and network.ip and text:find(network.ip, 1, true) == 1 then return text end
  end
  return (text:gsub("^[%x:%.]+", "*"))
end

local function nics_of(vm, networks)
  local list = {}
  for i, nic in ipairs(vm.nics) do
    local further = #nic.secondary > 0 and (" + %d"):format(#nic.secondary) or ""
    list[i] = ("%s: %s%s"):format(nic.network, masked(nic.address, networks), further)
  end
  return list
end

local function interfaces_of(vm, networks)
  assert.same({}, agent.problems(vm.userdata_decoded))
  local settings = assert(json.decode(vm.userdata_decoded))
  local names, list = {}, {}
  for i, nic in ipairs(vm.nics) do names[nic.mac] = "eth" .. i - 1 end
  local interfaces, has_ipv6 = agent_interfaces.of(settings.networks, names)
  has_ipv6 = has_ipv6 or (settings.env.bosh or {}).ipv6 and settings.env.bosh.ipv6.enable
  for i = 1, #vm.nics do
    local one, words = interfaces["eth" .. i - 1], {}
    if one.dhcp then words[1] = "dhcp" end
    for _, address in ipairs(one.addresses) do words[#words + 1] = masked(address, networks) end
    table.sort(words)
    if one.gateway then table.insert(words, "gateway " .. one.gateway) end
    if has_ipv6 and i == 1 then table.insert(words, "ipv6") end
    list[i] = table.concat(words, " ")
  end
  return list
end

-- Each answered network: as it was sent, with the MAC of its NIC; a dynamic one with the address that it has.
local function check_answer(answer, networks, vm)
  for name, sent in pairs(networks) do
    local got, nic = answer[name], nil
    for _, one in ipairs(vm.nics) do
      if one.network == sent.cloud_properties.name then nic = one end
    end
    for key, value in pairs(sent) do
      if sent.type ~= "dynamic" or key ~= "ip" and key ~= "netmask" and key ~= "gateway" then assert.same(value, got[key], key) end
    end
    if sent.type ~= "vip" then assert.equal(nic.mac, got.mac) end
    if sent.type == "dynamic" then
      assert.equal(sent.prefix == "128" and nic.address6 or nic.address, got.ip)
      assert.is_string(got.netmask)
      assert.is_string(got.gateway)
    end
  end
end

-- The vips of all VMs: { public address = the address that it leads to }.
local function vips_of(state)
  local found = {}
  for _, row in ipairs(state.publicaddresses) do
    if row.guest then found[row.address] = row.guest end
  end
  return found
end

for _, role in ipairs { "bosh", "admin" } do
  describe("a networks hash, as " .. role .. ",", function()
    local cloud
    setup(function() cloud = rig.start { role = role, store = true, world = world(role),
        config = { agent = { mbus = "nats://nats:secret@10.0.0.5:4222" } } } end)
    teardown(function()
      cloud:clock(2 * 86400)
      for kind, count in pairs(cloud:state().left) do assert.equal(0, count, kind) end
      assert.equal("", cloud:journal())
      cloud:stop()
    end)

    for _, shape in ipairs(shapes) do
      local what, networks, nics, interfaces, vips = table.unpack(shape, 1, 5)
      it("gives a VM: " .. what, function()
        for _ = 1, role == "bosh" and nics[#nics]:find "+" and 2 or 1 do
          local response = create(cloud, networks)
          assert.equal(json.null, response.error, json.encode(response))
          local cid, answer = response.result[1], response.result[2]
          local state = cloud:state()
          assert.equal(json.null, send(cloud, "delete_vm", cid).error)
          local vm = vm_of(state, cid)
          assert.same(nics, nics_of(vm, networks))
          assert.same(interfaces, interfaces_of(vm, networks))
          check_answer(answer, networks, vm)
          assert.same(vips or {}, vips_of(state))
        end
      end)
    end

    for _, shape in ipairs(refused) do
      it("is refused before anything is made: " .. shape[1], function()
        local before = #cloud:state().jobs
        local response = create(cloud, shape[2])
        assert.truthy(response.error ~= json.null and response.error.message:find(shape[3], 1, true), json.encode(response))
        assert.equal(before, #cloud:state().jobs)
      end)
    end
  end)
end
