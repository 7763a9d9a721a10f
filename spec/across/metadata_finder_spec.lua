-- stemcell/metadata-finder: which place it names in agent.json, under each shell that a stemcell may have for /bin/sh. The
-- machine is a directory; ip, curl, mount and the clock are functions that read it. Leases are verbatim of each client.

local json = require "host_native".json

local SCRIPT = "stemcell/metadata-finder/cloudstack-metadata"
local SHELLS = { "dash", "busybox sh" }

-- What the script calls, over the files of $world.
local FAKES = [[
web_file() { echo "$world/web/$(echo "$1" | tr / _)"; }
served() {
  quiet=; for word; do [ "$word" != /dev/null ] || quiet=yes; url=$word; done
  echo "$url" >>"$world/asked"
  file=$(web_file "$url")
  [ -e "$file" ] || return 22
  [ -n "$quiet" ] || cat "$file"
}
ip() {
  case "$*" in
    "-4 -o addr show dev "*) cat "$world/addresses/$6" 2>/dev/null ;;
    "-4 route show dev "*) cat "$world/routes/$5" 2>/dev/null ;;
    "-4 route get "*)
      if [ -e "$world/way/$4" ]; then cat "$world/way/$4"; else echo "$4 dev eth0 src 10.1.1.23 uid 0"; fi ;;
    *) echo "ip $*" >>"$world/unexpected" ;;
  esac
}
getent() { [ "$*" = "ahostsv4 data-server" ] && cat "$world/data-server" 2>/dev/null; }
timeout() { shift; "$@"; }
udevadm() { echo "udevadm $*" >>"$world/done"; }
systemctl() { echo "systemctl $*" >>"$world/done"; }
chown() { echo "chown $1" >>"$world/done"; }
mount() { echo "mount $3" >>"$world/done"; cp -r "$3/." "$4"; }
umount() { rm -rf "$1"/*; }
sleep() {
  now=$(($(cut -d . -f 1 "$world/proc/uptime") + $1 * $(cat "$world/pace" 2>/dev/null || echo 1)))
  echo "$now.50 9.00" >"$world/proc/uptime"
  [ ! -e "$world/later/$now" ] || . "$world/later/$now"
}
]]
local CURL = "curl() { served \"$@\"; }\nnmcli() { cat \"$world/nmcli\" 2>/dev/null; }\n"
-- Without curl, as `command -v` reports it.
local WGET = "wget() { served \"$@\"; }\n"
  .. "command() { case \"$2\" in wget | udevadm) true ;; *) false ;; esac; }\n"

local function run(words)
  local pipe = assert(io.popen(words .. " 2>&1; echo \"exit $?\""))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local world

local function put(path, text)
  assert(os.execute(("mkdir -p \"$(dirname '%s/%s')\""):format(world, path)))
  local file <close> = assert(io.open(world .. "/" .. path, "w"))
  file:write(text)
end

local function get(path)
  local file = io.open(world .. "/" .. path)
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

local function nic(name, index)
  put(("sys/class/net/%s/ifindex"):format(name), index .. "\n")
  put(("sys/class/net/%s/device/vendor"):format(name), "0x1af4\n")
end

local function serve(address, keys)
  put("web/http:__" .. address .. "_latest_user-data", '{"agent_id":"a"}\n')
  if keys then put("web/http:__" .. address .. "_latest_meta-data_public-keys", keys) end
end

local LEASES = {
  ["systemd-networkd"] = { "run/systemd/netif/leases/2", [[
# This is private data. Do not parse.
ADDRESS=10.1.1.23
NETMASK=255.255.255.0
ROUTER=10.1.1.254
SERVER_ADDRESS=10.1.1.1
T1=43200
T2=75600
LIFETIME=86400
DNS=10.1.1.1
DOMAINNAME=cs2cloud.internal
HOSTNAME=cpivm-1
CLIENTID=ffb6220feb00020000ab11f2ab3e6a5d1f2a53
]] },
  dhclient = { "var/lib/dhcp/dhclient.eth0.leases", [[
lease {
  interface "eth0";
  fixed-address 10.1.1.23;
  option subnet-mask 255.255.255.0;
  option routers 10.1.1.254;
  option dhcp-lease-time 86400;
  option dhcp-message-type 5;
  option domain-name-servers 10.1.1.9;
  option dhcp-server-identifier 10.1.1.9;
  renew 0 2026/11/29 05:06:59;
  rebind 0 2026/11/29 15:13:45;
  expire 0 2026/11/29 18:13:45;
}
lease {
  interface "eth1";
  fixed-address 10.2.2.23;
  option dhcp-server-identifier 10.2.2.1;
}
lease {
  interface "eth0";
  fixed-address 10.1.1.23;
  option subnet-mask 255.255.255.0;
  option routers 10.1.1.254;
  option dhcp-lease-time 86400;
  option dhcp-message-type 5;
  option domain-name-servers 10.1.1.1;
  option dhcp-server-identifier 10.1.1.1;
  option host-name "cpivm-1";
  option domain-name "cs2cloud.internal";
  renew 1 2026/11/30 05:06:59;
  rebind 1 2026/11/30 15:13:45;
  expire 1 2026/11/30 18:13:45;
}
]] },
  ["NetworkManager"] = { "var/lib/NetworkManager/internal-5fb06bd0-0bb0-7ffb-45f1-d6edd65f3e03-eth0.lease", [[
# This is private data. Do not parse.
ADDRESS=10.1.1.23
NETMASK=255.255.255.0
ROUTER=10.1.1.254
SERVER_ADDRESS=10.1.1.1
NEXT_SERVER=10.1.1.1
]] },
}

-- Runs the script under a shell -> what it printed, the sources in agent.json.
local function find(shell, fakes)
  put("fakes", FAKES .. (fakes or CURL))
  local said = run(("world='%s' CLOUDSTACK_METADATA_ROOT='%s' %s -c '. \"$world/fakes\"; . %s'"):format(world, world, shell, SCRIPT))
  assert.is_nil(get "unexpected")
  local written = get "var/vcap/bosh/agent.json"
  return said, written and json.decode(written).Infrastructure.Settings.Sources
end

local function http(address, with_keys)
  return { { Type = "HTTP", URI = "http://" .. address, UserDataPath = "/latest/user-data",
    InstanceIDPath = "/latest/meta-data/instance-id", SSHKeysPath = with_keys and "/latest/meta-data/public-keys" or nil } }
end

for _, shell in ipairs(SHELLS) do
  describe("the metadata finder under " .. shell, function()
    before_each(function()
      world = os.tmpname()
      os.remove(world)
      put("proc/uptime", "12.34 9.00\n")
      put("var/vcap/bosh/etc/cloudstack-agent.json",
        '{"Platform":{"Linux":{"DevicePathResolutionType":"virtio"}},"Infrastructure":{"Settings":{"Sources":["@SOURCES@"]}}}')
      put("sys/class/net/lo/ifindex", "1\n")
      nic("eth0", 2)
      put("addresses/eth0", "2: eth0    inet 10.1.1.23/24 brd 10.1.1.255 scope global dynamic eth0\n")
      put("routes/eth0", "default via 10.1.1.254 proto dhcp src 10.1.1.23 metric 1024\n10.1.1.0/24 proto kernel scope link\n")
    end)
    after_each(function() os.execute("rm -rf '" .. world .. "'") end)

    for client, lease in pairs(LEASES) do
      it("takes the server of the last lease of " .. client, function()
        put(lease[1], lease[2])
        serve("10.1.1.1", "ssh-rsa AAAA\n")
        local said, sources = find(shell)
        assert.equal("cloudstack-metadata: the settings and the SSH keys are at http://10.1.1.1, the DHCP server of eth0 by "
          .. client .. ", after 0 s\nexit 0\n", said)
        assert.same(http("10.1.1.1", true), sources)
      end)
    end

    it("takes no lease of another NIC in a file that dhclient writes for all", function()
      put("var/lib/dhcp/dhclient.leases", LEASES.dhclient[2]
        .. 'lease {\n  interface "eth1";\n  fixed-address 10.2.2.23;\n  option dhcp-server-identifier 10.2.2.1;\n}\n')
      serve "10.1.1.1"
      serve "10.2.2.1"
      assert.matches("at http://10.1.1.1, the DHCP server of eth0 by dhclient", (find(shell)))
    end)

    it("asks nmcli where NetworkManager keeps no lease", function()
      put("nmcli", "DHCP4.OPTION[1]:dhcp_lease_time = 86400\nDHCP4.OPTION[2]:dhcp_server_identifier = 10.1.1.1\n")
      serve "10.1.1.1"
      assert.matches("the DHCP server of eth0 by NetworkManager", (find(shell)))
    end)

    it("keeps the rest of agent.json, and does not let the agent wait for keys that are not there", function()
      put(table.unpack(LEASES.dhclient))
      serve "10.1.1.1"
      local said, sources = find(shell)
      assert.matches("the settings are at http://10.1.1.1,", said)
      assert.same(http "10.1.1.1", sources)
      assert.same({ Linux = { DevicePathResolutionType = "virtio" } }, json.decode(get "var/vcap/bosh/agent.json").Platform)
    end)

    it("asks wget where there is no curl", function()
      put(table.unpack(LEASES.dhclient))
      serve("10.1.1.1", "")
      local _, sources = find(shell, WGET)
      assert.same(http("10.1.1.1", true), sources)
    end)

    it("takes data-server where the DHCP server has no user data, and the gateway after it", function()
      put(table.unpack(LEASES["systemd-networkd"]))
      put("data-server", "10.1.1.7      STREAM data-server.cs2cloud.internal\n10.1.1.7      DGRAM\n")
      serve "10.1.1.7"
      serve "10.1.1.254"
      assert.matches("at http://10.1.1.7, data%-server, after", (find(shell)))
      put("data-server", "")
      assert.matches("at http://10.1.1.254, the gateway of eth0, after", (find(shell)))
    end)

    it("does not take a page for user data", function()
      put(table.unpack(LEASES["systemd-networkd"]))
      put("web/http:__10.1.1.1_latest_user-data", "<html>It works</html>")
      serve "10.1.1.254"
      assert.matches("at http://10.1.1.254,", (find(shell)))
    end)

    it("takes no other NIC's network", function()
      nic("eth1", 3)
      put("addresses/eth1", "3: eth1    inet 10.2.2.23/24 scope global eth1\n")
      put("routes/eth1", "default via 10.2.2.254 proto static\n")
      put("routes/eth0", "10.1.1.0/24 proto kernel scope link\n")
      put("run/systemd/netif/leases/3", "SERVER_ADDRESS=10.2.2.1\n")
      put("var/lib/dhcp/dhclient.eth1.leases", (LEASES.dhclient[2]:gsub("eth0", "eth1")))
      put("data-server", "10.2.2.1 STREAM data-server\n")
      put("way/10.2.2.1", "10.2.2.1 dev eth1 src 10.2.2.23 uid 0\n")
      put("way/10.1.1.1", "10.1.1.1 via 10.2.2.254 dev eth1 src 10.2.2.23\n")
      for _, address in ipairs { "10.2.2.1", "10.2.2.254", "10.1.1.1" } do serve(address) end
      put("pace", "30")
      assert.matches("no settings were found.*exit 1", (find(shell)))
      assert.is_nil(get "asked")
    end)

    it("knows the first NIC by the order of the kernel, and one without hardware does not count", function()
      os.execute("rm -rf '" .. world .. "/sys/class/net/eth0'")
      put("sys/class/net/docker0/ifindex", "1\n")
      nic("ens10", 11)
      nic("ens9", 4)
      put("run/systemd/netif/leases/4", LEASES["systemd-networkd"][2])
      put("way/10.1.1.1", "10.1.1.1 dev ens9 src 10.1.1.23\n    cache\n")
      serve "10.1.1.1"
      assert.matches("the DHCP server of ens9", (find(shell)))
    end)

    it("has systemd-networkd ask DHCP where nothing has configured the NIC, once, and waits for the lease", function()
      put("run/systemd/netif/state", "")
      os.remove(world .. "/addresses/eth0")
      put("routes/eth0", "")
      put("later/17", 'mkdir -p "$world/run/systemd/netif/leases"; echo SERVER_ADDRESS=10.1.1.1 >"$world/run/systemd/netif/leases/2"')
      serve "10.1.1.1"
      assert.matches("the DHCP server of eth0 by systemd%-networkd, after 5 s", (find(shell)))
      assert.equal("[Match]\nName=eth0\n[Network]\nDHCP=ipv4\n", get "run/systemd/network/99-cloudstack-metadata.network")
      assert.equal("udevadm settle --timeout=10\nsystemctl --no-block restart systemd-networkd\n", get "done")
    end)

    it("waits for a NIC, and for a router that starts later than the VM", function()
      os.execute("rm -rf '" .. world .. "/sys/class/net/eth0'")
      put("later/14", 'mkdir -p "$world/sys/class/net/eth0/device"; echo 2 >"$world/sys/class/net/eth0/ifindex"')
      put("later/40", 'echo "{}" >"$world/web/http:__10.1.1.1_latest_user-data"')
      put("web/x", "")
      put(table.unpack(LEASES["systemd-networkd"]))
      assert.matches("at http://10.1.1.1, .* after 28 s\nexit 0", (find(shell)))
    end)

    it("ends after 90 s, leaves the agent the likeliest server, and has the unit try again", function()
      put("pace", "30")
      put(table.unpack(LEASES["systemd-networkd"]))
      local said, sources = find(shell)
      assert.equal("cloudstack-metadata: no settings were found; the agent is given http://10.1.1.1, after 90 s\nexit 1\n", said)
      assert.same(http("10.1.1.1", true), sources)
    end)

    it("ends without a NIC", function()
      put("pace", "30")
      os.execute("rm -rf '" .. world .. "/sys/class/net/eth0'")
      local said, sources = find(shell)
      assert.equal("cloudstack-metadata: no settings were found, neither a config drive nor a server that a NIC knows of, "
        .. "after 90 s\nexit 1\n", said)
      assert.is_nil(sources)
    end)

    describe("at a later boot, when the agent has made the address static,", function()
      before_each(function()
        put("var/vcap/bosh/settings.json", "{}")
        put("run/systemd/netif/state", "")
      end)

      it("takes the server of an earlier boot where nothing else answers", function()
        put("var/lib/cloudstack-metadata/server", "10.1.1.1\n")
        serve("10.1.1.1", "")
        local said, sources = find(shell)
        assert.matches("at http://10.1.1.1, the server of an earlier boot, after 0 s", said)
        assert.same(http("10.1.1.1", true), sources)
      end)

      it("finds the router where it has moved to", function()
        put("var/lib/cloudstack-metadata/server", "10.1.1.1\n")
        put("data-server", "10.1.1.8 STREAM data-server\n")
        serve "10.1.1.8"
        assert.matches("at http://10.1.1.8, data%-server", (find(shell)))
        assert.equal("10.1.1.8\n", get "var/lib/cloudstack-metadata/server")
      end)

      it("does not keep the VM for long, nor the agent with keys that nobody has", function()
        put("pace", "10")
        local said, sources = find(shell)
        assert.matches("the agent is given http://10.1.1.254, after 20 s\nexit 1", said)
        assert.same(http "10.1.1.254", sources)
        assert.is_nil(get "run/systemd/network/99-cloudstack-metadata.network")
      end)
    end)

    describe("with a config drive", function()
      before_each(function()
        put("dev/disk/by-label/config-2/cloudstack/userdata/user_data.txt", '{"agent_id":"a"}')
        put("dev/disk/by-label/config-2/openstack/latest/meta_data.json", "{}")
      end)

      it("names CloudStack's paths on it, and gives sshd the keys that the agent does not see", function()
        put("dev/disk/by-label/config-2/cloudstack/metadata/public-keys.txt", "ssh-rsa AAAA\n")
        serve "10.1.1.254"
        local said, sources = find(shell)
        assert.equal("cloudstack-metadata: the settings and the SSH keys are on the config drive /dev/disk/by-label/config-2, "
          .. "after 0 s\nexit 0\n", said)
        assert.same({ { Type = "ConfigDrive", DiskPaths = { "/dev/disk/by-label/config-2" },
          MetaDataPath = "openstack/latest/meta_data.json", UserDataPath = "cloudstack/userdata/user_data.txt" } }, sources)
        assert.equal("ssh-rsa AAAA\n", get "home/vcap/.ssh/authorized_keys2")
        assert.equal("-rw-------", run(("stat -c %%A '%s/home/vcap/.ssh/authorized_keys2'"):format(world)):match "^%S+")
        assert.is_nil(get "asked")
      end)

      it("takes away the keys of an earlier boot", function()
        put("home/vcap/.ssh/authorized_keys2", "ssh-rsa OLD\n")
        assert.matches("the settings are on the config drive", (find(shell)))
        assert.is_nil(get "home/vcap/.ssh/authorized_keys2")
      end)

      it("looks further where the drive has no user data, or is not CloudStack's", function()
        os.remove(world .. "/dev/disk/by-label/config-2/cloudstack/userdata/user_data.txt")
        put("home/vcap/.ssh/authorized_keys2", "ssh-rsa OLD\n")
        serve "10.1.1.254"
        assert.matches("the gateway of eth0", (find(shell)))
        assert.is_nil(get "home/vcap/.ssh/authorized_keys2")
      end)
    end)

    it("leaves agent.json as it is without its form", function()
      os.remove(world .. "/var/vcap/bosh/etc/cloudstack-agent.json")
      put("var/vcap/bosh/agent.json", '{"Infrastructure":{"Settings":{"Sources":[]}}}')
      serve "10.1.1.254"
      local said, sources = find(shell)
      assert.matches("agent.json is not changed, after 0 s\nexit 1", said)
      assert.same({}, sources)
      assert.is_nil(get "var/vcap/bosh/agent.json.new")
    end)
  end)
end
