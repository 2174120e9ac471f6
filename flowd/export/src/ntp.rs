//! NTP timestamps (RFC 5905 §6), which IPFIX has for microseconds and nanoseconds: seconds since 1900, modulo 2³²,
//! then a fraction of 32 bits.

/// 1970, seconds since 1900.
const UNIX: u64 = 2_208_988_800;
const NS_PER_S: u64 = 1_000_000_000;
/// RFC 7011 §6.1.9: the low 11 bits of the fraction are finer than a microsecond and sent as zero.
const BELOW_MICRO: u64 = 1 << 11;

/// Converts nanoseconds since 1970 to a timestamp in microseconds (RFC 7011 §6.1.9). The fraction is the smallest that is not before
/// the microsecond, so that a collector gets the same microsecond whether it rounds or truncates.
pub(crate) fn micros(ns: u64) -> u64 {
    let fraction = ((ns % NS_PER_S / 1_000) << 32).div_ceil(1_000_000);
    seconds(ns) | fraction.next_multiple_of(BELOW_MICRO)
}

/// Converts nanoseconds since 1970 to a timestamp in nanoseconds (RFC 7011 §6.1.10), with the same rounding.
pub(crate) fn nanos(ns: u64) -> u64 {
    seconds(ns) | ((ns % NS_PER_S) << 32).div_ceil(NS_PER_S)
}

fn seconds(ns: u64) -> u64 {
    (ns / NS_PER_S + UNIX) << 32 // modulo 2³²: NTP's era ends in 2036
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments() {
        assert_eq!(nanos(0), 0x83aa_7e80_0000_0000);
        assert_eq!(nanos(500_000_000), 0x83aa_7e80_8000_0000);
        assert_eq!(micros(1_250_000_999), 0x83aa_7e81_4000_0000);
        assert_eq!(micros(999_999_999) >> 32, 0x83aa_7e80);
        // The first second of NTP's next era.
        assert_eq!(nanos(2_085_978_496 * NS_PER_S), 0);
    }

    proptest! {
        #[test]
        fn what_was_meant_is_read_back_by_cutting_off_and_by_rounding(ns in any::<u64>()) {
            let read = |ntp: u64, per_second: u128| {
                let fraction = u128::from(ntp as u32) * per_second;
                (fraction >> 32, (fraction + (1 << 31)) >> 32)
            };
            let part = u128::from(ns % NS_PER_S);
            prop_assert_eq!(read(nanos(ns), 1_000_000_000), (part, part));
            prop_assert_eq!(read(micros(ns), 1_000_000), (part / 1000, part / 1000));
            prop_assert_eq!(micros(ns) % BELOW_MICRO, 0);
            prop_assert_eq!(nanos(ns) >> 32, micros(ns) >> 32);
        }
    }
}
