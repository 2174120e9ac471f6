//! Names of link types, those that are not read among them.

use pcap::Linktype;

/// Numbers of savefiles whose link type libpcap knows by another number, and that number.
const OTHERWISE: &[(u32, i32)] = &[(102, 15), (103, 16), (106, 19)];

/// libpcap's name of a link type by its number in savefiles; `None` if libpcap does not know it.
pub fn link_name(number: u32) -> Option<String> {
    // Set aside for whoever needs one; libpcap has no names for them.
    if let 147..=162 = number {
        return Some(format!("USER{}", number - 147));
    }
    let other = OTHERWISE.iter().find(|(here, _)| *here == number);
    let number = match other {
        Some((_, there)) => *there,
        None => i32::try_from(number).ok()?,
    };
    Linktype(number).get_name().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_types_have_the_names_that_everybody_uses() {
        for (number, name) in [
            (189, Some("USB_LINUX")),
            (147, Some("USER0")),
            (187, Some("BLUETOOTH_HCI_H4")),
            (162, Some("USER15")),
            (253, Some("NETLINK")),
            (106, Some("ATM_CLIP")),
            (65_000, None),
            (u32::MAX, None),
        ] {
            assert_eq!(link_name(number).as_deref(), name, "{number}");
        }
    }
}
