-- configure_networks(vm_cid, networks): gone from BOSH; a director that still asks recreates the VM.

local errors = require "errors"

return function()
  error(errors.not_supported("the networks of a VM are not changed in place; the VM is recreated"))
end
