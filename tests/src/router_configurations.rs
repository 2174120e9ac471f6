//! Random router configurations with known flow statements among other sections, certificates, banners, and descriptions with
//! unusual characters. Each number gives another configuration, the same in every run.

/// A generated configuration of a router.
pub struct RouterConfiguration {
    /// The kind of router, for messages.
    pub router: &'static str,
    /// The text, as the router prints it.
    pub text: String,
    /// The flow statements in `text` as `set` lines.
    pub known: String,
}

/// `set` lines that give the host's interfaces the names they have on NX-OS. Those of IOS are GigabitEthernet0/N without an alias.
pub const ALIASES: &str = "set interfaces ethernet eth1 alias Ethernet1/1\nset interfaces ethernet eth2 alias Ethernet1/2\n";

/// Descriptions with unusual characters: some that were seen on routers, and some that are worse.
const ODD: &[&str] = &[
    "plain",
    "uplink to \"core\" {1}",
    "5\" disk; 'quoted",
    "} closing { opening",
    "! not a comment",
    "# nor this",
    "no flow exporter COLLECTOR",
    "flow monitor OTHER",
    "banner motd ^C",
    "/* half a comment",
    "half a comment */",
    "C:\\new\\table \\",
    "100% ($5 & more) ~ `x` | y < z > w",
    "Zürich → Genève, naïve 日本",
    "interface GigabitEthernet0/9",
    "exit",
    "set system flow-accounting interface eth9",
    "^C",
    "quit",
    "a//b // c",
    "[edit system]",
    "Building configuration...",
    "=== \u{a0}non-breaking",
    "router# show running-config",
];

/// Sections of IOS, IOS-XE and NX-OS without flow statements. `§` stands for one of [`ODD`], `%` for a number.
#[rustfmt::skip]
const IOS: &[&str] = &[
    "version 15.7",
    "service timestamps log datetime msec\nservice password-encryption",
    "boot-start-marker\nboot system flash bootflash:image.bin\nboot-end-marker",
    "aaa new-model\naaa authentication login default local\naaa authentication banner *\n§\nflow exporter BANNER\n destination 203.0.113.1\n*",
    "enable secret 9 $9$x.y/z",
    "username ann privilege 15 secret 5 $1$a$b",
    "ip domain name example.com\nno ip domain lookup\nip name-server 192.0.2.53",
    "vrf definition RED\n description §\n rd 65000:%\n !\n address-family ipv4\n exit-address-family",
    "crypto pki trustpoint SELF\n enrollment selfsigned\n revocation-check none",
    "crypto pki certificate chain SELF\n certificate self-signed 01\n  30820330 30820218 A0030201 02020101 300D0609 2A864886\n  F70D0101 05050030 31312F30 2D060355 04031326 494F532D\n  \tquit",
    "banner motd ^C\n§\nflow exporter BANNER\n destination 203.0.113.1\ninterface GigabitEthernet0/0\n shutdown\n ip flow monitor BANNER input\n^C",
    "banner login #\n§ \n!\nno flow monitor FLOWS\nend\n#",
    "router bgp 65%\n bgp log-neighbor-changes\n neighbor 192.0.2.254 remote-as 65001\n neighbor 192.0.2.254 description §\n !\n address-family ipv4\n  network 198.51.100.0\n  neighbor 192.0.2.254 activate\n exit-address-family",
    "router ospf %\n network 192.0.2.0 0.0.0.255 area 0\n passive-interface default",
    "ip route 0.0.0.0 0.0.0.0 192.0.2.254\nipv6 route ::/0 2001:db8::1",
    "ip access-list extended EDGE\n remark §\n permit ip any any log\n deny   udp any any eq 2055",
    "ip access-list standard 10\n 10 permit 192.0.2.0 0.0.0.255",
    "route-map OUT permit 10\n match ip address 10\n set metric %\n set ip next-hop 192.0.2.7",
    "class-map match-any VOICE\n match dscp ef\n match protocol rtp",
    "policy-map WAN\n class VOICE\n  priority percent 30\n class class-default\n  fair-queue\n  service-policy CHILD",
    "policy-map type performance-monitor PERF\n class VOICE\n  flow monitor inline\n   record default-rtp",
    "snmp-server community public RO\nsnmp-server location §\nsnmp-server host 192.0.2.99 version 2c public",
    "ntp server 192.0.2.123\nntp clock-period 36028797",
    "line con 0\n logging synchronous\n stopbits 1\nline vty 0 4\n exec-timeout 30 0\n login local\n transport input ssh",
    "archive\n log config\n  logging enable\n  hidekeys\n path flash:archive",
    "logging buffered 64000 informational\nlogging trap notifications\nno logging console",
    "spanning-tree mode rapid-pvst\nspanning-tree vlan 1-4094 priority 24576",
    "vlan %\n name USERS",
    "interface Vlan10\n description §\n ip address 198.51.100.1 255.255.255.0\n standby 1 ip 198.51.100.3",
    "interface Loopback0\n ip address 192.0.2.200 255.255.255.255",
    "interface Tunnel%\n description §\n ip address 203.0.113.1 255.255.255.252\n tunnel source Loopback0\n tunnel destination 198.51.100.77\n shutdown",
    "interface GigabitEthernet1/0/%\n description §\n switchport mode access\n switchport access vlan 10\n shutdown",
    "interface range GigabitEthernet1/0/1 - 4\n description §\n shutdown",
    "ip nat inside source list 10 interface GigabitEthernet0/1 overload",
    "ip sla 1\n icmp-echo 192.0.2.254\n frequency 30\nip sla schedule 1 life forever start-time now",
    "track 1 ip sla 1 reachability",
    "key chain KEYS\n key 1\n  key-string 7 0822455D0A16",
    "event manager applet WATCH\n event timer watchdog time 60\n action 1.0 cli command \"enable\"\n action 2.0 syslog msg \"§\"",
    "call-home\n contact-email-addr sch-smart-licensing§cisco.com\n profile \"CiscoTAC-1\"\n  active",
    "ip dhcp pool USERS\n network 198.51.100.0 255.255.255.0\n default-router 198.51.100.1",
    "control-plane\n service-policy input COPP",
    "menu OPS title ^C\n§\nsampler BANNER\n^C",
    "tacacs server ONE\n address ipv4 192.0.2.49\n key 7 1511021F",
    "mpls ldp router-id Loopback0 force",
    "alias exec sf show flow monitor",
    "macro name PORTS\nswitchport mode access\nflow record MACRO\n@",
];

