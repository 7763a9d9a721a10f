# A VM's life by apache-libcloud: libcloud_life.py ENDPOINT KEY SECRET
import sys
from urllib.parse import urlparse

from libcloud.compute.providers import get_driver
from libcloud.compute.types import NodeState, Provider

endpoint, key, secret = sys.argv[1:]
url = urlparse(endpoint)
driver_class = get_driver(Provider.CLOUDSTACK)
driver = driver_class(key, secret, secure=False, host=url.hostname, port=url.port, path=url.path)
driver.async_poll_interval = 0.05

location = driver.list_locations()[0]
size = next(s for s in driver.list_sizes() if s.name == "shared.small")
image = driver.list_images()[0]
network = next(n for n in driver.ex_list_networks() if n.name == "bosh-net")
key_pair = driver.create_key_pair("libcloud-key")
assert key_pair.private_key.startswith("-----BEGIN RSA PRIVATE KEY-----"), "no private key"

node = driver.create_node(name="libcloud-vm", size=size, image=image, location=location, networks=[network],
                          ex_keyname="libcloud-key")
assert node.state == NodeState.STOPPED, node  # the library's default: it is made and not started
driver.ex_start(node)
assert next(n for n in driver.list_nodes() if n.id == node.id).state == NodeState.RUNNING
assert driver.ex_create_tags([node.id], "UserVm", {"life": "libcloud"})
assert any(n.id == node.id and n.extra["tags"].get("life") == "libcloud" for n in driver.list_nodes())

offering = next(o for o in driver.ex_list_disk_offerings() if o.name == "shared.custom")
volume = driver.create_volume(3, "libcloud-disk", location, ex_volume_type=offering.name)
assert driver.attach_volume(node, volume)
snapshot = driver.create_volume_snapshot(volume)
assert driver.destroy_volume_snapshot(snapshot)
assert driver.detach_volume(volume)
assert driver.destroy_volume(volume)
driver.ex_stop(node)
assert next(n for n in driver.list_nodes() if n.id == node.id).state == NodeState.STOPPED
driver.ex_start(node)
assert driver.reboot_node(node)
assert driver.destroy_node(node)
assert not any(n.id == node.id for n in driver.list_nodes())
driver.delete_key_pair(key_pair)  # its answer is false on every CloudStack: the library expects a text where there is a boolean
assert not any(k.name == "libcloud-key" for k in driver.list_key_pairs())
