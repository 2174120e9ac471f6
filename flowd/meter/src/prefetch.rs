//! Asks for memory ahead of its use: a cache of a million flows is far from the processor.
#![allow(unsafe_code)]

/// Starts to fetch the cache line of `items[index]`; out of range or elsewhere than on x86-64 it does nothing.
#[inline(always)]
pub(crate) fn fetch<T>(items: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = items.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address is that of a live item; fetching it ahead changes nothing but the processor's caches.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (items, index);
}
