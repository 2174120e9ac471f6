//! The schema's rows: the one place where a word of the language is declared.
//!
//! Ranges and defaults are those of VyOS 1.1, 1.4 and 1.5 (`system`, `interfaces`) and of Flexible
//! NetFlow (`flow`), widened where this probe can do more.

use super::Ios::{Also, Instead, Opens};
use super::Type::{
    Address, AgentAddress, Alias, Collect, Device, EngineId, Host, HostName, Interface,
    InterfaceAddress, InterfaceOrAddress, ListenAddress, Location, Match, Name, NodePath, Password,
    PasswordHash, Prefix, Record, SourcePort, UserName,
};
use super::ios::{Family, plain, said};
use super::{Choices, Row, Statement, Submode, Type, container, flag, leaf, multi, tag};

const fn number(min: u64, max: u64) -> Type {
    Type::Number { min, max }
}
const fn text(max: usize) -> Type {
    Type::Text { max }
}
const fn choice(choices: Choices) -> Type {
    Type::Choice(choices)
}
/// A VyOS flow timeout.
const fn timeout(path: &'static str, default: &'static str, help: &'static str) -> Row {
    leaf(path, number(0, 2_147_483_647), help)
        .unit("seconds")
        .default(default)
}

const PORT: Type = number(1, 65535);

const FACILITIES: Choices = &[
    ("all", "Every facility"),
    ("auth", "Authentication and authorisation"),
    ("authpriv", "Authentication, private messages"),
    ("cron", "Clock daemons"),
    ("daemon", "System daemons"),
    ("kern", "Kernel"),
    ("lpr", "Printing"),
    ("mail", "Mail"),
    ("news", "News"),
    ("syslog", "Syslog itself"),
    ("user", "User programs"),
    ("uucp", "UUCP"),
    ("local0", "Local use 0"),
    ("local1", "Local use 1"),
    ("local2", "Local use 2"),
    ("local3", "Local use 3"),
    ("local4", "Local use 4"),
    ("local5", "Local use 5"),
    ("local6", "Local use 6"),
    ("local7", "Local use 7"),
];

/// Names that VyOS has for some of them.
const OLD_FACILITIES: Choices = &[("security", "auth"), ("protocols", "local7")];

const LEVELS: Choices = &[
    ("emerg", "The system is unusable"),
    ("alert", "Action is needed at once"),
    ("crit", "Critical conditions"),
    ("err", "Errors"),
    ("warning", "Warnings"),
    ("notice", "Normal but significant"),
    ("info", "Information"),
    ("debug", "Debugging"),
    ("all", "Every message"),
];

const KEY_TYPES: Choices = &[
    ("ecdsa-sha2-nistp256", "ECDSA, curve P-256"),
    ("ecdsa-sha2-nistp384", "ECDSA, curve P-384"),
    ("ecdsa-sha2-nistp521", "ECDSA, curve P-521"),
    ("ssh-ed25519", "Ed25519"),
    ("ssh-rsa", "RSA"),
];

const SPEEDS: Choices = &[
    ("1200", "1,200 bit/s"),
    ("2400", "2,400 bit/s"),
    ("4800", "4,800 bit/s"),
    ("9600", "9,600 bit/s"),
    ("19200", "19,200 bit/s"),
    ("38400", "38,400 bit/s"),
    ("57600", "57,600 bit/s"),
    ("115200", "115,200 bit/s"),
];

const TUNNELS: Choices = &[
    ("erspan", "Mirrored frames in GRE, types I, II and III"),
    ("geneve", "GENEVE (RFC 8926), UDP port 6081"),
    ("gre", "GRE (RFC 2784) with IP, Ethernet or MPLS inside"),
    ("gtp-u", "User data of GTP version 1, UDP port 2152"),
    ("ipip", "IP in IP: 4in4, 6in4, 4in6, 6in6"),
    ("pseudowire", "Ethernet over MPLS (RFC 4448)"),
    ("vxlan", "VXLAN (RFC 7348) on its vxlan-port"),
];

/// What `interface` takes.
const INTERFACE: &str = "Interface, GigabitEthernet0/N stands for the one with that alias or ethN";

