"""NAPALM's driver ios: opens, configures, asks for the configuration and a screen, closes."""

import socket
import sys

from napalm import get_network_driver

device = get_network_driver("ios")(
    "127.0.0.1", "root", "", optional_args={"key_file": sys.argv[1], "use_keys": True}
)
device.open()
assert device.is_alive()["is_alive"]
device.device.send_config_set(["flow exporter NAPALM", "destination 192.0.2.3"])
saved = device.device.save_config()
running = device.get_config(retrieve="running")["running"]
assert "flow exporter NAPALM\n destination 192.0.2.3" in running, running
said = device.cli(["show flow exporter NAPALM"])
assert "192.0.2.3" in said["show flow exporter NAPALM"], said
facts = device.get_facts()
assert facts["hostname"] == socket.gethostname(), facts
assert facts["uptime"] >= 0, facts
assert "lo" in facts["interface_list"], facts
device.close()
print("done")
