-- listCapabilities: what this cloud and this account can do.
local accounts = require "sim.accounts"

local capabilities = {}

local function list(m, call)
  local is_admin = accounts.is_admin(call.account)
  local out = {
    securitygroupsenabled = m:first("zone", function(zone) return zone.securitygroups end) ~= nil,
    dynamicrolesenabled = true, cloudstackversion = m.version.text,
    userpublictemplateenabled = m:setting "allow.public.user.templates", supportELB = "false",
    projectinviterequired = false, allowusercreateprojects = true,
    customdiskofferingminsize = m:setting "custom.diskoffering.size.min",
    customdiskofferingmaxsize = m:setting "custom.diskoffering.size.max", regionsecondaryenabled = false,
    kvmsnapshotenabled = true, snapshotshowchainsize = false,
    allowuserviewdestroyedvm = is_admin or m:setting "allow.user.view.destroyed.vm",
    allowuserexpungerecovervm = is_admin or m:setting "allow.user.expunge.recover.vm",
    allowuserexpungerecovervolume = is_admin or m:setting "allow.user.expunge.recover.volume",
    allowuserviewalldomainaccounts = false, allowuserforcestopvm = m:setting "allow.user.force.stop.vm",
    kubernetesserviceenabled = true, kubernetesclusterexperimentalfeaturesenabled = false,
    customhypervisordisplayname = "Custom", defaultuipagesize = 20, instancesstatsretentiontime = 720,
    instancesstatsuseronly = false, instancesdisksstatsretentionenabled = false, instancesdisksstatsretentiontime = 720,
    sharedfsvmmincpucount = 2, sharedfsvmminramsize = 1024, dynamicscalingenabled = true,
    instanceleaseenabled = m:setting "instance.lease.enabled", additionalconfigenabled = m:setting "enable.additional.vm.configuration",
  }
  if call.account.role == "admin" then out.extensionspath = "/usr/share/cloudstack/extensions" end
  if m:setting "api.throttling.enabled" then
    out.apilimitinterval, out.apilimitmax = m:setting "api.throttling.interval", m:setting "api.throttling.max"
  end
  return { capability = out }
end

capabilities.commands = { { name = "listCapabilities", run = list } }

return capabilities