/// Addresses of an interface, by family.
const ADDRESS: &[Statement] = &[
    said("ip address <>", "A.B.C.D/LENGTH or A.B.C.D MASK").of(Family::V4),
    said("ipv6 address <>", "X:X::X/LENGTH").of(Family::V6),
];

/// A flow monitor on an interface.
const ATTACH: &[Statement] = &[plain(
    "{family} flow monitor <> [sampler <sampler>] {direction}",
)];

/// Every row. A tag's name is `*` in the paths below it; a row comes after the row of its parent.
#[rustfmt::skip]
pub static TABLE: &[Row] = &[
    container("system", "System settings"),
    leaf("system host-name", HostName, "Name of this host").ios(Also(&[plain("hostname <>")])),
    container("system config-management", "Revisions of the configuration"),
    leaf("system config-management commit-revisions", number(1, 65535), "Number of revisions to keep").unit("revisions").default("100"),
    container("system config-management commit-archive", "Copies of each committed configuration"),
    multi("system config-management commit-archive location", Location, "Directory or URL where copies go; secrets are masked"),
    container("system console", "Serial consoles"),
    tag("system console device", Device, "Serial console device"),
    leaf("system console device * speed", choice(SPEEDS), "Speed of the console").default("115200"),
    container("system login", "Users of this system"),
    tag("system login user", UserName, "User of the management socket"),
    leaf("system login user * full-name", text(100), "Full name of the user"),
    leaf("system login user * level", choice(&[("admin", "May configure"), ("operator", "May only show")]), "What the user may; without it, the groups decide"),
    container("system login user * authentication", "Authentication of the user"),
    leaf("system login user * authentication encrypted-password", PasswordHash, "Encrypted password, in the form of crypt(5)"),
    leaf("system login user * authentication plaintext-password", Password, "Password; it is stored encrypted"),
    tag("system login user * authentication public-keys", Name, "SSH key of the user"),
    leaf("system login user * authentication public-keys * type", choice(KEY_TYPES), "Type of the key"),
    leaf("system login user * authentication public-keys * key", text(4096), "The key, in base64"),
    container("system syslog", "Where log messages go"),
    tag("system syslog host", Host, "Log to a remote host").ios(Also(&[plain("logging host <> [transport {protocol} [port <port>]]"), plain("logging <> [transport {protocol} [port <port>]]").understood()])),
    tag("system syslog host * facility", choice(FACILITIES), "Facility to send").was(OLD_FACILITIES),
    leaf("system syslog host * facility * level", choice(LEVELS), "Least severe level to send").default("err"),
    leaf("system syslog host * port", PORT, "Port of the remote host").default("514"),
    leaf("system syslog host * protocol", choice(&[("udp", "Datagrams (RFC 5426)"), ("tcp", "A stream (RFC 6587)")]), "Transport to the remote host").default("udp"),
    container("system syslog local", "Log to this host's syslog"),
    tag("system syslog local facility", choice(FACILITIES), "Facility to log").was(OLD_FACILITIES),
    leaf("system syslog local facility * level", choice(LEVELS), "Least severe level to log").default("err"),

    container("system flow-accounting", "Flow accounting"),
    multi("system flow-accounting interface", Interface, "Interface to account on").required("interface is missing"),
    flag("system flow-accounting enable-egress", "Account outgoing packets, too"),
    leaf("system flow-accounting syslog-facility", choice(FACILITIES), "Syslog facility of flow accounting").default("daemon").was(OLD_FACILITIES),
    flag("system flow-accounting disable-imt", "Keep no table in memory, only export"),
    leaf("system flow-accounting buffer-size", number(1, 65535), "Capture buffer").unit("MiB").default("16"),
    leaf("system flow-accounting packet-length", number(128, 750), "Octets captured of each packet").unit("octets").default("192"),
    leaf("system flow-accounting vrf", Name, "VRF to export from"),
    container("system flow-accounting netflow", "NetFlow export"),
    leaf("system flow-accounting netflow version", choice(&[("5", "NetFlow version 5, IPv4 only"), ("9", "NetFlow version 9 (RFC 3954)"), ("10", "IPFIX (RFC 7011)")]), "Protocol version").default("9").refuses(&[("1", "NetFlow version 1 has no sequence numbers, so loss cannot be seen")]),
    leaf("system flow-accounting netflow sampling-rate", number(1, 4_294_967_295), "Account one packet in N").unit("packets"),
    leaf("system flow-accounting netflow engine-id", EngineId, "Engine id: TYPE:ID with version 5, a number with 9 and 10"),
    leaf("system flow-accounting netflow max-flows", number(16, 16_777_216), "Most flows in the cache").unit("flows").default("131072"),
    leaf("system flow-accounting netflow source-address", Address, "Source address of export datagrams"),
    tag("system flow-accounting netflow server", Address, "Collector").required("server is missing"),
    leaf("system flow-accounting netflow server * port", PORT, "UDP port of the collector").default("2055"),
    leaf("system flow-accounting netflow server * source-address", Address, "Source address of datagrams to this collector"),
    leaf("system flow-accounting netflow server * source-interface", Interface, "Interface with the source address of datagrams to this collector"),
    leaf("system flow-accounting netflow active-timeout", number(1, 2_147_483_647), "Active timeout; by default max-active-life").unit("seconds"),
    leaf("system flow-accounting netflow inactive-timeout", number(1, 2_147_483_647), "Inactive timeout; by default one for each protocol").unit("seconds"),
    container("system flow-accounting netflow timeout", "Flow timeouts by protocol"),
    timeout("system flow-accounting netflow timeout expiry-interval", "60", "Interval at which timeouts are checked"),
    timeout("system flow-accounting netflow timeout flow-generic", "3600", "Inactive timeout of other protocols"),
    timeout("system flow-accounting netflow timeout icmp", "300", "Inactive timeout of ICMP flows"),
    timeout("system flow-accounting netflow timeout max-active-life", "604800", "Active timeout of all flows"),
    timeout("system flow-accounting netflow timeout tcp-fin", "300", "Inactive timeout of TCP flows after FIN"),
    timeout("system flow-accounting netflow timeout tcp-generic", "3600", "Inactive timeout of TCP flows"),
    timeout("system flow-accounting netflow timeout tcp-rst", "120", "Inactive timeout of TCP flows after RST"),
    timeout("system flow-accounting netflow timeout udp", "300", "Inactive timeout of UDP flows"),
    container("system flow-accounting sflow", "sFlow export"),
    leaf("system flow-accounting sflow agent-address", AgentAddress, "Address that names this agent"),
    leaf("system flow-accounting sflow sampling-rate", number(1, 4_294_967_295), "Sample one packet in N").unit("packets"),
    leaf("system flow-accounting sflow source-address", Address, "Source address of sFlow datagrams"),
    tag("system flow-accounting sflow server", Address, "sFlow collector").required("server is missing"),
    leaf("system flow-accounting sflow server * port", PORT, "UDP port of the sFlow collector").default("6343"),

    container("system sflow", "sFlow, as in VyOS 1.4 and 1.5"),
    leaf("system sflow agent-address", Address, "Address that names this agent"),
    leaf("system sflow agent-interface", Interface, "Interface whose address names this agent"),
    leaf("system sflow drop-monitor-limit", number(1, 65535), "Most dropped packets to report").unit("packets a second"),
    flag("system sflow enable-egress", "Sample outgoing packets, too"),
    multi("system sflow interface", Interface, "Interface to sample on"),
    leaf("system sflow polling", number(1, 600), "Interval of interface counters").unit("seconds").default("30"),
    leaf("system sflow sampling-rate", number(1, 65535), "Sample one packet in N").unit("packets").default("1000"),
    tag("system sflow server", Address, "sFlow collector"),
    leaf("system sflow server * port", PORT, "UDP port of the sFlow collector").default("6343"),
    leaf("system sflow vrf", Name, "VRF to send sFlow from"),

    container("interfaces", "Network interfaces"),
    tag("interfaces ethernet", Interface, "Ethernet interface").ios(Opens(Submode::Interface, said("interface <>", INTERFACE))),
    leaf("interfaces ethernet * description", text(255), "What the interface is for"),
    multi("interfaces ethernet * address", InterfaceAddress, "Address with prefix length").ios(Also(ADDRESS)),
    flag("interfaces ethernet * disable", "Take the interface down").ios(Also(&[plain("shutdown")])),
    leaf("interfaces ethernet * mtu", number(68, 16000), "Largest packet").unit("octets"),
    flag("interfaces ethernet * promiscuous", "Capture frames to other hosts, as on a mirror port"),
    leaf("interfaces ethernet * alias", Alias, "Name of this interface in IOS statements"),
    container("interfaces ethernet * mirror", "Copy traffic to another interface"),
    leaf("interfaces ethernet * mirror ingress", Interface, "Interface that incoming packets are copied to"),
    leaf("interfaces ethernet * mirror egress", Interface, "Interface that outgoing packets are copied to"),
    container("interfaces ethernet * flow", "Flow monitoring of the interface").ios(Instead(&[])),
    tag("interfaces ethernet * flow monitor", Name, "Flow monitor to attach").refers(&["flow monitor"]).ios(Instead(ATTACH)),
    leaf("interfaces ethernet * flow monitor * direction", choice(&[("input", "Incoming packets"), ("output", "Outgoing packets"), ("both", "Both")]), "Direction to meter").default("input").all("both"),
    multi("interfaces ethernet * flow monitor * family", choice(&[("ip", "IPv4"), ("ipv6", "IPv6"), ("datalink", "Frames, whatever they carry")]), "Family to meter; by default that of the record's fields"),
    leaf("interfaces ethernet * flow monitor * sampler", Name, "Sampler that selects the packets").refers(&["flow sampler"]),
    container("interfaces ethernet * capture", "How packets are captured"),
    leaf("interfaces ethernet * capture engine", choice(&[("afpacket", "AF_PACKET ring"), ("ebpf", "Flow cache in the kernel"), ("pcap", "libpcap")]), "Capture engine").default("afpacket"),
    leaf("interfaces ethernet * capture threads", number(1, 64), "Capture threads").unit("threads").default("1"),
    leaf("interfaces ethernet * capture snaplen", number(64, 65535), "Octets captured of each packet").unit("octets").default("192"),
    leaf("interfaces ethernet * capture ring-size", number(1, 4096), "Capture ring").unit("MiB").default("16"),
    leaf("interfaces ethernet * capture filter", text(4096), "Packets to capture, as a pcap filter expression"),
    multi("interfaces ethernet * capture decapsulate", choice(TUNNELS), "Tunnel to decapsulate: the inner packet is metered"),
    multi("interfaces ethernet * capture vxlan-port", PORT, "UDP port of VXLAN").default("4789"),
    flag("interfaces ethernet * capture fragment-ports", "Meter later fragments with the ports of their first one"),
    tag("interfaces loopback", choice(&[("lo", "The loopback interface")]), "Loopback interface").ios(Opens(Submode::Interface, said("interface <>", INTERFACE))),
    multi("interfaces loopback * address", InterfaceAddress, "Address with prefix length").ios(Also(ADDRESS)),

    container("flow", "Flow metering and export"),
    tag("flow record", Name, "Flow record: key fields and collected fields").ios(Opens(Submode::Record, plain("flow record <>"))),
    leaf("flow record * description", text(255), "What the record is for"),
    multi("flow record * match", Match, "Key field").required("match is missing"),
    multi("flow record * collect", Collect, "Collected field"),
    tag("flow exporter", Name, "Flow exporter: sends flow records to a collector").ios(Opens(Submode::Exporter, plain("flow exporter <>"))),
    leaf("flow exporter * description", text(255), "What the exporter is for"),
    leaf("flow exporter * destination", Host, "The collector").required("destination is missing").ios(Also(&[plain("destination <> [vrf <vrf>]")])),
    leaf("flow exporter * source", InterfaceOrAddress, "Source address of export datagrams, or an interface that has it"),
    leaf("flow exporter * vrf", Name, "VRF to export from"),
    container("flow exporter * transport", "Transport to the collector"),
    leaf("flow exporter * transport udp", PORT, "UDP port of the collector").default("9995"),
    leaf("flow exporter * transport tcp", PORT, "TCP in place of UDP, for IPFIX: port of the collector").default("4739").bare(),
    leaf("flow exporter * transport buffer", number(65_536, 1_073_741_824), "Most messages that wait while a collector on TCP is away or slow").unit("octets").default("16777216"),
    leaf("flow exporter * dscp", number(0, 63), "DSCP code point of the datagrams").unit("code point").default("0"),
    leaf("flow exporter * ttl", number(1, 255), "Time to live of the datagrams").unit("hops").default("255"),
    leaf("flow exporter * export-protocol", choice(&[("netflow-v5", "NetFlow version 5, IPv4 only"), ("netflow-v9", "NetFlow version 9 (RFC 3954)"), ("ipfix", "IPFIX (RFC 7011)")]), "Export protocol").default("netflow-v9"),
    flag("flow exporter * output-features", "Apply output features to datagrams, as is always done here"),
    container("flow exporter * template", "Templates"),
    container("flow exporter * template data", "Templates of data records"),
    leaf("flow exporter * template data timeout", number(1, 86400), "Interval at which templates are sent again").unit("seconds").default("600"),
    tag("flow exporter * option", choice(&[
        ("interface-table", "Names of the interfaces"),
        ("exporter-stats", "What was sent"),
        ("sampler-table", "Samplers and their rates"),
        ("vrf-table", "Names of the VRFs"),
        ("application-table", "Names of the applications"),
        ("application-attributes", "Attributes of the applications"),
    ]), "Options data to send"),
    leaf("flow exporter * option * timeout", number(1, 86400), "Interval at which the table is sent again").unit("seconds").default("600"),
    tag("flow monitor", Name, "Flow monitor: meters packets into a flow cache").ios(Opens(Submode::Monitor, plain("flow monitor <>"))),
    leaf("flow monitor * description", text(255), "What the monitor is for"),
    leaf("flow monitor * record", Record, "Flow record, configured or predefined").refers(&["flow record"]).required("record is missing"),
    multi("flow monitor * exporter", Name, "Flow exporter that gets the flows").refers(&["flow exporter"]),
    container("flow monitor * cache", "The cache"),
    flag("flow monitor * cache bidirectional", "Count both directions in one flow (RFC 5103); IPFIX only"),
    leaf("flow monitor * cache entries", number(16, 16_777_216), "Most flows in the cache").unit("flows").default("4096"),
    leaf("flow monitor * cache type", choice(&[("normal", "Flows end by timeouts"), ("immediate", "Every packet is a flow"), ("permanent", "Flows never end")]), "How flows end").default("normal").refuses(&[("synchronized", "there is one cache here, nothing to synchronise with")]),
    container("flow monitor * cache timeout", "Flow timeouts"),
    leaf("flow monitor * cache timeout active", number(1, 604_800), "Active timeout: export a flow that lasts longer").unit("seconds").default("1800"),
    leaf("flow monitor * cache timeout inactive", number(1, 604_800), "Inactive timeout: end a flow without packets").unit("seconds").default("15"),
    leaf("flow monitor * cache timeout update", number(1, 604_800), "Update timeout: interval at which permanent flows are exported").unit("seconds").default("1800"),
    leaf("flow monitor * cache timeout event", choice(&[("transaction-end", "End a TCP flow with its FIN or RST")]), "Event that ends a flow"),
    container("flow monitor * statistics", "Statistics beside the flows"),
    multi("flow monitor * statistics packet", choice(&[("protocol", "Packets by protocol"), ("size", "Packets by size")]), "Packet statistics to keep"),
    tag("flow sampler", Name, "Selects packets to meter").ios(Opens(Submode::Sampler, plain("sampler <>"))),
    leaf("flow sampler * description", text(255), "What the sampler is for"),
    leaf("flow sampler * mode", choice(&[("random", "One of every N, at random"), ("deterministic", "Every N-th")]), "How packets are selected").default("random").ios(Also(&[plain("mode {} 1 out-of <rate>")])),
    leaf("flow sampler * rate", number(2, 32768), "Select one packet in N").unit("packets").required("rate is missing").ios(Also(&[])),
    tag("flow samplicator", Name, "Copies flow datagrams to many receivers").ios(Opens(Submode::Samplicator, plain("flow samplicator <>"))),
    leaf("flow samplicator * description", text(255), "What the samplicator is for"),
    multi("flow samplicator * listen-address", ListenAddress, "Address or multicast group to receive on; by default any address"),
    multi("flow samplicator * port", PORT, "UDP port to receive on").default("2000"),
    leaf("flow samplicator * receive-buffer", number(4096, 1_073_741_824), "Socket buffer of each listening socket").unit("octets").default("33554432"),
    leaf("flow samplicator * threads", number(1, 64), "Threads that share each address and port").unit("threads").default("1"),
    leaf("flow samplicator * silent-after", number(1, 86400), "Time after which an exporter is logged as silent").unit("seconds").default("300"),
    tag("flow samplicator * receiver", Name, "Receiver of copies").required("a receiver is missing"),
    leaf("flow samplicator * receiver * description", text(255), "What the receiver is"),
    leaf("flow samplicator * receiver * address", Host, "Address or host name of the receiver").required("address is missing"),
    leaf("flow samplicator * receiver * port", PORT, "UDP port of the receiver").default("2000"),
    flag("flow samplicator * receiver * spoof-source", "Send from the exporter's address instead of this host's"),
    leaf("flow samplicator * receiver * source-address", Address, "Address of this host that copies leave from"),
    leaf("flow samplicator * receiver * source-interface", Interface, "Interface whose address copies leave from"),
    leaf("flow samplicator * receiver * source-port", SourcePort, "Source port of the copies: the exporter's, or a fixed one"),
    leaf("flow samplicator * receiver * sampling", number(2, 1_000_000), "Copy one datagram in N; templates are always copied").unit("datagrams"),
    leaf("flow samplicator * receiver * ttl", number(1, 255), "Time to live of the copies").unit("hops"),
    leaf("flow samplicator * receiver * dscp", number(0, 63), "DSCP code point of the copies").unit("code point").default("0"),
    flag("flow samplicator * receiver * no-checksum", "Leave the UDP checksum zero; IPv4 only"),
    leaf("flow samplicator * receiver * delay", number(1, 1_000_000), "Pause between two datagrams").unit("microseconds"),
    leaf("flow samplicator * receiver * rate-limit", number(1, 100_000_000), "Most datagrams a second").unit("datagrams a second"),
    flag("flow samplicator * receiver * disable", "Send no copies to this receiver"),
    tag("flow samplicator * source", Prefix, "Rule for exporters by prefix; the longest match counts"),
    multi("flow samplicator * source * receiver", Name, "Receiver or group that gets their datagrams").refers(&["flow samplicator * receiver", "flow samplicator * balance group"]),
    flag("flow samplicator * source * deny", "Drop their datagrams"),
    container("flow samplicator * balance", "Receivers that share the datagrams"),
    tag("flow samplicator * balance group", Name, "Group in which one receiver gets each datagram"),
    multi("flow samplicator * balance group * receivers", Name, "Receiver in the group").refers(&["flow samplicator * receiver"]).required("receivers are missing"),
    leaf("flow samplicator * balance group * by", choice(&[("exporter", "All datagrams of an exporter's address to the same receiver"), ("domain", "All datagrams of an observation domain to the same receiver"), ("round-robin", "Observation domains in turn")]), "How a receiver is chosen").default("exporter"),

    container("service", "Services for other programs"),
    container("service metrics", "Counters and measures for Prometheus, over HTTP"),
    multi("service metrics listen-address", Address, "Address to listen on; by default any address of both families"),
    leaf("service metrics port", PORT, "TCP port to listen on").default("9743"),
    multi("service metrics allow", Prefix, "Prefix of hosts that may ask; by default every host may"),

    tag("comment", NodePath, "Comment on a part of the configuration"),
    leaf("comment * text", text(255), "The comment"),
];

