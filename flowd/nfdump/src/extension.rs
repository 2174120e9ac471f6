//! What the extensions of a flow mean, as information elements of IPFIX.
//!
//! [`Flow::each`] gives each value with its element and in network byte order, as a record of IPFIX would have it, so
//! flows of nfdump's files take the way of all other records. What has no element stays an extension.

use crate::record::{Extension, Flow, text};

/// An information element: enterprise, number.
pub type Element = (u32, u16);

/// The octets of a value, in network byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number or an address: the first octets of these.
    Number([u8; 16], usize),
    /// Octets as they are in the file.
    Octets(&'a [u8]),
}

impl Value<'_> {
    /// The octets.
    pub fn as_slice(&self) -> &[u8] {
        match self {
            Value::Number(octets, len) => octets.get(..*len).unwrap_or_default(),
            Value::Octets(octets) => octets,
        }
    }
}

/// How the octets of a value are turned into network byte order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// One number.
    Number,
    /// Numbers of four octets each.
    Words,
    /// Numbers of eight octets each.
    DoubleWords,
    /// A text that ends at its first zero.
    Text,
    /// Octets to the end of the extension.
    Rest,
}

/// A value of an extension: where it is, its octets, their order, its element.
type Place = (usize, usize, Order, Element);

/// Cisco's enterprise number.
const CISCO: u32 = 9;
/// The enterprise number of reverse elements (RFC 5103).
const REVERSE: u32 = 29_305;

/// Numbers of extensions that are looked at apart.
mod id {
    pub(super) const GENERIC: u16 = 1;
    pub(super) const IPV6: u16 = 3;
    pub(super) const MISCELLANEOUS: u16 = 4;
    pub(super) const NAT_EVENT: u16 = 25;
}

/// Elements that are looked at apart.
mod element {
    use super::Element;

    pub(super) const PREFIX_LENGTHS: [(Element, Element); 2] =
        [((0, 9), (0, 29)), ((0, 13), (0, 30))];
}

const fn number(at: usize, len: usize, element: u16) -> Place {
    (at, len, Order::Number, (0, element))
}

const fn address6(at: usize, element: u16) -> Place {
    (at, 16, Order::DoubleWords, (0, element))
}

/// The extensions by number (`nfxV3.h`), with the values that have elements.
const EXTENSIONS: &[(u16, &str, &[Place])] = &[
    (
        id::GENERIC,
        "genericFlow",
        &[
            number(0, 8, 152),
            number(8, 8, 153),
            number(16, 8, 258),
            number(24, 8, 2),
            number(32, 8, 1),
            number(40, 2, 7),
            number(42, 2, 11),
            number(44, 1, 4),
            number(45, 1, 6),
            number(46, 1, 89),
            number(47, 1, 5),
        ],
    ),
    (2, "ipv4Flow", &[number(0, 4, 8), number(4, 4, 12)]),
    (id::IPV6, "ipv6Flow", &[address6(0, 27), address6(16, 28)]),
    (
        id::MISCELLANEOUS,
        "flowMisc",
        &[
            number(0, 4, 10),
            number(4, 4, 14),
            number(8, 1, 9),
            number(9, 1, 13),
            number(10, 1, 61),
            number(11, 1, 55),
            number(12, 1, 239),
            number(13, 1, 136),
            (14, 1, Order::Number, (REVERSE, 6)),
        ],
    ),
    (
        5,
        "cntFlow",
        &[number(0, 8, 3), number(8, 8, 24), number(16, 8, 23)],
    ),
    (6, "vLan", &[number(0, 4, 58), number(4, 4, 59)]),
    (7, "asRouting", &[number(0, 4, 16), number(4, 4, 17)]),
    (8, "bgpNextHopV4", &[number(0, 4, 18)]),
    (9, "bgpNextHopV6", &[address6(0, 63)]),
    (10, "ipNextHopV4", &[number(0, 4, 15)]),
    (11, "ipNextHopV6", &[address6(0, 62)]),
    (12, "ipReceivedV4", &[number(0, 4, 130)]),
    (13, "ipReceivedV6", &[address6(0, 131)]),
    (
        14,
        "mplsLabel",
        &[
            number(0, 3, 70),
            number(4, 3, 71),
            number(8, 3, 72),
            number(12, 3, 73),
            number(16, 3, 74),
            number(20, 3, 75),
            number(24, 3, 76),
            number(28, 3, 77),
            number(32, 3, 78),
            number(36, 3, 79),
        ],
    ),
    (
        15,
        "macAddr",
        &[
            number(0, 6, 56),
            number(8, 6, 57),
            number(16, 6, 80),
            number(24, 6, 81),
        ],
    ),
    (16, "asAdjacent", &[number(0, 4, 128), number(4, 4, 129)]),
    (17, "latency", &[]),
    (18, "samplerInfo", &[number(0, 8, 302)]),
    (
        19,
        "nselCommon",
        &[
            number(0, 8, 323),
            number(8, 4, 148),
            (12, 2, Order::Number, (CISCO, 33_002)),
            number(14, 1, 233),
        ],
    ),
    (20, "nselXlateIPv4", &[number(0, 4, 225), number(4, 4, 226)]),
    (21, "nselXlateIPv6", &[address6(0, 281), address6(16, 282)]),
    (22, "nselXlatePort", &[number(0, 2, 227), number(2, 2, 228)]),
    (
        23,
        "nselAcl",
        &[
            (0, 12, Order::Words, (CISCO, 33_000)),
            (12, 12, Order::Words, (CISCO, 33_001)),
        ],
    ),
    (24, "nselUser", &[(0, 66, Order::Text, (0, 371))]),
    (
        id::NAT_EVENT,
        "nelCommon",
        &[number(0, 8, 323), number(8, 4, 283), number(12, 1, 230)],
    ),
    (
        26,
        "nelXlatePort",
        &[
            number(0, 2, 361),
            number(2, 2, 362),
            number(4, 2, 363),
            number(6, 2, 364),
        ],
    ),
    (27, "nbarApp", &[(0, 0, Order::Rest, (0, 95))]),
    (28, "label", &[]),
    (29, "inPayload", &[]),
    (30, "outPayload", &[]),
    (31, "tunIPv4", &[]),
    (32, "tunIPv6", &[]),
    (33, "observation", &[number(0, 8, 138), number(8, 4, 149)]),
    (34, "ifname", &[]),
    (35, "vrfname", &[]),
    (36, "vrf", &[number(0, 4, 235), number(4, 4, 234)]),
    (37, "pfinfo", &[]),
];

