//! The information elements of IPFIX: IANA's whole list, the reverse elements that RFC 5103 makes of it by rule, and those
//! of vendors that are met in practice.
//!
//! NetFlow v9's field types up to 127 are the elements of the same numbers (RFC 7012 §4). Elements of vendors have the same
//! form: [`Element::enterprise`] is the vendor's number.

/// The private enterprise number of reverse information elements (RFC 5103 §6.1).
pub const REVERSE_ENTERPRISE: u32 = 29_305;

/// An information element (RFC 7012 §2.1). Two elements are equal if enterprise and number are.
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// The private enterprise number of the organisation that defines it; 0 for IANA.
    pub enterprise: u32,
    /// Its number, in the enterprise's own numbering.
    pub number: u16,
    /// Its name, as IANA or the vendor spells it.
    pub name: &'static str,
    /// Its abstract data type.
    pub data_type: DataType,
    /// The semantics of its values.
    pub semantics: Semantics,
    /// The unit of its values.
    pub unit: Unit,
    /// Its smallest and largest value, where IANA gives a range.
    pub range: Option<(u64, u64)>,
    /// Whether IANA advises against new use.
    pub deprecated: bool,
    /// Whether it has a reverse element.
    pub reversible: bool,
}

/// An abstract data type (RFC 7012 §3.1, RFC 6313 §4.5, RFC 9740 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `octetArray`
    OctetArray,
    /// `unsigned8`
    Unsigned8,
    /// `unsigned16`
    Unsigned16,
    /// `unsigned32`
    Unsigned32,
    /// `unsigned64`
    Unsigned64,
    /// `unsigned256`
    Unsigned256,
    /// `signed8`
    Signed8,
    /// `signed16`
    Signed16,
    /// `signed32`
    Signed32,
    /// `signed64`
    Signed64,
    /// `float32`
    Float32,
    /// `float64`
    Float64,
    /// `boolean`
    Boolean,
    /// `macAddress`
    MacAddress,
    /// `string`
    String,
    /// `dateTimeSeconds`
    DateTimeSeconds,
    /// `dateTimeMilliseconds`
    DateTimeMilliseconds,
    /// `dateTimeMicroseconds`
    DateTimeMicroseconds,
    /// `dateTimeNanoseconds`
    DateTimeNanoseconds,
    /// `ipv4Address`
    Ipv4Address,
    /// `ipv6Address`
    Ipv6Address,
    /// `basicList`
    BasicList,
    /// `subTemplateList`
    SubTemplateList,
    /// `subTemplateMultiList`
    SubTemplateMultiList,
}

/// The semantics of an element's values (RFC 7012 §3.2, RFC 6313 §4.6, RFC 8038 §8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// `default`: unspecified.
    Default,
    /// `quantity`: a measured value, which can be added and compared.
    Quantity,
    /// `totalCounter`: counts from the start of the process.
    TotalCounter,
    /// `deltaCounter`: counts from the report before.
    DeltaCounter,
    /// `identifier`: a number that names something and cannot be added up.
    Identifier,
    /// `flags`: each bit has a meaning of its own.
    Flags,
    /// `list`: a structured value.
    List,
    /// `snmpCounter`: an SNMP counter.
    SnmpCounter,
    /// `snmpGauge`: an SNMP gauge.
    SnmpGauge,
}

/// The unit of an element's values (IANA's "IPFIX Information Element Units").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `none`
    None,
    /// `bits`
    Bits,
    /// `octets`
    Octets,
    /// `packets`
    Packets,
    /// `flows`
    Flows,
    /// `seconds`
    Seconds,
    /// `milliseconds`
    Milliseconds,
    /// `microseconds`
    Microseconds,
    /// `nanoseconds`
    Nanoseconds,
    /// `4-octet words`
    FourOctetWords,
    /// `messages`
    Messages,
    /// `hops`
    Hops,
    /// `entries`
    Entries,
    /// `frames`
    Frames,
    /// `ports`
    Ports,
    /// `inferred`: the unit of the element that the value is about.
    Inferred,
}

