//! Addresses as numbers, and prefixes of them.

/// An address as a number: `u32` for IPv4, `u128` for IPv6, the first octet on the wire highest.
pub trait Address: Copy + Ord + std::fmt::Debug + sealed::Sealed {
    /// Bits it has.
    const BITS: u8;
    /// The eight bits after the first `depth`; `depth` is less than [`Address::BITS`].
    fn octet(self, depth: u8) -> usize;
    /// The first `len` bits, the others zero.
    fn first(self, len: u8) -> Self;
    /// The first `len` bits, the others one.
    fn last(self, len: u8) -> Self;
    /// The next address; none after the last.
    fn next(self) -> Option<Self>;
    /// The low 64 bits of its folded halves, for hashing.
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

/// An address and how many of its first bits count. Ordered by address, shorter ones first, so that a prefix comes
/// before those inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix<A> {
    address: A,
    len: u8,
}

impl<A: Address> Prefix<A> {
    /// The first `len` bits of `address`; a length beyond the address's is its whole.
    pub fn new(address: A, len: u8) -> Prefix<A> {
        let len = len.min(A::BITS);
        Prefix {
            address: address.first(len),
            len,
        }
    }

    /// Its first address.
    pub fn address(self) -> A {
        self.address
    }

    /// Its last address.
    pub fn last(self) -> A {
        self.address.last(self.len)
    }

    /// Bits that count.
    #[allow(clippy::len_without_is_empty)] // a prefix of no bits is not empty: it is everything
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
