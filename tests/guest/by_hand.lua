-- `make cloud`: a cloud whose VMs boot, for a person to try the CPI and BOSH in. Ends with the shell that it starts, or with its
-- standard input where that is no terminal. It runs where tests/guest/run puts it.

package.path = "./tests/support/?.lua;./lua/?.lua;./?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local cloud = require "tests.guest.cloud"

local NEXT = [[

A CloudStack is here whose VMs boot: KVM, zone1, networks bosh-net (10.0.0.0/24) and bosh-net-2 (10.0.1.0/24),
offerings shared.small, shared.medium, shared.large, disk offering shared.custom.

  endpoint           http://127.0.0.1/client/api
  api_key            @KEY
  secret_access_key  @SECRET
  the CPI's file     @CONFIG
  the VMs' consoles  @PLACE/vms/NAME/console

It is to be reached from this shell alone, which has the CPI and its file in its environment. Leave it, and all is gone. Type:

  cpi doctor
  cpi call create_vm agent-1 ubuntu-builtin '{"compute_offering":"shared.small"}' \
    '{"default":{"type":"manual","ip":"10.0.0.20","netmask":"255.255.255.0","gateway":"10.0.0.1",
      "cloud_properties":{"name":"bosh-net"}}}' '[]' '{}'
  ask 10.0.0.20 'hostname; ip addr; cat /var/vcap/bosh/settings.json'       # some seconds later
  cpi call create_disk 1024 '{"disk_offering":"shared.custom"}' VM
  cpi call attach_disk VM DISK
  cpi call delete_vm VM

A VM of ubuntu-builtin is the small guest of tests/guest/small, which does what `ask` sends it. One of a stemcell that
`cpi stemcell convert` made is what that stemcell is: `bosh create-env` works here, with this endpoint and 10.0.0.0/24.
]]

local SHELL = [[
export PATH="$PWD/build:$PATH" CPI_CONFIG=%s PS1='cloud:\w\$ '
ask() { echo "$2" | timeout 20 busybox nc "$1" 2000; }
export -f ask
if [ -t 0 ]; then bash --norc --noprofile -i; else bash --norc --noprofile; fi
]]

local c = cloud.start { grace = 5 }
print((NEXT:gsub("@(%u+)", { KEY = c.api_key, SECRET = c.secret_access_key, CONFIG = c.config, PLACE = c.place })))
io.stdout:flush()
os.execute(("bash -c '%s'"):format((SHELL:format(c.config):gsub("'", "'\\''"))))
cloud.stop(c)
