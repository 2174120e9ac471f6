//! Addresses as numbers, and their prefixes.

/// An address as a number: `u32` for IPv4, `u128` for IPv6, with the first octet on the wire most significant.
pub trait Address: Copy + Ord + std::fmt::Debug + sealed::Sealed {
    /// Number of bits.
    const BITS: u8;
    /// The eight bits behind the first `depth` ones; `depth` is less than [`Address::BITS`].
    fn octet(self, depth: u8) -> usize;
    /// This address with all but the first `len` bits set to zero.
    fn first(self, len: u8) -> Self;
    /// This address with all but the first `len` bits set to one.
    fn last(self, len: u8) -> Self;
    /// The next address; `None` after the last one.
    fn next(self) -> Option<Self>;
    /// All bits of the address combined into 64, for hashing.
    fn folded(self) -> u64;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u32 {}
    impl Sealed for u128 {}
}

macro_rules! address {
    ($type:ty, $bits:literal, |$address:ident| $folded:expr) => {
        impl Address for $type {
            const BITS: u8 = $bits;

            #[inline(always)]
            fn octet(self, depth: u8) -> usize {
                (self >> ($bits - 8 - depth)) as usize & 0xff
            }

            #[inline]
            fn first(self, len: u8) -> Self {
                self & !<$type>::MAX.checked_shr(len.into()).unwrap_or(0)
            }

            #[inline]
            fn last(self, len: u8) -> Self {
                self | <$type>::MAX.checked_shr(len.into()).unwrap_or(0)
            }

            #[inline]
            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            #[inline]
            fn folded(self) -> u64 {
                let $address = self;
                $folded
            }
        }
    };
}

address!(u32, 32, |address| u64::from(address));
address!(u128, 128, |address| (address >> 64) as u64 ^ address as u64);

/// An address prefix. Prefixes are ordered by address, then by length, so that one comes before those inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix<A> {
    address: A,
    len: u8,
}

impl<A: Address> Prefix<A> {
    /// The prefix of the first `len` bits of `address`; a greater length than the address has means all bits.
    pub fn new(address: A, len: u8) -> Prefix<A> {
        let len = len.min(A::BITS);
        Prefix {
            address: address.first(len),
            len,
        }
    }

    /// The first address of the prefix.
    pub fn address(self) -> A {
        self.address
    }

    /// The last address of the prefix.
    pub fn last(self) -> A {
        self.address.last(self.len)
    }

    /// The prefix length in bits.
    #[allow(clippy::len_without_is_empty)] // a prefix of length 0 is not empty but contains every address
    pub fn len(self) -> u8 {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_its_first_and_last_address() {
        let prefix = Prefix::new(0x0a01_0203_u32, 12);
        assert_eq!(
            (prefix.address(), prefix.last()),
            (0x0a00_0000, 0x0a0f_ffff)
        );
        let all = Prefix::new(7_u128, 0);
        assert_eq!((all.address(), all.last()), (0, u128::MAX));
        let one = Prefix::new(7_u128, 128);
        assert_eq!((one.address(), one.last()), (7, 7));
        assert_eq!((u32::MAX.next(), 7_u128.next()), (None, Some(8)));
        assert_eq!((0x0a01_0203_u32.octet(8), (1_u128 << 120).octet(0)), (1, 1));
    }
}
