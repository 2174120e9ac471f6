//! A mailbox for a thread that waits for file descriptors: a channel, and a descriptor that becomes readable when there
//! are messages in it.
//!
//! The channel is crossbeam's and the descriptor nix's eventfd. Wakers of event loops (mio's, polling's) come with a poll
//! loop of their own, and the threads here poll capture rings and sockets themselves.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Receiver;
pub use crossbeam_channel::{RecvError, TryRecvError};
use nix::sys::eventfd::{EfdFlags, EventFd};

/// Makes a mailbox and the way to send to it. Clones of the sender share it.
///
/// # Errors
/// When the system has no descriptor left.
pub fn mailbox<T>() -> io::Result<(Sender<T>, Mailbox<T>)> {
    let (sender, receiver) = crossbeam_channel::unbounded();
    let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
    let wake = Arc::new(EventFd::from_flags(flags)?);
    let bell = Arc::new(Bell(Arc::clone(&wake)));
    Ok((
        Sender {
            channel: sender,
            bell,
        },
        Mailbox {
            channel: receiver,
            wake,
        },
    ))
}

/// The sending side of a [`Mailbox`]. When the last one is dropped, the receiving thread is woken to notice.
pub struct Sender<T> {
    // Fields are dropped in this order: the thread that is woken finds the channel closed.
    channel: crossbeam_channel::Sender<T>,
    bell: Arc<Bell>,
}

impl<T> Sender<T> {
    /// Sends a message and wakes the thread. A thread that has ended gets no more messages: nothing happens then.
    pub fn send(&self, message: T) {
        if self.channel.send(message).is_ok() {
            self.bell.ring();
        }
    }

    /// Sends a message that is answered, without waiting for the answer.
    pub fn request<A>(&self, message: impl FnOnce(Reply<A>) -> T) -> Answer<A> {
        let (reply, answer) = reply();
        self.send(message(reply));
        answer
    }

    /// Sends a message and waits for the answer. `None`: the thread has ended.
    pub fn ask<A>(&self, message: impl FnOnce(Reply<A>) -> T) -> Option<A> {
        self.request(message).wait()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender {
            channel: self.channel.clone(),
            bell: Arc::clone(&self.bell),
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The eventfd by which senders wake the thread. Dropping the last sender wakes it, too.
struct Bell(Arc<EventFd>);

impl Bell {
    fn ring(&self) {
        // Fails only when the counter is at its limit, and then the descriptor is readable.
        let _ = self.0.write(1);
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.ring();
    }
}

/// The receiving side: the messages of one thread. Its file descriptor is readable when messages may have come.
pub struct Mailbox<T> {
    channel: Receiver<T>,
    wake: Arc<EventFd>,
}

impl<T> Mailbox<T> {
    /// Takes the next message, if there is one.
    ///
    /// # Errors
    /// There is no message at the moment, or every sender is gone and none will come.
    pub fn try_next(&self) -> Result<T, TryRecvError> {
        self.channel.try_recv()
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// Every sender is gone.
    pub fn wait(&self) -> Result<T, RecvError> {
        self.channel.recv()
    }

    /// Returns the number of messages that wait.
    pub fn len(&self) -> usize {
        self.channel.len()
    }

    /// Returns whether no message waits.
    pub fn is_empty(&self) -> bool {
        self.channel.is_empty()
    }

    /// Makes the descriptor unreadable until another message comes. Call it before taking the messages, so that none is missed.
    pub fn silence(&self) {
        // Fails only when it is unreadable already.
        let _ = self.wake.read();
    }
}

impl<T> AsFd for Mailbox<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl<T> fmt::Debug for Mailbox<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Mailbox").finish_non_exhaustive()
    }
}

/// Makes the two ends of one answer.
pub fn reply<A>() -> (Reply<A>, Answer<A>) {
    let (sender, receiver) = crossbeam_channel::bounded(1);
    (Reply(sender), Answer(receiver))
}

/// The sending end of one answer.
#[derive(Debug)]
pub struct Reply<A>(crossbeam_channel::Sender<A>);

impl<A> Reply<A> {
    /// Sends the answer, which is dropped if nobody waits for it any more.
    pub fn send(self, answer: A) {
        let _ = self.0.send(answer);
    }
}

/// The receiving end of one answer.
#[derive(Debug)]
pub struct Answer<A>(Receiver<A>);

impl<A> Answer<A> {
    /// Waits for the answer. `None` if the thread that was asked has ended.
    pub fn wait(self) -> Option<A> {
        self.0.recv().ok()
    }

    /// Waits for the answer until `by`. `None`: there is none by then, or there will be none.
    pub fn wait_until(self, by: Instant) -> Option<A> {
        self.0.recv_deadline(by).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    enum Message {
        Double(u32, Reply<u32>),
        Forget(Reply<u32>),
    }

    fn readable<T>(mailbox: &Mailbox<T>) -> bool {
        let mut fds = [PollFd::new(mailbox.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).unwrap() == 1
    }

    #[test]
    fn messages_wake_and_are_answered() {
        let (sender, mailbox) = mailbox::<Message>().unwrap();
        assert!(!readable(&mailbox) && mailbox.is_empty());
        let answer = sender.request(|reply| Message::Double(21, reply));
        assert!(readable(&mailbox));
        mailbox.silence();
        assert!(!readable(&mailbox));
        assert_eq!(mailbox.len(), 1);
        let Ok(Message::Double(number, reply)) = mailbox.try_next() else {
            panic!("there is a message");
        };
        reply.send(2 * number);
        assert_eq!(answer.wait(), Some(42));
        assert!(matches!(mailbox.try_next(), Err(TryRecvError::Empty)));
    }

    #[test]
    fn the_thread_is_woken_when_the_last_sender_goes() {
        let (sender, mailbox) = mailbox::<Message>().unwrap();
        let other = sender.clone();
        drop(sender);
        mailbox.silence();
        assert!(matches!(mailbox.try_next(), Err(TryRecvError::Empty)));
        drop(other);
        assert!(readable(&mailbox));
        assert!(matches!(
            mailbox.try_next(),
            Err(TryRecvError::Disconnected)
        ));
        assert!(mailbox.wait().is_err());
    }

    #[test]
    fn there_is_no_answer_from_a_thread_that_forgets_or_is_gone() {
        let (sender, mailbox) = mailbox::<Message>().unwrap();
        let thread = thread::spawn(move || {
            for message in std::iter::from_fn(|| mailbox.wait().ok()).take(2) {
                match message {
                    Message::Double(number, reply) => reply.send(2 * number),
                    Message::Forget(reply) => drop(reply),
                }
            }
        });
        assert_eq!(sender.ask(|reply| Message::Double(1, reply)), Some(2));
        assert_eq!(sender.ask(Message::Forget), None);
        thread.join().unwrap();
        assert_eq!(sender.ask(|reply| Message::Double(1, reply)), None);
    }
}