/// Words that older releases had, and where they stand now.
pub static OLD: &[(&str, &str)] = &[
    ("flow-accounting", "system flow-accounting"),
    (
        "system flow-accounting netflow source-ip",
        "system flow-accounting netflow source-address",
    ),
    (
        "system flow-accounting netflow interface",
        "system flow-accounting interface",
    ),
    (
        "system flow-accounting disable-memory-table",
        "system flow-accounting disable-imt",
    ),
    (
        "system flow-accounting netflow enable-egress",
        "system flow-accounting enable-egress",
    ),
    ("system syslog global", "system syslog local"),
    ("system syslog remote", "system syslog host"),
];

/// Words that VyOS has and this has not, and why: so it is said where they are written.
pub static FOREIGN: &[(&str, &str)] = &[
    ("firewall", NO_ROUTER),
    ("nat", NO_ROUTER),
    ("protocols", "routes are left to the host"),
    (
        "system flow-accounting ingress-capture",
        "packets are metered as they are on the wire",
    ),
    (
        "system flow-accounting aggregate",
        "a flow record says what a flow is",
    ),
    (
        "system flow-accounting netflow mode",
        "flows are always metered by this daemon",
    ),
    (
        "system flow-accounting sflow agentid",
        "agent-address names the agent",
    ),
    (
        "system syslog host * format",
        "messages have the form that their protocol wants",
    ),
    (
        "system flow-accounting netflow timeout expiry",
        "it is expiry-interval, in one word",
    ),
    (
        "interfaces ethernet * hw-id",
        "interfaces go by the names the host gives them",
    ),
    ("interfaces ethernet * duplex", DRIVER),
    ("interfaces ethernet * speed", DRIVER),
    ("interfaces ethernet * offload", DRIVER),
    ("interfaces ethernet * ring-buffer", DRIVER),
    (
        "interfaces ethernet * vif",
        "a VLAN is an interface of its own, such as eth0.100",
    ),
];