/// Sections of VyOS and EdgeOS in braces, with their content. `§` stands for one of [`ODD`], `%` for a number.
#[rustfmt::skip]
const VYOS: &[(&str, &str)] = &[
    ("firewall", "all-ping enable\nname WAN {\n    default-action drop\n    description \"§\"\n    rule 10 {\n        action accept\n        state {\n            established enable\n        }\n    }\n}"),
    ("nat", "source {\n    rule % {\n        outbound-interface eth0\n        translation {\n            address masquerade\n        }\n    }\n}"),
    ("protocols", "bgp 65000 {\n    neighbor 192.0.2.254 {\n        remote-as 65001\n        description \"§\"\n    }\n}\nstatic {\n    route 0.0.0.0/0 {\n        next-hop 192.0.2.254 {\n        }\n    }\n}"),
    ("service", "ssh {\n    port 22\n}\ndhcp-server {\n    shared-network-name LAN {\n        description \"§\"\n        subnet 198.51.100.0/24 {\n            start 198.51.100.10 {\n                stop 198.51.100.20\n            }\n        }\n    }\n}\ndns {\n    forwarding {\n        cache-size %\n    }\n}"),
    ("vpn", "ipsec {\n    ike-group IKE {\n        lifetime 3600\n        proposal 1 {\n            encryption aes256\n        }\n    }\n}"),
    ("pki", "ca ROOT {\n    certificate \"MIIBszCCARygAwIBAgIU/x+y==\"\n}"),
    ("high-availability", "vrrp {\n    group LAN {\n        vrid %\n    }\n}"),
    ("policy", "route-map OUT {\n    rule 10 {\n        action permit\n        set {\n            metric %\n        }\n    }\n}"),
    ("qos", "policy {\n    shaper WAN {\n        bandwidth 100mbit\n    }\n}"),
    ("traffic-policy", "shaper WAN {\n    bandwidth %mbit\n}"),
    ("load-balancing", "wan {\n    interface-health eth0 {\n        nexthop dhcp\n    }\n}"),
    ("vrf", "name RED {\n    table 1%\n}"),
    ("container", "name web {\n    image docker.io/nginx\n}"),
    ("zone-policy", "zone LAN {\n    interface eth1\n}"),
    ("port-forward", "auto-firewall enable\nrule 1 {\n    description \"§\"\n    forward-to {\n        address 192.0.2.5\n    }\n}"),
    ("custom-attribute", "note {\n    value \"§\"\n}"),
    ("traffic-control", "smart-queue WAN {\n    wan-interface eth0\n}"),
];

