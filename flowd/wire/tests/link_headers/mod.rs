//! Link headers of every type that is read, for the tests of the parser and for the comparison with tshark.

/// The octets of a header in hexadecimal digits; blanks may stand anywhere. `ZEROS` are the 136 of a Prism header, `AVS` the
/// 56 of an AVS header, `METADATA` the 96 of a PKTAP header.
pub(crate) fn octets(text: &str) -> Vec<u8> {
    let text = text.replace("ZEROS", &"00".repeat(136));
    let text = text.replace("AVS", &"00".repeat(56));
    let text = text.replace("METADATA", &"00".repeat(96));
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |octet: u8| (octet as char).to_digit(16).unwrap() as u8;
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// Number of a link type, the header in front of an IP packet, and the MAC addresses in it (to, from) if there are any.
type LinkHeader = (u32, &'static str, Option<[[u8; 6]; 2]>);

/// Headers written from the descriptions of tcpdump.org's list and the standards it names.
pub(crate) const HEADERS: &[LinkHeader] = &[
    // FDDI: frame control, addresses, LLC and SNAP.
    (
        10,
        "50 020000000001 020000000002 aaaa03 000000 0800",
        TO_FROM,
    ),
    // ATM: SNAP, and the identifier of IP.
    (100, "aaaa03 000000 0800", None),
    (100, "fefe03 cc", None),
    // 802.11: to the access point, from it, between stations, between access points.
    (
        105,
        "0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        105,
        "0802 0000 020000000001 020000000009 020000000002 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        105,
        "0800 0000 020000000001 020000000002 020000000009 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        105,
        "0803 0000 020000000008 020000000009 020000000001 1000 020000000002 aaaa03 000000 0800",
        TO_FROM,
    ),
    // With QoS control, and with HT control, too; the organisation of bridges; a first fragment.
    (
        105,
        "8802 0000 020000000001 020000000009 020000000002 1000 0600 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        105,
        "8882 0000 020000000001 020000000009 020000000002 1000 0600 00000000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        105,
        "0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 0000f8 0800",
        TO_FROM,
    ),
    (
        105,
        "0805 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    // An aggregate, whose first packet has its own addresses.
    (
        105,
        "8802 0000 020000000007 020000000009 020000000009 1000 8000 020000000001 020000000002 0024 aaaa03 000000 0800",
        TO_FROM,
    ),
    // A VLAN behind SNAP.
    (
        105,
        "0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 8100 0005 0800",
        TO_FROM,
    ),
    // Cisco HDLC, unicast and multicast, by itself and below PPP in HDLC-like framing.
    (104, "8f00 0800", None),
    (50, "0f00 0800", None),
    (50, "8f00 0800", None),
    // Frame relay: identifiers of IP and SNAP, with padding, with an address of four octets; Cisco's EtherType.
    (107, "1841 03 cc", None),
    (107, "1841 03 00 cc", None),
    (107, "1841 03 00 80 000000 0800", None),
    (107, "18400001 03 cc", None),
    (107, "1841 0800", None),
    // enc: family in either byte order, index, flags.
    (109, "02000000 00001234 00000010", None),
    (109, "00000002 00001234 00000010", None),
    // pflog: OpenBSD of old, FreeBSD, OpenBSD of today.
    (
        117,
        "3d 02 00 00 656d3000000000000000000000000000 00000000000000000000000000000000 00000001 ffffffff ffffffff ffffffff 00000000 00000000 01 000000",
        None,
    ),
    (
        117,
        "2d 02 00 00 656d3000000000000000000000000000 00000000000000000000000000000000 00000001 ffffffff 01 000000",
        None,
    ),
    // Prism, and AVS in its place.
    (
        119,
        "44000000 90000000 ZEROS 0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        119,
        "80211001 00000040 AVS 0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    // Fibre Channel.
    (
        122,
        "1000020000000001 1000020000000002 aaaa03 000000 0800",
        TO_FROM,
    ),
    // SunATM: direction and LLC, VPI, VCI.
    (123, "82 00 0020 aaaa03 000000 0800", None),
    // Radiotap: nothing, flags with padding behind the header, time in front of the flags, a second word of fields.
    (
        127,
        "0000 0800 00000000 0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        127,
        "0000 0900 02000000 20 8801 0000 020000000009 020000000002 020000000001 1000 0000 0000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        127,
        "0000 1100 03000000 1111111111111111 20 8801 0000 020000000009 020000000002 020000000001 1000 0000 0000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        127,
        "0000 1900 03000080 00000000 00000000 1111111111111111 10 8801 0000 020000000009 020000000002 020000000001 1000 0000 aaaa03 000000 0800",
        TO_FROM,
    ),
    // IEEE 1394.
    (138, "0200000000000001 0200000000000002 0800", None),
    (
        163,
        "80211001 00000040 AVS 0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    // PPP with a direction, in place of the address octet and in front.
    (166, "00 03 0021", None),
    (166, "01 03 0021", None),
    (204, "00 ff03 0021", None),
    (204, "01 0021", None),
    // PPI: length and link type, then the frame; fields between are passed over.
    (
        192,
        "00 00 0800 69000000 0801 0000 020000000009 020000000002 020000000001 1000 aaaa03 000000 0800",
        TO_FROM,
    ),
    (
        192,
        "00 00 0c00 01000000 0300 0000 020000000001 020000000002 0800",
        TO_FROM,
    ),
    (205, "01 0f00 0800", None),
    (206, "01 1841 03 cc", None),
    // ipnet: version, family, numbers.
    (
        226,
        "01 02 0000 0000001c 00000001 00000001 00000000 00000000",
        None,
    ),
    // nflog: family, version, group; packet header, prefix, packet. In either byte order.
    (
        239,
        "02 00 0005 0800 0100 0800 01 00 0500 0a00 00 000000 2000 0900",
        None,
    ),
    (
        239,
        "02 00 0005 0008 0001 0800 01 00 0005 000a 00 000000 0020 0009",
        None,
    ),
    // pktap: length, kind, link type.
    (
        258,
        "6c000000 01000000 01000000 METADATA 020000000001 020000000002 0800",
        TO_FROM,
    ),
    (258, "6c000000 01000000 65000000 METADATA", None),
];

const TO_FROM: Option<[[u8; 6]; 2]> = Some([[2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]]);
