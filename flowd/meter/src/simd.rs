//! Processor features that Rust's standard library does not wrap, each with a portable replacement.
#![allow(unsafe_code)]

/// Returns the positions of `wanted` among eight numbers as a bit mask.
#[inline(always)]
pub(crate) fn equal(numbers: &[u32; 8], number: u32) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{
            _mm_cmpeq_epi32, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32,
            _mm_set1_epi32, _mm_setzero_si128,
        };
        let [low, high] = [&numbers[..4], &numbers[4..]];
        // SAFETY: each half is sixteen octets, and unaligned loads may start anywhere; every x86-64 has SSE2.
        unsafe {
            let wanted = _mm_set1_epi32(number.cast_signed());
            let halves = [low, high]
                .map(|half| _mm_cmpeq_epi32(_mm_loadu_si128(half.as_ptr().cast()), wanted));
            let words = _mm_packs_epi32(halves[0], halves[1]);
            _mm_movemask_epi8(_mm_packs_epi16(words, _mm_setzero_si128())).cast_unsigned()
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let ones = (0..).zip(numbers).filter(|(_, kept)| **kept == number);
        ones.fold(0, |bits, (at, _)| bits | 1 << at)
    }
}

/// Prefetches the cache line of `items[index]`, because a cache of a million flows does not fit the processor's
/// caches. Does nothing if the index is out of range, or on machines other than x86-64.
#[inline(always)]
pub(crate) fn fetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address is that of a live item, and a prefetch changes nothing but the processor's caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn equal_numbers_have_their_bits() {
        let numbers = [7, 0, u32::MAX, 7, 1, 1 << 31, 0xffff, 7];
        assert_eq!(equal(&numbers, 7), 0b1000_1001);
        assert_eq!(equal(&numbers, u32::MAX), 0b100);
        assert_eq!(equal(&numbers, 1 << 31), 0b10_0000);
        assert_eq!(equal(&numbers, 0xffff), 0b100_0000);
        assert_eq!(equal(&numbers, 8), 0);
    }
}