/// Nodes below `system` besides the flow statements.
#[rustfmt::skip]
const VYOS_SYSTEM: &[&str] = &[
    "conntrack {\n    modules {\n        ftp\n    }\n}",
    "domain-name example.com",
    "host-name vyos",
    "name-server 192.0.2.53",
    "ntp {\n    server 0.pool.ntp.org {\n    }\n}",
    "time-zone UTC",
    "login {\n    user vyos {\n        authentication {\n            encrypted-password \"$6$a$b\"\n            plaintext-password \"\"\n        }\n        level admin\n    }\n    banner {\n        pre-login \"§\"\n    }\n}",
    "option {\n    performance throughput\n}",
    "offload {\n    ipsec enable\n}",
    "traffic-analysis {\n    dpi enable\n}",
    "sysctl {\n    parameter kernel.pid_max {\n        value %\n    }\n}",
    "task-scheduler {\n    task BACKUP {\n        interval 60m\n    }\n}",
];
#[rustfmt::skip]
const VYOS_INTERFACES: &[&str] = &[
    "ethernet eth1 {\n    address 192.0.2.1/24\n    description \"§\"\n    hw-id 52:54:00:00:00:01\n    speed auto\n    vif 100 {\n        address 198.51.100.1/24\n    }\n}",
    "ethernet eth7 {\n    duplex auto\n    disable\n}",
    "dummy dum0 {\n}",
    "loopback lo {\n}",
    "bridge br0 {\n    member {\n        interface eth3 {\n        }\n    }\n}",
    "wireguard wg% {\n    address 203.0.113.1/31\n    description \"§\"\n}",
    "switch switch0 {\n    mtu 1500\n}",
];

/// The random numbers that a configuration is made with.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % most as u64) as usize
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Returns a section with its `§` and `%` filled in. With `quoted`, it has neither double quotes nor backslashes.
    fn filled(&mut self, section: &str, quoted: bool) -> String {
        let odd = self.one(ODD);
        let odd = match quoted {
            true => odd.replace(['"', '\\'], "'"),
            false => odd.to_owned(),
        };
        // A text that contains its own end mark would end there.
        let marked = ["banner", "aaa", "menu", "macro"]
            .iter()
            .any(|text| section.starts_with(text));
        let odd = match marked {
            true => odd.replace(['^', '#', '*', '@'], "+"),
            false => odd,
        };
        let number = (self.below(30) + 1).to_string();
        section.replace('§', &odd).replace('%', &number)
    }

    /// Returns at most `most` of the sections, in random order.
    fn some(&mut self, of: &[String], most: usize) -> Vec<String> {
        let count = self.below(most) + 1;
        (0..count)
            .map(|_| of[self.below(of.len())].clone())
            .collect()
    }
}

/// Returns the configuration of this number.
pub fn router_configuration(number: u64) -> RouterConfiguration {
    let mut dice = Dice(number.wrapping_mul(0x2545_f491_4f6c_dd1d) + 1);
    match number % 6 {
        0 | 1 => ios(&mut dice, false),
        2 => ios(&mut dice, true),
        3 => vyos(&mut dice, "VyOS", false),
        4 => vyos(&mut dice, "VyOS set lines", true),
        _ => vyos(&mut dice, "EdgeOS", dice_set(number)),
    }
}

fn dice_set(number: u64) -> bool {
    number % 12 == 5
}

