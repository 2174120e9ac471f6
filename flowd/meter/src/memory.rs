//! Memory for many flows.
#![allow(unsafe_code)]

/// Octets of a huge page on x86-64, and on arm64 with small pages of 4 KiB.
const HUGE: usize = 2 << 20;

/// Asks for huge pages under the whole room of `items`, as far as it is not used yet: flows lie at random places, and with small
/// pages most of the time goes into finding out where the memory is. It is a wish; without them everything is the same.
pub(crate) fn wish_huge_pages<T>(items: &mut Vec<T>) {
    let room = items.spare_capacity_mut();
    let start = room.as_ptr().addr();
    let end = start + size_of_val(room);
    let (from, to) = (start.next_multiple_of(HUGE), end / HUGE * HUGE);
    if from >= to {
        return;
    }
    let at = room.as_mut_ptr().with_addr(from);
    // SAFETY: the pages lie whole within room that belongs to `items`. The advice changes how they are backed, never what
    // they hold, and the kernel may not take it.
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
