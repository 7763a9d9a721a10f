# A VM's life by cs, the client library of exoscale: cs_life.py ENDPOINT KEY SECRET
import sys

from cs import CloudStack, CloudStackApiException

endpoint, key, secret = sys.argv[1:]
cloud = CloudStack(endpoint=endpoint, key=key, secret=secret, poll_interval=0.05)


def run(command, **parameters):
    return getattr(cloud, command)(fetch_result=True, **parameters)


zone = cloud.listZones()["zone"][0]
offering = next(o for o in cloud.listServiceOfferings(fetch_list=True) if o["name"] == "shared.small")
template = cloud.listTemplates(templatefilter="executable", zoneid=zone["id"])["template"][0]
network = next(n for n in cloud.listNetworks(fetch_list=True) if n["name"] == "bosh-net")

vm = run("deployVirtualMachine", zoneid=zone["id"], serviceofferingid=offering["id"], templateid=template["id"],
         name="cs-vm", **{"iptonetworklist[0].networkid": network["id"], "iptonetworklist[0].ip": "10.0.0.21"})["virtualmachine"]
assert vm["state"] == "Running" and vm["nic"][0]["ipaddress"] == "10.0.0.21", vm
run("createTags", resourceids=vm["id"], resourcetype="UserVm", tags=[{"key": "life", "value": "cs"}])
found = cloud.listVirtualMachines(tags=[{"key": "life", "value": "cs"}])["virtualmachine"]
assert [one["id"] for one in found] == [vm["id"]], found

custom = next(o for o in cloud.listDiskOfferings(fetch_list=True) if o["name"] == "shared.custom")
volume = run("createVolume", name="cs-disk", zoneid=zone["id"], diskofferingid=custom["id"], size=3)["volume"]
run("attachVolume", id=volume["id"], virtualmachineid=vm["id"])
assert cloud.listVolumes(id=volume["id"])["volume"][0]["virtualmachineid"] == vm["id"]
snapshot = run("createSnapshot", volumeid=volume["id"])["snapshot"]
run("deleteSnapshot", id=snapshot["id"])
run("rebootVirtualMachine", id=vm["id"])
run("detachVolume", id=volume["id"])
run("resizeVolume", id=volume["id"], size=5)
assert cloud.listVolumes(id=volume["id"])["volume"][0]["size"] == 5 << 30
assert cloud.deleteVolume(id=volume["id"])["success"]
run("stopVirtualMachine", id=vm["id"])
assert cloud.listVirtualMachines(id=vm["id"])["virtualmachine"][0]["state"] == "Stopped"
run("destroyVirtualMachine", id=vm["id"])
assert not cloud.listVirtualMachines(id=vm["id"]).get("virtualmachine")
try:
    cloud.listVirtualMachines(id="nonsense")
    raise AssertionError("an id that is not one was taken")
except CloudStackApiException as refused:
    assert refused.error["errorcode"] == 431, refused.error