fn ios(dice: &mut Dice, nxos: bool) -> RouterConfiguration {
    let (seconds, rate, port) = (
        dice.below(600) + 1,
        dice.below(1000) + 2,
        dice.below(60000) + 1,
    );
    let (name, interface) = match nxos {
        true => ("Ethernet1/1", "Ethernet1/2"),
        false => ("GigabitEthernet0/1", "GigabitEthernet0/2"),
    };
    let exporter = match nxos {
        true => format!(
            "flow exporter COLLECTOR\n  destination 192.0.2.9 use-vrf RED\n  transport udp {port}\n  version 9\n    template data timeout {seconds}\n    option interface-table timeout {seconds}"
        ),
        false => format!(
            "flow exporter COLLECTOR\n destination 192.0.2.9 vrf RED{}\n transport udp {port}\n export-protocol netflow-v9\n template data timeout {seconds}\n option interface-table timeout {seconds}",
            dice.one(&["", " ! the collector"]),
        ),
    };
    let record = match nxos {
        true => {
            "flow record KEYS\n  match ipv4 source address\n  match transport source-port\n  collect counter bytes"
        }
        false => {
            "flow record KEYS\n match ipv4 source address\n match transport source-port\n collect counter bytes"
        }
    };
    let monitor = match nxos {
        true => "flow monitor FLOWS\n  record KEYS\n  exporter COLLECTOR".to_owned(),
        false => format!(
            "flow monitor FLOWS\n record KEYS\n exporter COLLECTOR\n cache timeout active {seconds}"
        ),
    };
    let sampler = match nxos {
        true => format!("sampler SOME\n  mode 1 out-of {rate}"),
        false => format!("sampler SOME\n mode random 1 out-of {rate}"),
    };
    let foreign = [
        "description §",
        "ip address 192.0.2.1 255.255.255.0",
        "no shutdown",
        "duplex auto",
        "ip nat outside",
        "negotiation auto",
        "shutdown",
    ];
    let mut attached = |name: &str, lines: &[&str]| {
        let indent = if nxos { "  " } else { " " };
        let mut block = format!("interface {name}");
        for line in lines {
            for _ in 0..dice.below(3) {
                let other = dice.one(&foreign);
                block += &format!("\n{indent}{}", dice.filled(other, false));
            }
            block += &format!("\n{indent}{line}");
        }
        block
    };
    let one = match nxos {
        true => attached(name, &["ip flow monitor FLOWS input sampler SOME"]),
        false => attached(
            name,
            &[
                "ip flow monitor FLOWS sampler SOME input",
                "ip flow monitor FLOWS sampler SOME output",
            ],
        ),
    };
    let two = attached(interface, &["ipv6 flow monitor FLOWS output"]);
    let mut parts = vec![record.to_owned(), exporter, sampler, monitor, one, two];
    if dice.below(2) == 0 {
        parts.push("logging host 192.0.2.77".to_owned());
    }
    let syslog = parts.len() > 6;
    let mut text = match nxos {
        true => "!Command: show running-config\n!Time: Mon Jan  1 10:00:00 2024\n\nversion 7.0(3)I7(4) Bios:version 07.65\nfeature netflow\n".to_owned(),
        false => "Building configuration...\n\nCurrent configuration : 4217 bytes\n!\n! Last configuration change at 10:00:00 UTC\n!\n".to_owned(),
    };
    let all: Vec<String> = IOS.iter().map(|section| section.to_string()).collect();
    for part in &parts {
        for section in dice.some(&all, 5) {
            text += &format!("{}\n!\n", dice.filled(&section, false));
        }
        text += &format!("{part}\n!\n");
    }
    for section in dice.some(&all, 3) {
        text += &format!("{}\n!\n", dice.filled(&section, false));
    }
    text += "end\n";
    if dice.below(4) == 0 {
        text = text.replace('\n', "\r\n");
    }
    let mut known = format!(
        "set flow record KEYS match ipv4 source address\nset flow record KEYS match transport source-port\nset flow record KEYS collect counter bytes\n\
         set flow exporter COLLECTOR destination 192.0.2.9\nset flow exporter COLLECTOR vrf RED\nset flow exporter COLLECTOR transport udp {port}\n\
         set flow exporter COLLECTOR export-protocol netflow-v9\nset flow exporter COLLECTOR template data timeout {seconds}\n\
         set flow exporter COLLECTOR option interface-table timeout {seconds}\n\
         set flow monitor FLOWS record KEYS\nset flow monitor FLOWS exporter COLLECTOR\n\
         set flow sampler SOME mode random\nset flow sampler SOME rate {rate}\n\
         set interfaces ethernet eth1 flow monitor FLOWS family ip\nset interfaces ethernet eth1 flow monitor FLOWS sampler SOME\n\
         set interfaces ethernet eth1 flow monitor FLOWS direction {}\n\
         set interfaces ethernet eth2 flow monitor FLOWS family ipv6\nset interfaces ethernet eth2 flow monitor FLOWS direction output\n",
        if nxos { "input" } else { "both" },
    );
    if !nxos {
        known += &format!("set flow monitor FLOWS cache timeout active {seconds}\n");
    }
    if syslog {
        known += "set system syslog host 192.0.2.77\n";
    }
    RouterConfiguration {
        router: if nxos { "NX-OS" } else { "IOS" },
        text,
        known,
    }
}

