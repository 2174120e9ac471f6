//! Files that start softflowd, and what becomes of them.

use super::*;

/// The statements without those of the interface.
fn accounting(imported: &Imported) -> Vec<&str> {
    tree(imported);
    let lines = imported.text.lines();
    lines
        .filter_map(|line| line.strip_prefix("set system flow-accounting "))
        .collect()
}

#[test]
fn debians_two_variables_are_a_command_line() {
    let imported = file("interface='eth0'\noptions=\"-n 192.0.2.9:9995 -v 9 -t maxlife=300\"\n");
    assert_eq!(
        imported.text,
        "set interfaces ethernet eth0 promiscuous
set system flow-accounting interface eth0
set system flow-accounting enable-egress
set system flow-accounting netflow version 9
set system flow-accounting netflow server 192.0.2.9 port 9995
set system flow-accounting netflow timeout max-active-life 300
"
    );
    assert_eq!(said(&imported), [""; 0]);
    tree(&imported);
    let told =
        file("\n#\n# configuration\n\ninterface='eth0'\n# further\noptions=\"-q -t idle=3\"\n");
    assert_eq!(
        said(&told),
        [
            "File(0):7 \"-q\": not translated: softflowd has no such option",
            "File(0):7 \"-t idle=3\": not translated: softflowd has no timeout idle",
            "File(0):5 \"softflowd\": no collector is named (-n): flows are metered only",
        ]
    );
}

#[test]
fn openwrts_sections_are_instances() {
    let imported = file(
        "config softflowd\n\toption enabled        '1'\n\toption interface      'br-lan'\n\toption pcap_file      ''\n\
         \toption timeout        'maxlife=600'\n\toption max_flows      '8192'\n\toption host_port      '192.0.2.9:2055'\n\
         \toption pid_file       '/var/run/softflowd.pid'\n\toption control_socket '/var/run/softflowd.ctl'\n\
         \toption export_version '9'\n\toption hoplimit       ''\n\toption tracking_level 'full'\n\toption track_ipv6     '1'\n\
         \toption sampling_rate  '100'\n\toption colour 'blue'\n",
    );
    assert_eq!(
        accounting(&imported),
        [
            "interface br-lan",
            "enable-egress",
            "netflow version 9",
            "netflow server 192.0.2.9 port 2055",
            "netflow sampling-rate 100",
            "netflow max-flows 8192",
            "netflow timeout max-active-life 600",
        ]
    );
    assert_eq!(
        said(&imported),
        [
            "File(0):13 \"-6\": not translated: IPv6 is always metered",
            "File(0):15 \"option colour 'blue'\": not translated: OpenWrt has no such option",
        ]
    );
    let several = file(
        "package softflowd\n\nconfig softflowd 'lan'\n option enabled 1\n option interface br-lan\n option host_port 192.0.2.9:2055\n\
         config softflowd 'guest'\n option interface br-guest\n\
         config softflowd 'wan'\n option enabled on\n option interface eth0.2\n option host_port 192.0.2.8:2055\n \
         option filter 'not port 22'\n option bidirectional 1\n option export_version 10\n option send_interface lo\n",
    );
    for line in [
        "set flow monitor softflowd exporter softflowd",
        "set interfaces ethernet br-lan flow monitor softflowd direction both",
        "set interfaces ethernet eth0.2 capture filter \"not port 22\"",
        "set flow monitor softflowd-2 cache bidirectional",
        "set flow exporter softflowd-2 source lo",
        "set interfaces ethernet eth0.2 flow monitor softflowd-2 direction both",
    ] {
        assert!(several.text.contains(line), "{line}\n{}", several.text);
    }
    assert_eq!(
        said(&several),
        [
            "File(0):7 \"config softflowd\": not translated: it is not enabled (option enabled '1'), so OpenWrt does not start it"
        ]
    );
    tree(&several);
}

