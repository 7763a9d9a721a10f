-- What the real bosh CLI (tests/bosh/cli.lua) needs around it in e2e.lua: a cloud of qemu guests, a stemcell that was converted,
-- a key pair, and a way to ask inside a VM.

local cli = require "tests.bosh.cli"
local cloud = require "tests.guest.cloud"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local output_of, sh, check = cli.output_of, cli.sh, cli.check
local quote = rig.quote

local ADDRESS = "10.0.0.20"
local IMAGE_BYTES = 3072 << 20 -- the disk of stemcell/build
local STEMCELL = "build/guest/openstack.tgz"
local AGENT_SECONDS = 1200 -- that an emulated VM may take to answer
local SSH = "ssh -q -o BatchMode=yes -o ConnectTimeout=10 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
  .. "-i %s/key vcap@%s %s </dev/null"

local env = setmetatable({}, cli)
env.__index = env

env.figures = {} -- { { what, seconds } }

-- Runs it -> its results; the seconds that it took are a figure.
function env.timed(what, run, ...)
  local began = rig.now()
  local results = table.pack(run(...))
  env.figure(what, rig.now() - began)
  return table.unpack(results, 1, results.n)
end

function env.figure(what, seconds)
  table.insert(env.figures, { what, seconds })
  print(("  %s: %.1f s"):format(what, seconds))
end

-- A stemcell in the layout of a published one, made once of Debian's packages and the agent.
local function published_stemcell()
  local sum = "cat tests/guest/stemcell/* tests/guest/stemcell/bin/* %s 2>/dev/null | sha256sum"
  local stamp = output_of(sum, quote(cli.agent)):match "%x+"
  if text_file.read_any(STEMCELL .. ".of") == stamp then return end
  env.timed("a stemcell of Debian's packages is made", sh, "tests/guest/stemcell/build %s %s", STEMCELL, quote(cli.agent))
  text_file.write(STEMCELL .. ".of", stamp)
end

local function convert(directory)
  local path = directory .. "/stemcell.tgz"
  env.timed("cpi stemcell convert", sh, "build/cpi stemcell convert %s %s >%s/convert.log", STEMCELL, path, directory)
  return path
end

local PROGRAMS = { "mmdebstrap", "grub-mkimage", "genisoimage", "ssh", "ssh-keygen" } -- beside those of tests/guest/run

local function refuse_without_programs()
  for _, name in ipairs(PROGRAMS) do
    if output_of("command -v %s || true", name) == "" then
      print(("e2e-guest: nothing was tested: %s is missing (apt-get install mmdebstrap grub-pc-bin grub-common genisoimage openssh-client)")
        :format(name))
      os.exit(0)
    end
  end
end

-- More networks than there are without a world: one whose user data is on a drive, and one with IPv6.
local function world(key)
  return { upload_size = IMAGE_BYTES, keys = { { name = "e2e", account = "bosh", publickey = key } },
    networks = { { name = "drive-net", zone = "zone1", type = "Isolated", cidr = "10.0.3.0/24", gateway = "10.0.3.1",
      userdata = "ConfigDrive" }, { name = "dual-net", zone = "zone1", type = "Isolated", cidr = "10.0.4.0/24", gateway = "10.0.4.1",
      ip6cidr = "2001:db8:4::/64", ip6gateway = "2001:db8:4::1" } } }
end

function env.new()
  refuse_without_programs()
  local self = setmetatable({}, env)
  self:prepare(ADDRESS)
  published_stemcell()
  self:use_stemcell(convert(self.directory))
  sh("ssh-keygen -q -t ed25519 -N '' -C e2e -f %s/key && cp tests/guest/manifest.yml %s", self.directory, self.directory)
  self.cloud = cloud.start { world = world(text_file.read(self.directory .. "/key.pub"):match "[^\n]+"), grace = 60, config = {
    cloudstack = { default_key_name = "e2e", stemcell = { os_type = "Ubuntu 22.04 LTS" } },
    agent = { mbus = cli.mbus_url "0.0.0.0",
      blobstore = { provider = "local", options = { blobstore_path = "/var/vcap/micro_bosh/data/cache" } } },
  } }
  self:set { endpoint = "http://127.0.0.1/client/api", api_key = self.cloud.api_key, secret_access_key = self.cloud.secret_access_key,
    disk_size = 2048 }
  return self
end

env.address = ADDRESS

-- What a line of shell prints in the VM at that address, run by the user of the key pair; without the last newline.
function env:ask(address, format, ...)
  return output_of(SSH, self.directory, address, quote(select("#", ...) > 0 and format:format(...) or format))
end

-- The agent at that address answers -> the seconds until it did.
function env.wait_for_agent(address)
  local began = rig.now()
  rig.wait(function()
    local answer = cli.ask_agent_at(address, "ping") == "pong"
    if not answer then os.execute "sleep 0.5" end
    return answer
  end, AGENT_SECONDS)
  return rig.now() - began
end

-- The template of the stemcell; it is uploaded where it is not there.
function env:template()
  for _, template in ipairs(self.cloud:state().templates) do
    if template.uploaded then return template.id end
  end
  sh("cd %s && tar -xzf stemcell.tgz image stemcell.MF", self.directory)
  local manifest = text_file.read(self.directory .. "/stemcell.MF")
  local properties = { infrastructure = "cloudstack", hypervisor = "kvm", disk_format = "qcow2", container_format = "bare",
    os_type = "linux", architecture = "x86_64", name = manifest:match "name: (%S+)", version = "1.1" }
  return env.timed("create_stemcell", self.call, self, "create_stemcell", self.directory .. "/image", properties)
end

-- One verb of the CPI -> its result.
function env:call(method, ...)
  local run = self.cloud:cpi { method = method, arguments = { ... }, context = { director_uuid = "e2e", request_id = method },
    api_version = 2 }
  local good = run.response and run.response.error == rig.json.null
  check(good, "%s", method)
  if not good then error(run.stdout .. run.stderr, 0) end
  return run.response.result
end

-- The certificate that the CLI made for the agents of this environment, as env.bosh has it.
function env:agent_env()
  local as_json = (os.getenv "RUBY" or "ruby") .. " -ryaml -rjson -e 'puts YAML.load(STDIN.read).to_json'"
  local bosh = ("cd %s && HOME=%s %s int"):format(self.directory, self.directory, quote(cli.bosh_program))
  self:write_variables()
  sh("%s manifest.yml --vars-store store.yml -l vars.json >/dev/null", bosh) -- makes it where there is none yet
  local text = output_of("%s store.yml --path /mbus_tls | %s", bosh, as_json)
  return { bosh = { password = "*", mbus = { cert = rig.json.decode(text) } } }
end

function env:close()
  cloud.stop(self.cloud)
  if cli.failed == 0 then sh("rm -rf %s", self.directory) else print("kept: " .. self.directory) end
end

return env
