//! System calls that the standard library and `socket2` do not have.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Most datagrams one call takes.
pub(crate) const MAX_BATCH: usize = 32;

/// Sends datagrams on a connected socket; at most [`MAX_BATCH`] of them. Returns how many the kernel took.
///
/// # Errors
/// The error of the first, when the kernel took none (`sendmmsg(2)`).
pub(crate) fn send_many<'a>(
    socket: BorrowedFd<'_>,
    datagrams: impl Iterator<Item = &'a [u8]>,
) -> io::Result<usize> {
    // SAFETY: both are plain C structures for which all zeros are valid: null pointers and no lengths.
    let (mut vectors, mut messages): ([libc::iovec; MAX_BATCH], [libc::mmsghdr; MAX_BATCH]) =
        unsafe { (zeroed(), zeroed()) };
    let mut count = 0;
    for ((datagram, vector), message) in datagrams.zip(&mut vectors).zip(&mut messages) {
        vector.iov_base = datagram.as_ptr().cast_mut().cast();
        vector.iov_len = datagram.len();
        message.msg_hdr.msg_iov = vector;
        message.msg_hdr.msg_iovlen = 1;
        count += 1;
    }
    // SAFETY: the first `count` messages each point to one vector above, and that to a datagram that the
    // iterator's lifetime keeps alive; sendmmsg only reads the datagrams and writes `msg_len`.
    let taken = unsafe {
        libc::sendmmsg(
            socket.as_raw_fd(),
            messages.as_mut_ptr(),
            count,
            libc::MSG_NOSIGNAL,
        )
    };
    usize::try_from(taken).map_err(|_| io::Error::last_os_error())
}

/// Reads an option whose value is an integer.
///
/// # Errors
/// As `getsockopt(2)`.
pub(crate) fn get_option(socket: BorrowedFd<'_>, level: i32, name: i32) -> io::Result<i32> {
    let mut value: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `value` has `len` octets, and both live until the call returns.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw mut value).cast(),
            &raw mut len,
        )
    };
    if result == 0 {
        Ok(value)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Sets an option whose value is an integer.
///
/// # Errors
/// As `setsockopt(2)`.
pub(crate) fn set_option(
    socket: BorrowedFd<'_>,
    level: i32,
    name: i32,
    value: i32,
) -> io::Result<()> {
    let len = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: the value has `len` octets, and lives until the call returns, which only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            len,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
