//! Information elements that vendors define.
//!
//! IPFIX says whose an element is by an enterprise number. NetFlow v9 has none: vendors take field types from 32768 on, and
//! [`find_v9`] knows whose they are.

use super::{DataType, Element, Semantics, Unit, find};

/// A vendor, with the elements of it that have names here.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// Private enterprise number.
    pub enterprise: u32,
    /// The vendor's name.
    pub name: &'static str,
    /// The elements, by ascending number.
    pub elements: &'static [Element],
    /// The reverse element of each element, at the same index; empty if the vendor has none.
    reversed: &'static [Element],
}

/// The enterprise number of CERT, whose probe yaf exports in both directions.
const CERT: u32 = 6871;
/// The bit that makes a reverse element of one of CERT's (libfixbuf's documentation, "Reverse Information Elements").
const CERT_REVERSE: u16 = 0x4000;
/// The enterprise number of ntop, whose probe is nprobe.
const NTOP: u32 = 35_632;
/// What nprobe adds to the numbers of its elements in NetFlow v9 (nprobe's documentation, "Flow Information Elements").
const NTOP_V9: u16 = 57_472;
/// The enterprise number of Cisco.
const CISCO: u32 = 9;
/// What Cisco adds to the numbers of its elements in NetFlow v9.
const CISCO_V9: u16 = 32_768;
/// The enterprise number of Palo Alto Networks.
const PALO_ALTO: u32 = 25_461;

impl Element {
    const fn vendor(
        enterprise: u32,
        number: u16,
        name: &'static str,
        data_type: DataType,
    ) -> Element {
        Element {
            enterprise,
            number,
            name,
            data_type,
            semantics: Semantics::Default,
            unit: Unit::None,
            range: None,
            deprecated: false,
            reversible: false,
        }
    }

    const fn cert_reversed(mut self, name: &'static str) -> Element {
        self.number |= CERT_REVERSE;
        self.name = name;
        self
    }
}

/// Declares vendors: enterprise number, name, then elements with number, name and data type.
macro_rules! vendors {
    ($($enterprise:literal $vendor:literal { $($number:literal $name:literal $data_type:ident,)* })*) => {
        /// The vendors with named elements, by ascending enterprise number.
        pub const VENDORS: &[super::Vendor] = &[$(super::Vendor {
            enterprise: $enterprise,
            name: $vendor,
            elements: {
                const FORWARD: &[Element] = &[$(Element::vendor($enterprise, $number, $name, DataType::$data_type)),*];
                FORWARD
            },
            reversed: {
                const REVERSED: &[Element] = &[$(
                    Element::vendor($enterprise, $number, $name, DataType::$data_type).cert_reversed(super::super::text(
                        &super::super::reverse_name::<{ $name.len() + super::super::PREFIX.len() }>($name),
                    ))
                ),*];
                if $enterprise == super::CERT { REVERSED } else { &[] }
            },
        }),*];
    };
}

#[rustfmt::skip]
mod table;

pub use table::VENDORS;

/// Returns a vendor's element, if it has a name here.
pub(super) fn find_vendor(enterprise: u32, number: u16) -> Option<&'static Element> {
    let at = VENDORS
        .binary_search_by_key(&enterprise, |vendor| vendor.enterprise)
        .ok()?;
    let vendor = VENDORS.get(at)?;
    let (elements, forward) = if enterprise == CERT && number & CERT_REVERSE != 0 {
        (vendor.reversed, number & !CERT_REVERSE)
    } else {
        (vendor.elements, number)
    };
    let at = vendor
        .elements
        .binary_search_by_key(&forward, |element| element.number)
        .ok()?;
    elements.get(at)
}

/// Returns a vendor's element by its name.
pub(super) fn by_vendor_name(name: &str) -> Option<&'static Element> {
    let mut all = VENDORS
        .iter()
        .flat_map(|vendor| vendor.elements.iter().chain(vendor.reversed));
    all.find(|element| element.name == name)
}