impl DataType {
    /// Octets of a value in full size (RFC 7011 §6.1); `None` for types of variable length.
    pub const fn octets(self) -> Option<u8> {
        Some(match self {
            DataType::Unsigned8 | DataType::Signed8 | DataType::Boolean => 1,
            DataType::Unsigned16 | DataType::Signed16 => 2,
            DataType::Unsigned32
            | DataType::Signed32
            | DataType::Float32
            | DataType::DateTimeSeconds
            | DataType::Ipv4Address => 4,
            DataType::MacAddress => 6,
            DataType::Unsigned64
            | DataType::Signed64
            | DataType::Float64
            | DataType::DateTimeMilliseconds
            | DataType::DateTimeMicroseconds
            | DataType::DateTimeNanoseconds => 8,
            DataType::Ipv6Address => 16,
            DataType::Unsigned256 => 32,
            DataType::OctetArray
            | DataType::String
            | DataType::BasicList
            | DataType::SubTemplateList
            | DataType::SubTemplateMultiList => return None,
        })
    }

    /// Whether a value may have fewer octets than its type has (reduced-size encoding, RFC 7011 §6.2).
    pub const fn is_reducible(self) -> bool {
        matches!(
            self,
            DataType::Unsigned16
                | DataType::Unsigned32
                | DataType::Unsigned64
                | DataType::Unsigned256
                | DataType::Signed16
                | DataType::Signed32
                | DataType::Signed64
                | DataType::Float64
        )
    }

    /// The largest value of an unsigned type of 64 bits at most; `None` for other types.
    pub const fn max(self) -> Option<u64> {
        match self {
            DataType::Unsigned8 => Some(u8::MAX as u64),
            DataType::Unsigned16 => Some(u16::MAX as u64),
            DataType::Unsigned32 => Some(u32::MAX as u64),
            DataType::Unsigned64 => Some(u64::MAX),
            _ => None,
        }
    }
}

impl Element {
    const fn iana(
        number: u16,
        name: &'static str,
        data_type: DataType,
        semantics: Semantics,
        unit: Unit,
    ) -> Element {
        Element {
            enterprise: 0,
            number,
            name,
            data_type,
            semantics,
            unit,
            range: None,
            deprecated: false,
            reversible: true,
        }
    }

    const fn range(mut self, low: u64, high: u64) -> Element {
        self.range = Some((low, high));
        self
    }

    const fn deprecated(mut self) -> Element {
        self.deprecated = true;
        self
    }

    const fn irreversible(mut self) -> Element {
        self.reversible = false;
        self
    }

    /// Makes the reverse element (RFC 5103 §6.1) with the name `name`.
    const fn reversed(mut self, name: &'static str) -> Element {
        self.enterprise = REVERSE_ENTERPRISE;
        self.name = name;
        self.reversible = false;
        self
    }

    /// The reverse element of an IANA element (RFC 5103 §6.1), if it has one.
    pub const fn reverse(&self) -> Option<&'static Element> {
        let mut at = 0;
        while at < ELEMENTS.len() {
            let element = &ELEMENTS[at];
            if element.number == self.number && self.enterprise == 0 && element.reversible {
                return Some(&REVERSED[at]);
            }
            at += 1;
        }
        None
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Element) -> bool {
        (self.enterprise, self.number) == (other.enterprise, other.number)
    }
}

impl Eq for Element {}

/// `reverse`, which the names of reverse elements begin with.
const PREFIX: &[u8] = b"reverse";

/// `octetDeltaCount` → `reverseOctetDeltaCount` (RFC 5103 §6.1).
const fn reverse_name<const LEN: usize>(name: &str) -> [u8; LEN] {
    let mut out = [0; LEN];
    let mut at = 0;
    while at < LEN {
        out[at] = match at {
            _ if at < PREFIX.len() => PREFIX[at],
            _ if at == PREFIX.len() => name.as_bytes()[0].to_ascii_uppercase(),
            _ => name.as_bytes()[at - PREFIX.len()],
        };
        at += 1;
    }
    out
}

