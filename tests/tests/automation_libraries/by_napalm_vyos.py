"""NAPALM's driver vyos: opens, merges lines, compares, commits, closes."""

import sys

from napalm import get_network_driver

device = get_network_driver("vyos")(
    "127.0.0.1", "root", "", optional_args={"key_file": sys.argv[1], "use_keys": True}
)
device.open()
device.load_merge_candidate(config="set flow exporter BERRY destination 192.0.2.4\n")
difference = device.compare_config()
assert "BERRY" in difference, difference
device.commit_config()
assert device.compare_config() == "", device.compare_config()
device.device.exit_config_mode()
device.close()
print("done")
