//! The link types of captures (LINKTYPE_ values of tcpdump.org): which header the captured octets start with.

/// Link type of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkType {
    /// Ethernet.
    Ethernet,
    /// BSD loopback, four octets of address family in the capturing host's byte order.
    Null,
    /// OpenBSD loopback, four octets of address family in network byte order.
    Loop,
    /// IP, the version nibble says which.
    Raw,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// PPP, with or without the 0xff03 prefix.
    Ppp,
    /// PPP in HDLC-like framing, or Cisco HDLC, as the first octet says.
    PppSerial,
    /// PPPoE session header.
    PppEther,
    /// PPP behind an octet with the direction.
    PppWithDirection,
    /// Cisco HDLC.
    CiscoHdlc,
    /// Cisco HDLC behind an octet with the direction.
    CiscoHdlcWithDirection,
    /// Frame relay.
    FrameRelay,
    /// Frame relay behind an octet with the direction.
    FrameRelayWithDirection,
    /// IEEE 802.2 LLC and SNAP, as ATM carries IP.
    Llc,
    /// SunATM: four octets, then IEEE 802.2 LLC and SNAP.
    SunAtm,
    /// FDDI.
    Fddi,
    /// IP over Fibre Channel.
    FibreChannel,
    /// IP over IEEE 1394, as Apple has it.
    Firewire,
    /// Linux cooked capture v1.
    Sll,
    /// Linux cooked capture v2.
    Sll2,
    /// IEEE 802.11.
    Ieee80211,
    /// IEEE 802.11 behind a radiotap header.
    Radiotap,
    /// IEEE 802.11 behind a Prism header.
    Prism,
    /// IEEE 802.11 behind an AVS header.
    Avs,
    /// Per-packet information, then a frame of the link type that it names.
    Ppi,
    /// Darwin's packet metadata, then a frame of the link type that it names.
    Pktap,
    /// Linux netfilter log messages.
    Nflog,
    /// OpenBSD's packet filter log.
    Pflog,
    /// Packets inside IPsec, as the BSDs' `enc` interfaces show them.
    Enc,
    /// Solaris IPNET.
    Ipnet,
    /// Any other link type, by its number in a savefile (or the hardware type of an interface). Its packets are
    /// skipped and counted.
    Other(u32),
}

/// The link types that are read: number, type, and tcpdump.org's name without `LINKTYPE_`. Of several numbers of one
/// type the first is the one that the list there has.
const READ: &[(u32, LinkType, &str)] = &[
    (0, LinkType::Null, "NULL"),
    (1, LinkType::Ethernet, "ETHERNET"),
    (9, LinkType::Ppp, "PPP"),
    (10, LinkType::Fddi, "FDDI"),
    (50, LinkType::PppSerial, "PPP_HDLC"),
    (51, LinkType::PppEther, "PPP_ETHER"),
    (100, LinkType::Llc, "ATM_RFC1483"),
    (101, LinkType::Raw, "RAW"),
    (104, LinkType::CiscoHdlc, "C_HDLC"),
    (105, LinkType::Ieee80211, "IEEE802_11"),
    (107, LinkType::FrameRelay, "FRELAY"),
    (108, LinkType::Loop, "LOOP"),
    (109, LinkType::Enc, "ENC"),
    (113, LinkType::Sll, "LINUX_SLL"),
    (117, LinkType::Pflog, "PFLOG"),
    (119, LinkType::Prism, "IEEE802_11_PRISM"),
    (122, LinkType::FibreChannel, "IP_OVER_FC"),
    (123, LinkType::SunAtm, "SUNATM"),
    (127, LinkType::Radiotap, "IEEE802_11_RADIOTAP"),
    (138, LinkType::Firewire, "APPLE_IP_OVER_IEEE1394"),
    (163, LinkType::Avs, "IEEE802_11_AVS"),
    (166, LinkType::PppWithDirection, "PPP_PPPD"),
    (192, LinkType::Ppi, "PPI"),
    (204, LinkType::PppWithDirection, "PPP_WITH_DIR"),
    (205, LinkType::CiscoHdlcWithDirection, "C_HDLC_WITH_DIR"),
    (206, LinkType::FrameRelayWithDirection, "FRELAY_WITH_DIR"),
    (226, LinkType::Ipnet, "IPNET"),
    (228, LinkType::Ipv4, "IPV4"),
    (229, LinkType::Ipv6, "IPV6"),
    (239, LinkType::Nflog, "NFLOG"),
    (258, LinkType::Pktap, "PKTAP"),
    (276, LinkType::Sll2, "LINUX_SLL2"),
    // What BSDs and Linux call RAW in their own captures.
    (12, LinkType::Raw, "RAW"),
    (14, LinkType::Raw, "RAW"),
];

impl LinkType {
    /// The names of the link types that are read, in the order of their numbers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let listed = READ.iter().take_while(|(number, ..)| *number != 12);
        listed.map(|(_, _, name)| *name)
    }
}

impl From<u32> for LinkType {
    fn from(linktype: u32) -> Self {
        let found = READ.iter().find(|(number, ..)| *number == linktype);
        found.map_or(LinkType::Other(linktype), |(_, link, _)| *link)
    }
}