const fn text(octets: &'static [u8]) -> &'static str {
    match std::str::from_utf8(octets) {
        Ok(text) => text,
        Err(_) => panic!("an element's name is not UTF-8"),
    }
}

/// Declares the elements: number, constant, name, data type, semantics, unit, then range and other properties.
macro_rules! elements {
    ($($number:literal, $constant:ident, $name:literal, $data_type:ident, $semantics:ident, $unit:ident
        $(, $more:ident($($argument:literal),*))*;)*) => {
        use super::{DataType, Element, Semantics, Unit};
        $(
            #[doc = concat!("`", $name, "`, element ", $number, ".")]
            pub const $constant: Element = Element::iana(
                $number, $name, DataType::$data_type, Semantics::$semantics, Unit::$unit,
            )$(.$more($($argument),*))*;
        )*

        /// Every element, by ascending number.
        pub const ELEMENTS: &[Element] = &[$($constant),*];

        /// The reverse element of each element, at the index that the element has in [`ELEMENTS`]; also of those that are not
        /// reversible, which nothing returns.
        pub(super) const REVERSED: &[Element] = &[$($constant.reversed(super::text(
            &super::reverse_name::<{ $name.len() + super::PREFIX.len() }>($name),
        ))),*];
    };
}

#[rustfmt::skip]
mod table;
mod vendor;

pub use table::*;
pub use vendor::{VENDORS, Vendor, find_v9};

/// Returns the element with a number: IANA's for enterprise 0, a reverse element for [`REVERSE_ENTERPRISE`], a vendor's for its
/// own; `None` if it is not known here.
pub fn find(enterprise: u32, number: u16) -> Option<&'static Element> {
    if !matches!(enterprise, 0 | REVERSE_ENTERPRISE) {
        return vendor::find_vendor(enterprise, number);
    }
    let at = ELEMENTS
        .binary_search_by_key(&number, |element| element.number)
        .ok()?;
    match enterprise {
        0 => ELEMENTS.get(at),
        _ if ELEMENTS[at].reversible => REVERSED.get(at),
        _ => None,
    }
}

/// Returns the element with a name: IANA's, a reverse one, or a vendor's.
pub fn by_name(name: &str) -> Option<&'static Element> {
    let forward = ELEMENTS.iter().find(|element| element.name == name);
    let reverse = || {
        let reverse = REVERSED.iter().zip(ELEMENTS);
        let mut reverse = reverse.filter(|(_, element)| element.reversible);
        let named = reverse.find(|(reversed, _)| reversed.name == name);
        named.map(|(reversed, _)| reversed)
    };
    forward
        .or_else(reverse)
        .or_else(|| vendor::by_vendor_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_in_order() {
        assert!(ELEMENTS.len() >= 502);
        for pair in ELEMENTS.windows(2) {
            assert!(pair[0].number < pair[1].number, "{:?}", pair[1]);
        }
        for element in ELEMENTS {
            assert_eq!(element.enterprise, 0, "{element:?}");
            assert!(
                element.number < 0x8000,
                "the top bit says: of an enterprise"
            );
            assert_eq!(find(0, element.number), Some(element));
            assert_eq!(by_name(element.name), Some(element), "{element:?}");
            if let Some((low, high)) = element.range {
                let most = element.data_type.max();
                assert!(
                    low <= high && most.is_some_and(|most| high <= most),
                    "{element:?}"
                );
            }
        }
    }

    #[test]
    fn elements_are_those_of_iana() {
        assert_eq!(
            (OCTET_DELTA_COUNT.number, OCTET_DELTA_COUNT.name),
            (1, "octetDeltaCount")
        );
        assert_eq!(OCTET_DELTA_COUNT.semantics, Semantics::DeltaCounter);
        assert_eq!(OCTET_DELTA_COUNT.unit, Unit::Octets);
        assert_eq!(FLOW_LABEL_IPV6.range, Some((0, 0xf_ffff)));
        assert_eq!(IPV4_IHL.unit, Unit::FourOctetWords);
        let deprecated = [SAMPLER_ID, FLOW_DIRECTION].map(|element| element.deprecated);
        assert_eq!(deprecated, [true, false]);
        assert_eq!(TCP_OPTIONS_FULL.data_type.octets(), Some(32));
        assert_eq!(MIB_OBJECT_VALUE_ROW.data_type, DataType::SubTemplateList);
        assert_eq!(find(0, 65), None, "reserved for NetFlow v9");
        assert_eq!(find(0, 416), None, "withdrawn");
        assert_eq!(find(9, 1), None, "of a vendor");
    }

    #[test]
    fn reverse_elements_are_made_by_rule() {
        let reverse = OCTET_DELTA_COUNT.reverse().unwrap();
        assert_eq!(
            (reverse.enterprise, reverse.number, reverse.name),
            (29_305, 1, "reverseOctetDeltaCount")
        );
        assert_eq!(reverse.data_type, OCTET_DELTA_COUNT.data_type);
        assert_eq!(reverse.reverse(), None);
        assert_eq!(by_name("reverseOctetDeltaCount"), Some(reverse));
        assert_eq!(VRF_NAME.reverse().unwrap().name, "reverseVRFname");
        assert_eq!(BIFLOW_DIRECTION.reverse(), None);
        assert_eq!(by_name("reverseBiflowDirection"), None);
        assert_eq!(find(REVERSE_ENTERPRISE, TEMPLATE_ID.number), None);
    }
}