/// The values of [`id::NAT_EVENT`] as the first releases of nfdump 1.7 wrote it, with VRFs.
const OLD_NAT_EVENT: &[Place] = &[
    number(0, 8, 323),
    number(8, 4, 235),
    number(12, 4, 234),
    number(16, 4, 283),
    number(20, 1, 230),
];
/// Octets of such an extension.
const OLD_NAT_EVENT_LEN: usize = 24;
/// Returns nfdump's name of an extension, if it is known.
pub fn name(id: u16) -> Option<&'static str> {
    find(id).map(|row| row.1)
}

fn find(id: u16) -> Option<&'static (u16, &'static str, &'static [Place])> {
    // The list has no gap.
    EXTENSIONS.get(usize::from(id.checked_sub(1)?))
}

impl<'a> Flow<'a> {
    /// Calls `see` with each value and its element, in the order of the file.
    ///
    /// Extensions without elements, and those not known, go to `other`.
    pub fn each(
        &self,
        see: &mut dyn FnMut(Element, Value<'a>),
        other: &mut dyn FnMut(Extension<'a>),
    ) {
        let is_ipv6 = self.extensions().any(|it| it.id == id::IPV6);
        for extension in self.extensions() {
            let places = match find(extension.id) {
                Some(_) if is_old_nat_event(&extension) => OLD_NAT_EVENT,
                Some((_, _, places)) => places,
                None => &[],
            };
            if places.is_empty() {
                other(extension);
            }
            for (at, len, order, element) in places {
                let element = match element {
                    prefix if is_ipv6 => version6(*prefix),
                    other => *other,
                };
                if let Some(value) = value(&extension, *at, *len, *order) {
                    see(element, value);
                }
            }
        }
    }
}

fn is_old_nat_event(extension: &Extension) -> bool {
    extension.id == id::NAT_EVENT && extension.octets.len() == OLD_NAT_EVENT_LEN
}

/// The element of IPv6 for one of IPv4, where nfdump does not tell them apart.
fn version6(element: Element) -> Element {
    let found = element::PREFIX_LENGTHS
        .iter()
        .find(|(v4, _)| *v4 == element);
    found.map_or(element, |(_, v6)| *v6)
}

#[inline]
fn value<'a>(extension: &Extension<'a>, at: usize, len: usize, order: Order) -> Option<Value<'a>> {
    let octets = extension.octets;
    if order == Order::Rest {
        return Some(Value::Octets(octets.get(at..)?));
    }
    let octets = octets.get(at..)?.get(..len)?;
    if order == Order::Text {
        return Some(Value::Octets(text(octets)));
    }
    let mut number = [0; 16];
    number.get_mut(..len)?.copy_from_slice(octets);
    let chunk = match order {
        Order::Words => 4,
        Order::DoubleWords => 8,
        _ => len,
    };
    let whole = number.get_mut(..len)?;
    whole.chunks_mut(chunk).for_each(<[u8]>::reverse);
    Some(Value::Number(number, len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;

    fn flow(extensions: &[(u16, &[u8])]) -> Vec<u8> {
        let mut content = vec![extensions.len() as u8, 0, 4, 5, 3, 0, 2, 9];
        for (id, octets) in extensions {
            content.extend(id.to_le_bytes());
            content.extend((4 + octets.len() as u16).to_le_bytes());
            content.extend(*octets);
        }
        let len = (4 + content.len()) as u16;
        [&[11, 0][..], &len.to_le_bytes(), &content].concat()
    }

    fn seen(octets: &[u8]) -> (Vec<(Element, Vec<u8>)>, Vec<u16>) {
        let Ok(Record::Flow(flow)) = Record::read(11, octets) else {
            panic!("a flow");
        };
        assert_eq!((flow.engine_type, flow.engine_id, flow.exporter), (4, 5, 3));
        assert_eq!(
            (flow.version, flow.is_scaled(), flow.is_event()),
            (9, true, false)
        );
        let (mut values, mut others) = (Vec::new(), Vec::new());
        flow.each(
            &mut |element, value| values.push((element, value.as_slice().to_vec())),
            &mut |extension| others.push(extension.id),
        );
        (values, others)
    }

    #[test]
    fn the_list_is_without_a_gap() {
        for (at, (id, name_of, _)) in EXTENSIONS.iter().enumerate() {
            assert_eq!((usize::from(*id), name(*id)), (at + 1, Some(*name_of)));
        }
        assert_eq!((name(0), name(38)), (None, None));
    }

    #[test]
    fn values_are_those_of_their_elements() {
        let mut generic: Vec<u8> = (1..=48).collect();
        generic[44] = 6;
        let ipv6: Vec<u8> = (0..32).collect();
        let misc: Vec<u8> = (0..16).collect();
        let flow = flow(&[
            (1, &generic),
            (3, &ipv6),
            (4, &misc),
            (29, b"GET /"),
            (99, &[1]),
        ]);
        let (values, others) = seen(&flow);
        assert_eq!(others, [29, 99]);
        let value = |element: u16| {
            let found = values.iter().find(|(it, _)| *it == (0, element));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        assert_eq!(value(152), [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(value(1), [40, 39, 38, 37, 36, 35, 34, 33]);
        assert_eq!(
            (value(7), value(11), value(4)),
            (vec![42, 41], vec![44, 43], vec![6])
        );
        assert_eq!(
            value(27),
            [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8]
        );
        // Prefix lengths are IPv6's.
        assert_eq!((value(29), value(30), value(9)), (vec![8], vec![9], vec![]));
        assert!(values.contains(&((REVERSE, 6), vec![14])));
    }

    #[test]
    fn texts_and_lists_have_their_order() {
        let mut acl = vec![0; 24];
        acl[..8].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        let mut user = b"alice".to_vec();
        user.resize(68, 0);
        let flow = flow(&[
            (23, &acl),
            (24, &user),
            (27, &[3, 0, 0, 80]),
            (25, &[7; 24]),
        ]);
        let (values, others) = seen(&flow);
        assert!(others.is_empty());
        assert!(values.contains(&((CISCO, 33_000), vec![4, 3, 2, 1, 8, 7, 6, 5, 0, 0, 0, 0])));
        assert!(values.contains(&((0, 371), b"alice".to_vec())));
        assert!(values.contains(&((0, 95), vec![3, 0, 0, 80])));
        assert!(values.contains(&((0, 235), vec![7; 4])), "with VRFs");
        // One that is shorter than its values has those it has room for.
        let (values, _) = seen(&self::flow(&[(2, &[1, 2, 0, 192, 1])]));
        assert_eq!(values, [((0, 8), vec![192, 0, 2, 1])]);
    }
}
