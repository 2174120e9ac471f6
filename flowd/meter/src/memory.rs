//! Memory for large numbers of flows.
#![allow(unsafe_code)]

/// Octets of a huge page on x86-64, and on arm64 with 4 KiB base pages.
const HUGE: usize = 2 << 20;

/// Asks the kernel for huge pages for the unused capacity of `items`. Flows are accessed at random, and with small
/// pages most of the time goes into address translation. The kernel may decline without any other effect.
pub(crate) fn wish_huge_pages<T>(items: &mut Vec<T>) {
    let unused = items.spare_capacity_mut();
    let start = unused.as_ptr().addr();
    let end = start + size_of_val(unused);
    let (from, to) = (start.next_multiple_of(HUGE), end / HUGE * HUGE);
    if from >= to {
        return;
    }
    let at = unused.as_mut_ptr().with_addr(from);
    // SAFETY: the pages lie entirely within capacity that belongs to `items`. The advice changes how they are
    // backed, never their content, and the kernel may ignore it.
    unsafe { libc::madvise(at.cast(), to - from, libc::MADV_HUGEPAGE) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stays_there() {
        let mut items: Vec<u64> = Vec::with_capacity(HUGE);
        items.extend(0..HUGE as u64 / 2);
        wish_huge_pages(&mut items);
        items.extend(HUGE as u64 / 2..HUGE as u64);
        assert!(items.iter().zip(0..).all(|(item, number)| *item == number));
        wish_huge_pages(&mut Vec::<u64>::new());
    }
}
