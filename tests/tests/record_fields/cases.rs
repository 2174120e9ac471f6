//! The expected export of each field of the registry: one row for each.

/// A value: its octets in hexadecimal, and as tshark shows it; `:` stands for octet by octet in hexadecimal.
type Value = (&'static str, &'static str);

/// How a field is tested.
pub(crate) enum Case {
    /// The field is metered on packets of [`crate::packets::frames`].
    Packets {
        /// The field's words, with a value for its parameter.
        words: &'static str,
        /// The name of the group of packets.
        group: &'static str,
        /// The value if the field is matched, which is that of the first packet; `None` if it cannot be matched.
        matched: Option<Value>,
        /// The value if the field is collected from all packets of the group.
        collected: Value,
        /// tshark's name of the field.
        tshark: &'static str,
    },
    /// The field is metered on packets that cross a router, because a savefile has no interfaces and no routes.
    Routed {
        /// The field's words.
        words: &'static str,
    },
}

impl Case {
    pub(crate) fn words(&self) -> &'static str {
        match self {
            Case::Packets { words, .. } | Case::Routed { words } => words,
        }
    }
}

/// Makes the case of a field with the same value matched and collected.
const fn both(
    words: &'static str,
    group: &'static str,
    tshark: &'static str,
    value: Value,
) -> Case {
    differ(words, group, tshark, value, value)
}

/// Makes the case of a field whose collected value, over the whole flow, differs from that of the first packet.
const fn differ(
    words: &'static str,
    group: &'static str,
    tshark: &'static str,
    matched: Value,
    collected: Value,
) -> Case {
    Case::Packets {
        words,
        group,
        matched: Some(matched),
        collected,
        tshark,
    }
}

/// Makes the case of a field that cannot be matched.
const fn collect(
    words: &'static str,
    group: &'static str,
    tshark: &'static str,
    collected: Value,
) -> Case {
    Case::Packets {
        words,
        group,
        matched: None,
        collected,
        tshark,
    }
}

const fn routed(words: &'static str) -> Case {
    Case::Routed { words }
}