const NO_ROUTER: &str = "packets are metered here, neither filtered nor changed";
const DRIVER: &str = "it is left to the host's driver";

/// Leaves of a flow monitor that mean something in caches of some types only: path below the monitor, those types, and why not in
/// others. A commit warns of them.
pub static BY_CACHE_TYPE: &[(&str, &[&str], &str)] = &[
    (
        "cache timeout update",
        &["permanent"],
        "only a permanent cache is updated",
    ),
    (
        "cache timeout active",
        &["normal"],
        "flows of this type of cache have no timeout",
    ),
    (
        "cache timeout inactive",
        &["normal"],
        "flows of this type of cache have no timeout",
    ),
    (
        "cache timeout event",
        &["normal"],
        "flows of this type of cache do not end by events",
    ),
    (
        "cache entries",
        &["normal", "permanent"],
        "an immediate cache holds no flows",
    ),
];

/// What this release keeps but does not do: row, value (any when empty), and why. A commit warns of them.
pub static UNAPPLIED: &[(&str, &str, &str)] = &[
    (
        "system console device * speed",
        "",
        "console speed is set in an appliance image only",
    ),
    (
        "system login user * authentication",
        "",
        "accounts and passwords are the host's in this release; level is applied",
    ),
    (
        "system flow-accounting sflow",
        "",
        "sFlow is not exported in this release",
    ),
    ("system sflow", "", "sFlow is not exported in this release"),
    (
        "flow exporter * output-features",
        "",
        "the host's filters and queues are for every datagram",
    ),
    (
        "interfaces ethernet * mirror",
        "",
        "mirroring is not done in this release",
    ),
    (
        "interfaces ethernet * address",
        "dhcp",
        "DHCP is left to the host",
    ),
    (
        "interfaces ethernet * address",
        "dhcpv6",
        "DHCPv6 is left to the host",
    ),
    (
        "interfaces loopback * address",
        "dhcp",
        "there is no DHCP on a loopback",
    ),
    (
        "interfaces loopback * address",
        "dhcpv6",
        "there is no DHCP on a loopback",
    ),
    (
        "interfaces ethernet * capture engine",
        "ebpf",
        "the kernel path is not in this release; afpacket is used",
    ),
    (
        "flow exporter * option",
        "vrf-table",
        "VRFs are not told apart in this release",
    ),
];
