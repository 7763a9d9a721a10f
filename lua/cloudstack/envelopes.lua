-- What CloudStack calls the one member of an answer. It is the command in lower case and "response", but for the commands
-- listed here; what is refused because nobody, or not this account, may send the command, is called "errorresponse".

local envelopes = {}

envelopes.REFUSED = "errorresponse"

-- As a management server of version 4.23 answered; older ones have the same names.
local odd = {
  activateProject = "activaterojectresponse",
  addIpToNic = "addiptovmnicresponse",
  getUploadParamsForTemplate = "postuploadtemplateresponse",
  getUploadParamsForVolume = "postuploadvolumeresponse",
  resetSSHKeyForVirtualMachine = "resetSSHKeyforvirtualmachineresponse",
  restoreVirtualMachine = "restorevmresponse",
  updateVMAffinityGroup = "updatevirtualmachineresponse",
}

-- The name of the answer to that command.
function envelopes.of(command)
  return odd[command] or command:lower() .. "response"
end

return envelopes
