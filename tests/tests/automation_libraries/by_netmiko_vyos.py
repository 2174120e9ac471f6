"""netmiko's driver vyos: connects, configures, commits, saves, shows, disconnects."""

import sys

from netmiko import ConnectHandler

session = ConnectHandler(
    device_type="vyos", host="127.0.0.1", username="root", use_keys=True, key_file=sys.argv[1]
)
assert not session.check_config_mode(), session.find_prompt()
session.send_config_set(
    ["set system host-name r9", "set flow exporter VYOS destination 192.0.2.2"]
)
assert session.check_config_mode(), session.find_prompt()
said = session.commit(comment="by netmiko")
saved = session.save_config()
assert "Done" in saved, saved
assert not session.check_config_mode(), session.find_prompt()
running = session.send_command("show configuration commands")
assert "set flow exporter VYOS destination" in running, running
assert "\x1b" not in running, repr(running)
# What is not committed is given up on the way out.
session.send_config_set(["set system host-name lost"])
session.exit_config_mode()
running = session.send_command("show configuration commands")
assert "lost" not in running, running
session.disconnect()
print("done")
