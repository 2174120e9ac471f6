//! The records of flow samples (`flow_data`).
//!
//! Source: sFlow.org's list of structure numbers and the documents it refers to: `sflow_version_5.txt` (formats 1 to 1012),
//! `sflow_host.txt` (2100, 2101), `sflow_tunnels.txt` (1021 to 1030), `sflow_drops.txt` (1036 to 1042), the port of NAT (1020).

use super::xdr::{Address, AsPath, Words, records, structures};
use crate::header::Packet;
use crate::link_type::LinkType;

structures! {
    /// The first octets of a sampled packet.
    SampledHeader<'a> {
        protocol: u32 = "header_protocol",
        frame_length: u32 = "frame_length",
        stripped: u32 = "stripped",
        header: &'a [u8] = "header",
    }

    /// The Ethernet header of a sampled packet.
    SampledEthernet {
        length: u32 = "length",
        source: [u8; 6] = "src_mac",
        destination: [u8; 6] = "dst_mac",
        ethertype: u32 = "type",
    }

    /// The IPv4 and transport headers of a sampled packet.
    SampledIpv4 {
        length: u32 = "length",
        protocol: u32 = "protocol",
        source: [u8; 4] = "src_ip",
        destination: [u8; 4] = "dst_ip",
        source_port: u32 = "src_port",
        destination_port: u32 = "dst_port",
        tcp_flags: u32 = "tcp_flags",
        tos: u32 = "tos",
    }

    /// The IPv6 and transport headers of a sampled packet.
    SampledIpv6 {
        length: u32 = "length",
        protocol: u32 = "protocol",
        source: [u8; 16] = "src_ip",
        destination: [u8; 16] = "dst_ip",
        source_port: u32 = "src_port",
        destination_port: u32 = "dst_port",
        tcp_flags: u32 = "tcp_flags",
        priority: u32 = "priority",
    }

    /// VLAN and priority of the packet where it came in and went out; all ones is unknown.
    ExtendedSwitch {
        source_vlan: u32 = "src_vlan",
        source_priority: u32 = "src_priority",
        destination_vlan: u32 = "dst_vlan",
        destination_priority: u32 = "dst_priority",
    }

    /// The next hop and the prefix lengths of the routes of both addresses.
    ExtendedRouter {
        next_hop: Address = "nexthop",
        source_mask: u32 = "src_mask_len",
        destination_mask: u32 = "dst_mask_len",
    }

    /// What BGP knows of the packet's addresses.
    ExtendedGateway<'a> {
        next_hop: Address = "nexthop",
        system: u32 = "as",
        source_system: u32 = "src_as",
        source_peer_system: u32 = "src_peer_as",
        destination_path: AsPath<'a> = "dst_as_path",
        communities: Words<'a> = "communities",
        local_preference: u32 = "localpref",
    }

    /// The users at both ends. Character sets are IANA's MIBenum, 0 if unknown.
    ExtendedUser<'a> {
        source_charset: u32 = "src_charset",
        source: &'a [u8] = "src_user",
        destination_charset: u32 = "dst_charset",
        destination: &'a [u8] = "dst_user",
    }

    /// The URL that the packet belongs to. Direction: 1 the source's, 2 the destination's.
    ExtendedUrl<'a> {
        direction: u32 = "direction",
        url: &'a [u8] = "url",
        host: &'a [u8] = "host",
    }

    /// The label stacks of the packet where it came in and went out, top first.
    ExtendedMpls<'a> {
        next_hop: Address = "nexthop",
        input: Words<'a> = "in_stack",
        output: Words<'a> = "out_stack",
    }

    /// Addresses after translation.
    ExtendedNat {
        source: Address = "src_address",
        destination: Address = "dst_address",
    }

    /// Ports after translation.
    ExtendedNatPort {
        source: u32 = "src_port",
        destination: u32 = "dst_port",
    }

    /// The MPLS tunnel of the packet.
    ExtendedMplsTunnel<'a> {
        name: &'a [u8] = "tunnel_lsp_name",
        id: u32 = "tunnel_id",
        class: u32 = "tunnel_cos",
    }

    /// The MPLS virtual circuit of the packet.
    ExtendedMplsCircuit<'a> {
        name: &'a [u8] = "vc_instance_name",
        id: u32 = "vll_vc_id",
        class: u32 = "vc_label_cos",
    }

    /// The entry of the MPLS FEC-to-NHLFE table of the packet.
    ExtendedMplsFtn<'a> {
        description: &'a [u8] = "mplsFTNDescr",
        mask: u32 = "mplsFTNMask",
    }

    /// The LDP forwarding equivalence class of the packet.
    ExtendedMplsFec {
        prefix_length: u32 = "mplsFecAddrPrefixLength",
    }

    /// VLAN tags that were stripped, outermost first, each as protocol identifier and control information.
    ExtendedVlanTunnel<'a> {
        stack: Words<'a> = "stack",
    }

    /// Where the inner header starts in a packet that is in a tunnel.
    ExtendedDecapsulate {
        inner_header_offset: u32 = "inner_header_offset",
    }

    /// The virtual network of the packet.
    ExtendedVni {
        vni: u32 = "vni",
    }

    /// The queue that the packet was put in.
    ExtendedEgressQueue {
        queue: u32 = "queue",
    }

    /// The access list that the packet met. Direction: 0 unknown, 1 in, 2 out.
    ExtendedAcl<'a> {
        number: u32 = "number",
        name: &'a [u8] = "name",
        direction: u32 = "direction",
    }

    /// The function in the device's software that dropped the packet.
    ExtendedFunction<'a> {
        symbol: &'a [u8] = "symbol",
    }

    /// How long the packet was in the device, in nanoseconds.
    ExtendedTransit {
        delay_ns: u32 = "delay",
    }

    /// Octets in the queue when the packet was put into it.
    ExtendedQueue {
        depth: u32 = "depth",
    }

    /// The trap of the hardware that dropped the packet.
    ExtendedHardwareTrap<'a> {
        group: &'a [u8] = "group",
        trap: &'a [u8] = "trap",
    }

    /// The kernel's reason for dropping the packet.
    ExtendedLinuxReason<'a> {
        reason: &'a [u8] = "reason",
    }

    /// The IPv4 socket of the packet.
    ExtendedSocketIpv4 {
        protocol: u32 = "protocol",
        local: [u8; 4] = "local_ip",
        remote: [u8; 4] = "remote_ip",
        local_port: u32 = "local_port",
        remote_port: u32 = "remote_port",
    }

    /// The IPv6 socket of the packet.
    ExtendedSocketIpv6 {
        protocol: u32 = "protocol",
        local: [u8; 16] = "local_ip",
        remote: [u8; 16] = "remote_ip",
        local_port: u32 = "local_port",
        remote_port: u32 = "remote_port",
    }
}