/// Files from the documentation and habits of systems: text, a statement, a remark.
const FILES: &[(&str, &str, &str)] = &[
    // Debian's older /etc/default/softflowd.
    (
        "INTERFACE=\"eth0\"\nOPTIONS=\"-n 127.0.0.1:9995\"\n",
        "netflow server 127.0.0.1 port 9995",
        "",
    ),
    (
        "interface=eth1\noptions=\"-v 10 -n 192.0.2.9:4739\"\n",
        "netflow version 10",
        "",
    ),
    // As systemd reads it, without quotes.
    (
        "interface=eth1\noptions=-v 9 -n 192.0.2.9:2055\n",
        "netflow server 192.0.2.9 port 2055",
        "",
    ),
    (
        "interface='eth1'   # uplink\noptions='-n 192.0.2.9:2055' # collector\n",
        "netflow server 192.0.2.9 port 2055",
        "",
    ),
    (
        "export interface=eth1\nexport options='-n 192.0.2.9:2055'\n",
        "interface eth1",
        "",
    ),
    (
        "interface='eth1'\noptions='-n 192.0.2.9:2055 \\\n  -v 9 \\\n  -m 65536'\n",
        "netflow max-flows 65536",
        "",
    ),
    (
        "interface='eth1'\r\noptions='-n 192.0.2.9:2055'\r\n",
        "netflow server 192.0.2.9 port 2055",
        "",
    ),
    (
        "options='-n 192.0.2.9:2055,192.0.2.8:2055'\ninterface='eth1'\n",
        "netflow server 192.0.2.8 port 2055",
        "",
    ),
    (
        "interface='eth1.100'\noptions='-n [2001:db8::9]:2055'\n",
        "netflow server 2001:db8::9 port 2055",
        "",
    ),
    (
        "interface='eth1'\noptions='-n 192.0.2.9:2055 -t general=10m -t tcp.fin=30 -t udp=1h'\n",
        "netflow timeout flow-generic 600",
        "",
    ),
    (
        "interface='eth1'\noptions='-s 100 -n 192.0.2.9:2055'\n",
        "netflow sampling-rate 100",
        "",
    ),
    (
        "interface='eth1'\noptions='-n 192.0.2.9:2055 not host 192.0.2.9'\n",
        "interface eth1",
        "",
    ),
    (
        "interface='eth1'\noptions='-n 192.0.2.9:2055 -c /run/other.ctl'\n",
        "interface eth1",
        "softflowctl",
    ),
    (
        "interface='eth1'\noptions='-d -n 192.0.2.9:2055'\n",
        "interface eth1",
        "a service already",
    ),
    (
        "interface='eth1'\noptions=''\n",
        "",
        "no collector is named",
    ),
    ("interface=''\noptions=''\n", "", "no interface is named"),
    (
        "interface='any'\noptions='-n 192.0.2.9:2055'\n",
        "",
        "every interface of the host",
    ),
    (
        "interface='all'\noptions='-n 192.0.2.9:2055'\n",
        "",
        "every interface of the host",
    ),
    (
        "interface='eth1'\ncolour=blue\noptions='-n 192.0.2.9:2055'\n",
        "interface eth1",
        "interface= and options= are read",
    ),
    // Of Red Hat's kind.
    (
        "SOFTFLOWD_OPTIONS=\"-i em1 -v 5 -n 192.0.2.9:9996\"\n",
        "interface em1",
        "",
    ),
    // Scripts and units.
    (
        "#!/bin/sh\nmodprobe dummy\n/usr/sbin/softflowd -i eth0 -v 9 -n 192.0.2.9:2055 -d &\nexit 0\n",
        "netflow version 9",
        "a service already",
    ),
    (
        "[Unit]\nDescription=flows\n[Service]\nType=forking\nExecStart=/usr/sbin/softflowd -i ens3 -n 192.0.2.9:2055\n",
        "interface ens3",
        "",
    ),
    (
        "softflowd -i eth0 -n 192.0.2.9:2055 && echo started\n",
        "interface eth0",
        "",
    ),
    (
        "for i in eth0 eth1; do\n softflowd -i $i -n 192.0.2.9:2055\ndone\n",
        "",
        "variables are the shell's",
    ),
    // OpenWrt's.
    (
        "config softflowd\n option enabled '0'\n option interface 'br-lan'\n option host_port '192.0.2.9:2055'\n",
        "",
        "it is not enabled",
    ),
    (
        "config softflowd\n option enabled yes\n option interface wan\n option host_port 192.0.2.9:9995\n option export_version 5\n",
        "netflow version 5",
        "",
    ),
    (
        "config softflowd\n option enabled 1\n option interface wan\n option host_port 192.0.2.9:9995\n option exporter_ip 192.0.2.1\n option send_interface wan\n",
        "netflow source-address 192.0.2.1",
        "",
    ),
    (
        "config softflowd\n option enabled 1\n option interface wan\n option host_port 192.0.2.9:9995\n option track_ipv6 0\n option bidirectional 0\n",
        "interface wan",
        "",
    ),
    (
        "config softflowd\n option enabled 1\n option interface wan\n option pcap_file /tmp/x.pcap\n option host_port 192.0.2.9:9\n",
        "interface wan",
        "flowd meter --read",
    ),
    (
        "option enabled 1\nconfig softflowd\n option enabled 1\n option interface wan\n option host_port 192.0.2.9:9\n",
        "interface wan",
        "in no section",
    ),
    ("", "", "is expected"),
    ("nothing of the kind\n", "", "is expected"),
];

#[test]
fn files_of_many_systems_are_read() {
    for (text, statement, remark) in FILES {
        let imported = file(text);
        let lines = accounting(&imported);
        assert!(
            statement.is_empty() || lines.contains(statement),
            "{text}: {lines:?}"
        );
        let told = said(&imported).join("\n");
        assert!(told.contains(remark), "{text}: {told}");
        assert_eq!(told.is_empty(), remark.is_empty(), "{text}: {told}");
        let placed = imported
            .remarks
            .iter()
            .all(|remark| remark.origin == crate::Origin::File(0));
        assert!(placed, "{text}: {told}");
    }
    // A monitor says what flow accounting cannot.
    let imported = file("interface='eth1'\noptions='-v 9 -T vlan -n 192.0.2.9:2055'\n");
    assert!(
        imported
            .text
            .contains("set flow record softflowd match datalink dot1q vlan input")
    );
}

proptest! {
    #[test]
    fn whatever_is_written_is_loaded_or_told(
        lines in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "interface='eth0'", "interface=", "options=\"-n 192.0.2.1:9\"", "options='-v 9 \\", "config softflowd", "option enabled 1",
                    "option interface eth1", "option host_port '192.0.2.1:9'", "option filter 'port 53'", "option timeout udp=9", "# c",
                    "softflowd -i eth2 -n 192.0.2.1:9", "ExecStart=softflowd -i eth3 $X", "option send_interface eth9", "list x y", "'", "\"",
                ]).prop_map(str::to_owned),
                any::<String>(),
            ],
            0..12,
        )
    ) {
        let imported = file(&lines.join("\n"));
        prop_assert!(!imported.text.is_empty() || !imported.remarks.is_empty());
        tree(&imported);
    }
}