/// Field types of NetFlow v9 that are elements under another number: those of Cisco's ASA ("ASA NetFlow Implementation
/// Guide"), where its own are, and of Palo Alto's firewalls ("NetFlow Templates").
const V9_TYPES: &[(u16, (u32, u16))] = &[
    (33_000, (CISCO, 33_000)),
    (33_001, (CISCO, 33_001)),
    (33_002, (CISCO, 33_002)),
    (40_000, (0, 371)),
    (40_001, (0, 225)),
    (40_002, (0, 226)),
    (40_003, (0, 227)),
    (40_004, (0, 228)),
    (40_005, (0, 233)),
    (56_701, (PALO_ALTO, 56_701)),
    (56_702, (PALO_ALTO, 56_702)),
];

/// Returns the element that a field type of NetFlow v9 is, if it is known here: IANA's of the same number below 32768, a
/// vendor's above.
pub fn find_v9(field_type: u16) -> Option<&'static Element> {
    if field_type < CISCO_V9 {
        return find(0, field_type);
    }
    let listed = V9_TYPES.iter().find(|(number, _)| *number == field_type);
    if let Some((_, (enterprise, number))) = listed {
        return find(*enterprise, *number);
    }
    let of_ntop = field_type
        .checked_sub(NTOP_V9)
        .and_then(|number| find(NTOP, number));
    of_ntop.or_else(|| find(CISCO, field_type - CISCO_V9))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::element::{ELEMENTS, by_name};

    #[test]
    fn vendors_and_elements_are_sorted_and_names_are_unique() {
        assert!(VENDORS.is_sorted_by_key(|vendor| vendor.enterprise));
        let mut names: HashSet<&str> = ELEMENTS.iter().map(|element| element.name).collect();
        for vendor in VENDORS {
            assert!(!vendor.elements.is_empty() && !vendor.name.is_empty());
            assert!(
                vendor.elements.is_sorted_by(|a, b| a.number < b.number),
                "{}",
                vendor.name
            );
            for element in vendor.elements {
                assert!(names.insert(element.name), "{element:?}");
                assert_eq!(find(vendor.enterprise, element.number), Some(element));
                assert_eq!(by_name(element.name), Some(element));
                assert!(
                    element
                        .name
                        .bytes()
                        .all(|it| it.is_ascii_alphanumeric() || it == b'_')
                );
            }
        }
    }

    #[test]
    fn elements_have_the_names_of_their_vendors() {
        let name = |enterprise, number| find(enterprise, number).map(|element| element.name);
        for (enterprise, number, expected) in [
            (9, 12_235, Some("ciscoApplicationHttpHost")),
            (637, 91, Some("natInsideSvcid")),
            (5951, 130, Some("netscalerHttpReqUrl")),
            (6871, 14, Some("initialTCPFlags")),
            (6871, 14 | 0x4000, Some("reverseInitialTCPFlags")),
            (6876, 889, Some("vxlanExportRole")),
            (35_632, 118, Some("L7_PROTO")),
            (6871, 1, None),
            (6871, 0x4001, None),
            (29_305, 1, Some("reverseOctetDeltaCount")),
            (4, 1, None),
        ] {
            assert_eq!(name(enterprise, number), expected, "{enterprise}/{number}");
        }
        assert_eq!(find(6871, 14 | 0x4000).map(|it| it.number), Some(16_398));
    }

    #[test]
    fn field_types_of_version_9_are_elements() {
        let name = |field_type| find_v9(field_type).map(|element| element.name);
        for (field_type, expected) in [
            (1, Some("octetDeltaCount")),
            (148, Some("flowId")),
            (33_002, Some("ciscoFirewallExtendedEvent")),
            (40_000, Some("userName")),
            (40_001, Some("postNATSourceIPv4Address")),
            (40_005, Some("firewallEvent")),
            (45_003, Some("ciscoApplicationHttpHost")),
            (56_701, Some("paloAltoApplication")),
            (57_590, Some("L7_PROTO")),
            (57_591, Some("L7_PROTO_NAME")),
            (32_768, None),
            (65_535, None),
        ] {
            assert_eq!(name(field_type), expected, "{field_type}");
        }
    }
}