#[rustfmt::skip]
pub(crate) const CASES: &[Case] = &[
    both("ipv4 source address", "tcp4", "cflow.srcaddr", ("c0000201", "192.0.2.1")),
    both("ipv4 destination address", "tcp4", "cflow.dstaddr", ("c6336402", "198.51.100.2")),
    routed("ipv4 source prefix"),
    routed("ipv4 source mask"),
    routed("ipv4 destination prefix"),
    routed("ipv4 destination mask"),
    both("ipv4 protocol", "tcp4", "cflow.protocol", ("06", "6")),
    both("ipv4 tos", "tcp4", "cflow.tos", ("b8", "0xb8")),
    both("ipv4 dscp", "tcp4", "cflow.ip_dscp", ("2e", "46")),
    both("ipv4 precedence", "tcp4", "cflow.ip_precedence", ("05", "5")),
    both("ipv4 ttl", "tcp4", "cflow.ip_ttl", ("3f", "63")),
    collect("ipv4 ttl minimum", "tcp4", "cflow.ttl_min", ("3d", "61")),
    collect("ipv4 ttl maximum", "tcp4", "cflow.ttl_max", ("3f", "63")),
    both("ipv4 version", "tcp4", "cflow.ip_version", ("04", "4")),
    both("ipv4 id", "tcp4", "cflow.frag_ident", ("00001234", "4660")),
    both("ipv4 header-length", "tcp4", "cflow.ip_header_words", ("06", "6")),
    both("ipv4 total-length", "tcp4", "cflow.ip_total_length", ("00000031", "49")),
    collect("ipv4 total-length minimum", "tcp4", "cflow.length_min", ("0000002c", "44")),
    collect("ipv4 total-length maximum", "tcp4", "cflow.length_max", ("00000031", "49")),
    both("ipv4 fragmentation flags", "fragment4", "cflow.ip_fragment_flags", ("20", "0x20")),
    both("ipv4 fragmentation offset", "fragment4", "cflow.fragment_offset", ("00b9", "185")),
    both("ipv4 length header", "tcp4", "cflow.ip_header_length", ("18", "24")),
    both("ipv4 length payload", "tcp4", "cflow.ip_payload_length", ("00000019", "25")),
    both("ipv4 length total", "udp4", "cflow.ip_total_length", ("00000027", "39")),
    differ("ipv4 option map", "tcp4", "cflow.option_map", ("00001000", "00:00:10:00"), ("81001000", "81:00:10:00")),
    both("ipv4 section header size 32", "tcp4", "cflow.section_header", ("46b80031123440003f060000c0000201c633640294040000123401bb01020304", ":")),
    both("ipv4 section payload size 28", "tcp4", "cflow.section_payload", ("123401bb01020304050607085062faf00000000768656c6c6f000000", ":")),
    both("ipv6 source address", "udp6", "cflow.srcaddrv6", ("20010db8000000000000000000000001", "2001:db8::1")),
    both("ipv6 destination address", "udp6", "cflow.dstaddrv6", ("20010db8000000000000000000000002", "2001:db8::2")),
    routed("ipv6 source prefix"),
    routed("ipv6 source mask"),
    routed("ipv6 destination prefix"),
    routed("ipv6 destination mask"),
    both("ipv6 protocol", "udp6", "cflow.protocol", ("11", "17")),
    both("ipv6 next-header", "udp6", "cflow.ipv6_next_hdr", ("00", "0")),
    both("ipv6 traffic-class", "udp6", "cflow.tos", ("b8", "0xb8")),
    both("ipv6 dscp", "udp6", "cflow.ip_dscp", ("2e", "46")),
    both("ipv6 precedence", "udp6", "cflow.ip_precedence", ("05", "5")),
    both("ipv6 flow-label", "udp6", "cflow.ipv6flowlabel", ("00054321", "344865")),
    both("ipv6 hop-limit", "udp6", "cflow.ip_ttl", ("3e", "62")),
    collect("ipv6 hop-limit minimum", "udp6", "cflow.ttl_min", ("3c", "60")),
    collect("ipv6 hop-limit maximum", "udp6", "cflow.ttl_max", ("3e", "62")),
    both("ipv6 version", "udp6", "cflow.ip_version", ("06", "6")),
    both("ipv6 payload-length", "udp6", "cflow.ipv6_payload_length", ("0023", "35")),
    collect("ipv6 total-length minimum", "udp6", "cflow.length_min", ("00000040", "64")),
    collect("ipv6 total-length maximum", "udp6", "cflow.length_max", ("0000004b", "75")),
    both("ipv6 length header", "udp6", "cflow.ip_header_length", ("28", "40")),
    both("ipv6 length payload", "udp6", "cflow.ip_payload_length", ("00000023", "35")),
    both("ipv6 length total", "udp6", "cflow.ip_total_length", ("0000004b", "75")),
    both("ipv6 extension map", "udp6", "cflow.ipv6_exthdr", ("c0000000", "0xc0000000")),
    both("ipv6 fragmentation flags", "fragment6", "cflow.ip_fragment_flags", ("20", "0x20")),
    both("ipv6 fragmentation id", "fragment6", "cflow.frag_ident", ("deadbeef", "3735928559")),
    both("ipv6 fragmentation offset", "fragment6", "cflow.fragment_offset", ("0005", "5")),
    both("ipv6 section header size 8", "udp6", "cflow.section_header", ("6b8543210023003e", ":")),
    both("ipv6 section payload size 64", "udp6", "cflow.section_payload", ("3c0001040000000011000104000000000035823500130000736f6d65206f63746574730000000000000000000000000000000000000000000000000000000000", ":")),
    both("transport source-port", "tcp4", "cflow.srcport", ("1234", "4660")),
    both("transport destination-port", "tcp4", "cflow.dstport", ("01bb", "443")),
    both("transport icmp ipv4 type", "icmp4", "cflow.icmp_ipv4_type", ("03", "3")),
    both("transport icmp ipv4 code", "icmp4", "cflow.icmp_ipv4_code", ("0d", "13")),
    both("transport icmp ipv6 type", "icmp6", "cflow.icmp_ipv6_type", ("01", "1")),
    both("transport icmp ipv6 code", "icmp6", "cflow.icmp_ipv6_code", ("04", "4")),
    both("transport igmp type", "igmp4", "cflow.igmp_type", ("16", "22")),
    differ("transport tcp flags", "tcp4", "cflow.tcpflags", ("62", "0x62"), ("7b", "0x7b")),
    differ("transport tcp flags ack syn", "tcp4", "cflow.tcpflags", ("02", "0x02"), ("12", "0x12")),
    both("transport tcp source-port", "tcp4", "cflow.srcport", ("1234", "4660")),
    both("transport tcp destination-port", "tcp4", "cflow.dstport", ("01bb", "443")),
    both("transport tcp window-size", "tcp4", "cflow.tcp_windows_size", ("faf0", "64240")),
    both("transport tcp sequence-number", "tcp4", "cflow.tcp_seq_num", ("01020304", "16909060")),
    both("transport tcp acknowledgement-number", "tcp4", "cflow.tcp_ack_num", ("05060708", "84281096")),
    both("transport tcp header-length", "tcp6", "cflow.tcp_header_length", ("14", "20")),
    both("transport tcp urgent-pointer", "tcp6", "cflow.tcp_urg_ptr", ("0007", "7")),
    both("transport udp message-length", "udp4", "cflow.udp_length", ("0013", "19")),
    both("transport udp source-port", "udp4", "cflow.srcport", ("0035", "53")),
    both("transport udp destination-port", "udp4", "cflow.dstport", ("8235", "33333")),
    both("datalink mac source address input", "tcp4", "cflow.srcmac", ("020000000909", "02:00:00:00:09:09")),
    both("datalink mac destination address input", "tcp4", "cflow.dstmac", ("020000000101", "02:00:00:00:01:01")),
    routed("datalink mac source address output"),
    routed("datalink mac destination address output"),
    both("datalink dot1q vlan input", "tcp4", "cflow.dot1q_vlan_id", ("0064", "100")),
    routed("datalink dot1q vlan output"),
    both("datalink dot1q priority", "tcp4", "cflow.dot1q_priority", ("05", "5")),
    both("datalink dot1q customer vlan", "tcp4", "cflow.dot1q_customer_vlan_id", ("00c8", "200")),
    both("datalink dot1q customer priority", "tcp4", "cflow.dot1q_customer_priority", ("03", "3")),
    both("datalink vlan input", "tcp4", "cflow.vlanid", ("0064", "100")),
    routed("datalink vlan output"),
    both("datalink ethertype", "tcp4", "cflow.ethernet_type", ("0800", "2048")),
    both("mpls label 1 details", "mpls", "cflow.mpls_label", ("123400", "74560")),
    both("mpls label 1 exp", "mpls", "cflow.mpls_top_label_exp", ("00", "0")),
    both("mpls label 1 ttl", "mpls", "cflow.mpls_top_label_ttl", ("c8", "200")),
    both("mpls label 2 details", "mpls", "cflow.mpls_label", ("123412", "74561")),
    both("mpls label 3 details", "mpls", "cflow.mpls_label", ("123424", "74562")),
    both("mpls label 4 details", "mpls", "cflow.mpls_label", ("123436", "74563")),
    both("mpls label 5 details", "mpls", "cflow.mpls_label", ("123448", "74564")),
    both("mpls label 6 details", "mpls", "cflow.mpls_label", ("12345a", "74565")),
    both("mpls label 7 details", "mpls", "cflow.mpls_label", ("12346c", "74566")),
    both("mpls label 8 details", "mpls", "cflow.mpls_label", ("12347e", "74567")),
    both("mpls label 9 details", "mpls", "cflow.mpls_label", ("123480", "74568")),
    both("mpls label 10 details", "mpls", "cflow.mpls_label", ("123493", "74569")),
    routed("interface input"),
    routed("interface input snmp"),
    routed("interface output"),
    routed("interface output snmp"),
    routed("routing next-hop address ipv4"),
    routed("routing next-hop address ipv6"),
    routed("routing vrf input"),
    routed("flow direction"),
    both("flow sampler", "sampled", "cflow.sampler_id", ("01", "1")),
    collect("flow end-reason", "udp4", "cflow.flow_end_reason", ("04", "4")),
    collect("counter bytes", "udp4", "cflow.octets", ("00000043", "67")),
    collect("counter bytes long", "tcp4", "cflow.octets", ("000000000000005d", "93")),
    collect("counter packets", "udp4", "cflow.packets", ("00000002", "2")),
    collect("counter packets long", "tcp4", "cflow.packets", ("0000000000000002", "2")),
    collect("counter flows", "udp4", "cflow.flows", ("00000001", "1")),
    // An hour: `flowd meter` lets uptimes count from exactly an hour before the first packet.
    collect("timestamp sys-uptime first", "udp4", "cflow.timestart", ("0036ee80", "3600.000000000")),
    collect("timestamp sys-uptime last", "udp4", "cflow.timeend", ("0036f7aa", "3602.346000000")),
    collect("timestamp absolute first", "udp4", "cflow.abstimestart", ("0000018bcfe5687b", "Nov 14, 2023 22:13:20.123000000 UTC")),
    collect("timestamp absolute last", "udp4", "cflow.abstimeend", ("0000018bcfe571a5", "Nov 14, 2023 22:13:22.469000000 UTC")),
    // NTP timestamps: seconds since 1900 and a fraction. The fractions are 0.123456789 and 0.469135690 of a second, or these in
    // microseconds; tshark shows more digits than that.
    collect("timestamp absolute first microseconds", "udp4", "cflow.abstimestart", ("e8fe6f801f9ad000", "Nov 14, 2023 22:13:20.123456001 UTC")),
    collect("timestamp absolute last microseconds", "udp4", "cflow.abstimeend", ("e8fe6f8278194000", "Nov 14, 2023 22:13:22.469135284 UTC")),
    collect("timestamp absolute first nanoseconds", "udp4", "cflow.abstimestart", ("e8fe6f801f9add38", "Nov 14, 2023 22:13:20.123456789 UTC")),
    collect("timestamp absolute last nanoseconds", "udp4", "cflow.abstimeend", ("e8fe6f82781946ce", "Nov 14, 2023 22:13:22.469135690 UTC")),
];
