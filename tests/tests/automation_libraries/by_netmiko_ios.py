"""netmiko's driver cisco_ios: connects, enables, configures, saves, shows, disconnects."""

import sys

from netmiko import ConnectHandler

session = ConnectHandler(
    device_type="cisco_ios", host="127.0.0.1", username="root", use_keys=True, key_file=sys.argv[1]
)
session.enable()
assert session.check_enable_mode(), session.find_prompt()
assert not session.check_config_mode()
said = session.send_config_set(
    [
        "flow exporter NOC",
        "destination 192.0.2.1",
        "transport udp 9995",
        "flow monitor M",
        "record netflow ipv4 original-input",
        "exporter NOC",
    ],
    error_pattern=r"^%|rror",
)
assert not session.check_config_mode(), said
saved = session.save_config()
assert "revision" in saved or "[OK]" in saved, saved
running = session.send_command("show running-config")
assert "flow exporter NOC\n destination 192.0.2.1" in running.replace("\r", ""), running
assert "\x1b" not in running, repr(running)
version = session.send_command("show version")
assert "flowd" in version, version
wrong = session.send_command("show nonsense")
assert "unknown word" in wrong, wrong
session.disconnect()
print("done")