records! {
    /// A record of a flow sample or discarded packet.
    FlowRecord {
        1 "sampled_header" => Header(SampledHeader<'a>),
        2 "sampled_ethernet" => Ethernet(SampledEthernet),
        3 "sampled_ipv4" => Ipv4(SampledIpv4),
        4 "sampled_ipv6" => Ipv6(SampledIpv6),
        1001 "extended_switch" => Switch(ExtendedSwitch),
        1002 "extended_router" => Router(ExtendedRouter),
        1003 "extended_gateway" => Gateway(ExtendedGateway<'a>),
        1004 "extended_user" => User(ExtendedUser<'a>),
        1005 "extended_url" => Url(ExtendedUrl<'a>),
        1006 "extended_mpls" => Mpls(ExtendedMpls<'a>),
        1007 "extended_nat" => Nat(ExtendedNat),
        1008 "extended_mpls_tunnel" => MplsTunnel(ExtendedMplsTunnel<'a>),
        1009 "extended_mpls_vc" => MplsCircuit(ExtendedMplsCircuit<'a>),
        1010 "extended_mpls_FTN" => MplsFtn(ExtendedMplsFtn<'a>),
        1011 "extended_mpls_LDP_FEC" => MplsFec(ExtendedMplsFec),
        1012 "extended_vlantunnel" => VlanTunnel(ExtendedVlanTunnel<'a>),
        1020 "extended_nat_port" => NatPort(ExtendedNatPort),
        1021 "extended_L2_tunnel_egress" => EthernetTunnelOut(SampledEthernet),
        1022 "extended_L2_tunnel_ingress" => EthernetTunnelIn(SampledEthernet),
        1023 "extended_ipv4_tunnel_egress" => Ipv4TunnelOut(SampledIpv4),
        1024 "extended_ipv4_tunnel_ingress" => Ipv4TunnelIn(SampledIpv4),
        1025 "extended_ipv6_tunnel_egress" => Ipv6TunnelOut(SampledIpv6),
        1026 "extended_ipv6_tunnel_ingress" => Ipv6TunnelIn(SampledIpv6),
        1027 "extended_decapsulate_egress" => DecapsulateOut(ExtendedDecapsulate),
        1028 "extended_decapsulate_ingress" => DecapsulateIn(ExtendedDecapsulate),
        1029 "extended_vni_egress" => VniOut(ExtendedVni),
        1030 "extended_vni_ingress" => VniIn(ExtendedVni),
        1036 "extended_egress_queue" => EgressQueue(ExtendedEgressQueue),
        1037 "extended_acl" => Acl(ExtendedAcl<'a>),
        1038 "extended_function" => Function(ExtendedFunction<'a>),
        1039 "extended_transit" => Transit(ExtendedTransit),
        1040 "extended_queue" => Queue(ExtendedQueue),
        1041 "extended_hw_trap" => HardwareTrap(ExtendedHardwareTrap<'a>),
        1042 "extended_linux_drop_reason" => LinuxReason(ExtendedLinuxReason<'a>),
        2100 "extended_socket_ipv4" => SocketIpv4(ExtendedSocketIpv4),
        2101 "extended_socket_ipv6" => SocketIpv6(ExtendedSocketIpv6),
    }
}

/// Kinds of sampled headers (`header_protocol`).
pub mod header_protocol {
    /// Ethernet.
    pub const ETHERNET: u32 = 1;
    /// FDDI.
    pub const FDDI: u32 = 4;
    /// Frame relay.
    pub const FRAME_RELAY: u32 = 5;
    /// PPP.
    pub const PPP: u32 = 7;
    /// IPv4.
    pub const IPV4: u32 = 11;
    /// IPv6.
    pub const IPV6: u32 = 12;
    /// PPP in HDLC-like framing (packet over SONET).
    pub const POS: u32 = 14;
    /// IEEE 802.11.
    pub const IEEE80211: u32 = 15;
}

impl<'a> SampledHeader<'a> {
    /// The sampled packet as one that was captured, for [`crate::parse`]. `None`: its kind of header is not read.
    pub fn packet(&self) -> Option<Packet<'a>> {
        let link = match self.protocol {
            header_protocol::ETHERNET => LinkType::Ethernet,
            header_protocol::FDDI => LinkType::Fddi,
            header_protocol::FRAME_RELAY => LinkType::FrameRelay,
            header_protocol::PPP => LinkType::Ppp,
            header_protocol::IPV4 => LinkType::Ipv4,
            header_protocol::IPV6 => LinkType::Ipv6,
            header_protocol::POS => LinkType::PppSerial,
            header_protocol::IEEE80211 => LinkType::Ieee80211,
            _ => return None,
        };
        let sampled = u32::try_from(self.header.len()).unwrap_or(u32::MAX);
        Some(Packet {
            time_ns: 0,
            data: self.header,
            wire_len: self.frame_length.saturating_sub(self.stripped).max(sampled),
            link,
            tag: None,
            outgoing: false,
        })
    }
}