fn vyos(dice: &mut Dice, router: &'static str, set: bool) -> RouterConfiguration {
    let edge = router == "EdgeOS";
    let (seconds, port) = (dice.below(600) + 1, dice.below(60000) + 1);
    let (memory, known_memory) = match edge {
        true => (
            "disable-memory-table\n    ingress-capture pre-dnat\n",
            "disable-imt",
        ),
        false => ("disable-imt\n", "disable-imt"),
    };
    let source = dice.one(&["source-ip", "source-address"]);
    let flow = format!(
        "flow-accounting {{\n    {memory}    interface eth1\n    interface eth2\n    netflow {{\n        server 192.0.2.9 {{\n            port {port}\n        }}\n        {source} 192.0.2.1\n        timeout {{\n            udp {seconds}\n        }}\n        version 9\n    }}\n}}"
    );
    let remote = dice.one(&["host", "remote"]);
    let syslog = format!(
        "syslog {{\n    global {{\n        facility all {{\n            level notice\n        }}\n    }}\n    {remote} 192.0.2.77 {{\n        facility all {{\n            level warning\n        }}\n    }}\n}}"
    );
    let strings = |of: &[&str]| of.iter().map(|one| one.to_string()).collect::<Vec<_>>();
    let mut system = dice.some(&strings(VYOS_SYSTEM), 6);
    system.push(flow);
    system.push(syslog);
    let at = dice.below(system.len());
    system.rotate_left(at);
    let interfaces = dice.some(&strings(VYOS_INTERFACES), 4);
    let mut top: Vec<(String, String)> = (0..dice.below(6) + 1)
        .map(|_| VYOS[dice.below(VYOS.len())])
        .map(|(name, content)| (name.to_owned(), content.to_owned()))
        .collect();
    top.push(("system".into(), system.join("\n")));
    top.push(("interfaces".into(), interfaces.join("\n")));
    let at = dice.below(top.len());
    top.rotate_left(at);
    let mut text = String::new();
    for (name, content) in top {
        let content = dice.filled(&content, true);
        let indented: String = content
            .lines()
            .map(|line| format!("    {line}\n"))
            .collect();
        text += &format!("{name} {{\n{indented}}}\n");
    }
    if set {
        text = set_lines(&text);
    } else {
        text += dice.one(&[
            "// Warning: Do not remove the following line.\n// vyos-config-version: \"system@27:flow-accounting@1\"\n// Release version: 1.4.0\n",
            "/* Warning: Do not remove the following line. */\n/* === vyatta-config-version: \"system@4:nat@3\" === */\n/* Release version: v1.10.11 */\n",
        ]);
    }
    let known = format!(
        "set system flow-accounting {known_memory}\nset system flow-accounting interface eth1\nset system flow-accounting interface eth2\n\
         set system flow-accounting netflow server 192.0.2.9 port {port}\nset system flow-accounting netflow source-address 192.0.2.1\n\
         set system flow-accounting netflow timeout udp {seconds}\nset system flow-accounting netflow version 9\n\
         set system syslog host 192.0.2.77 facility all level warning\n"
    );
    RouterConfiguration {
        router,
        text,
        known,
    }
}

/// Translates a text in braces to `set` lines as VyOS writes them, with values in apostrophes.
fn set_lines(text: &str) -> String {
    let mut path: Vec<String> = Vec::new();
    let mut lines = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(opened) = line.strip_suffix('{') {
            path.push(opened.trim().to_owned());
        } else if line == "}" {
            path.pop();
        } else {
            let (word, value) = line.split_once(' ').unwrap_or((line, ""));
            let value = value.trim_matches('"').replace('\'', " ");
            let value = if value.is_empty() {
                value
            } else {
                format!(" '{value}'")
            };
            lines += &format!("set {} {word}{value}\n", path.join(" "));
        }
    }
    lines
}
