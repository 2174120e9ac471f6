//! The vocabulary of the loss ledgers: one name for each reason why a packet, a flow record or a datagram was dropped,
//! whichever stage dropped it.

use std::borrow::Cow;
use std::fmt;
use std::io;

use nix::errno::Errno;

/// Why packets, flow records or datagrams were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// The kernel had no room in a capture ring.
    RingFull,
    /// The flow cache had no room for another flow.
    CacheFull,
    /// The record has no fields that the protocol could carry.
    NoFields,
    /// NetFlow v5 cannot carry IPv6 flows.
    Ipv6InNetflowV5,
    /// The datagram was not the one out of N that a receiver's `sampling` lets through.
    Sampled,
    /// A receiver's `rate-limit` was reached.
    RateLimit,
    /// The name of the collector or receiver has no address yet.
    Unresolved,
    /// The receiver's name resolves to the samplicator itself.
    Loop,
    /// The host of the collector or receiver answered that nobody listens there (`ECONNREFUSED`, from an ICMP message).
    IcmpUnreachable,
    /// No route leads there, or a host on it does not answer (`ENETUNREACH`, `EHOSTUNREACH` and their like).
    NoRoute,
    /// The send buffer of the socket was full (`EAGAIN`).
    SocketBufferFull,
    /// The kernel or the network interface had no memory for the datagram (`ENOBUFS`, `ENOMEM`).
    NoBuffers,
    /// A queue inside this program was full: of the export thread, or of a receiver with `delay`.
    QueueFull,
    /// The record or its template is longer than a datagram may be, or the datagram longer than the path takes.
    MessageTooLong,
    /// The receiver is of another address family than the exporter whose address the datagram should keep.
    SpoofFamily,
    /// The source interface has no address, or the source address is not this host's (`EADDRNOTAVAIL`).
    NoSource,
    /// The kernel refused a socket for the datagram's source, with this error number.
    NoSocket(i32),
    /// The exporter, receiver or samplicator was removed while the record or datagram waited.
    Removed,
    /// The kernel refused to send, with this error number.
    SendFailed(i32),
}

impl DropReason {
    /// Returns the reason that stands for the error number of a socket call.
    pub fn of_errno(errno: i32) -> DropReason {
        match errno {
            libc::ECONNREFUSED => DropReason::IcmpUnreachable,
            libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::EHOSTDOWN => {
                DropReason::NoRoute
            }
            libc::EMSGSIZE => DropReason::MessageTooLong,
            libc::EAGAIN => DropReason::SocketBufferFull,
            libc::ENOBUFS | libc::ENOMEM => DropReason::NoBuffers,
            libc::EADDRNOTAVAIL => DropReason::NoSource,
            errno => DropReason::SendFailed(errno),
        }
    }

    /// Returns the reason's name in ledgers and JSON, in kebab case: `rate-limit`, `send-failed-EPERM`.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            DropReason::RingFull => "ring-full",
            DropReason::CacheFull => "cache-full",
            DropReason::NoFields => "no-fields",
            DropReason::Ipv6InNetflowV5 => "ipv6-in-netflow-v5",
            DropReason::Sampled => "sampled",
            DropReason::RateLimit => "rate-limit",
            DropReason::Unresolved => "unresolved",
            DropReason::Loop => "loop",
            DropReason::IcmpUnreachable => "icmp-unreachable",
            DropReason::NoRoute => "no-route",
            DropReason::SocketBufferFull => "socket-buffer-full",
            DropReason::NoBuffers => "no-buffers",
            DropReason::QueueFull => "queue-full",
            DropReason::MessageTooLong => "message-too-long",
            DropReason::SpoofFamily => "spoof-family",
            DropReason::NoSource => "no-source",
            DropReason::NoSocket(errno) => {
                return format!("no-socket-{:?}", Errno::from_raw(errno)).into();
            }
            DropReason::Removed => "removed",
            DropReason::SendFailed(errno) => {
                return format!("send-failed-{:?}", Errno::from_raw(errno)).into();
            }
        })
    }

    /// Returns the reason in words, for a line of the log that names the exporter or receiver.
    pub fn text(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            DropReason::RingFull => "the capture ring is full",
            DropReason::CacheFull => "the flow cache is full",
            DropReason::NoFields => "the record has no fields to send",
            DropReason::Ipv6InNetflowV5 => "NetFlow v5 cannot carry IPv6 flows",
            DropReason::Sampled => "sampled out",
            DropReason::RateLimit => "over the rate limit",
            DropReason::Unresolved => "its name does not resolve",
            DropReason::Loop => "its name resolves to the samplicator itself",
            DropReason::IcmpUnreachable => "nobody listens there (ICMP port unreachable)",
            DropReason::NoRoute => "no route to it",
            DropReason::SocketBufferFull => "the socket's buffer is full",
            DropReason::NoBuffers => "the interface has no room",
            DropReason::QueueFull => "its queue is full",
            DropReason::MessageTooLong => "longer than a datagram may be",
            DropReason::SpoofFamily => "the exporter's address is of another family",
            DropReason::NoSource => "no source address",
            DropReason::Removed => "it was removed",
            DropReason::NoSocket(errno) | DropReason::SendFailed(errno) => {
                return Errno::from_raw(errno).desc().into();
            }
        })
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name())
    }
}

/// Says in words why a call of the system failed, without the number of the error, which only programmers look up.
pub fn describe(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => Errno::from_raw(errno).desc().to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_are_words() {
        let error = io::Error::from_raw_os_error(libc::EINVAL);
        assert!(error.to_string().contains("os error"));
        assert_eq!(describe(&error), "Invalid argument");
        assert_eq!(describe(&io::Error::other("as it is")), "as it is");
    }

    #[test]
    fn each_error_of_a_socket_has_one_name() {
        let name = |errno| DropReason::of_errno(errno).name();
        assert_eq!(name(libc::ENETUNREACH), "no-route");
        assert_eq!(name(libc::EMSGSIZE), "message-too-long");
        assert_eq!(name(libc::EAGAIN), "socket-buffer-full");
        assert_eq!(name(libc::ENOBUFS), "no-buffers");
        assert_eq!(name(libc::EADDRNOTAVAIL), "no-source");
        assert_eq!(name(libc::ECONNREFUSED), "icmp-unreachable");
        assert_eq!(name(libc::EPERM), "send-failed-EPERM");
        assert_eq!(
            DropReason::NoSocket(libc::EACCES).to_string(),
            "no-socket-EACCES"
        );
    }
}
