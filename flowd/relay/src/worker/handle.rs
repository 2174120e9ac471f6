//! The handle to a worker's thread.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use mailbox::{Answer, Reply, Sender};
use socket2::Socket;
use tracing::error;

use super::{Ask, Worker, WorkerStatistics};
use crate::Clock;
use crate::plan::Events;
use crate::socket::Listening;

/// The handle to a worker's thread. Dropping it ends the thread, after it has relayed the datagrams that wait at its socket.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) socket: Arc<Socket>,
    /// The index of the interface that the socket is bound to; 0 for none.
    pub(crate) scope: u32,
    asks: Sender<Ask>,
    thread: Option<JoinHandle<WorkerStatistics>>,
}

impl Handle {
    /// Starts the thread. It reads nothing from the socket until it has a plan.
    pub(crate) fn start(
        name: &str,
        listening: &Listening,
        carriers: usize,
        clock: Clock,
        events: Events,
    ) -> io::Result<Handle> {
        let (asks, mailbox) = mailbox::mailbox()?;
        let socket = Arc::clone(&listening.socket);
        let own_socket = Arc::clone(&socket);
        let thread = thread::Builder::new()
            .name(format!("relay-{name}"))
            .spawn(move || {
                let worker = Worker::new(own_socket, mailbox, carriers, clock, events);
                worker.map(Worker::run).unwrap_or_default()
            })?;
        Ok(Handle {
            socket,
            scope: listening.scope,
            asks,
            thread: Some(thread),
        })
    }

    /// Sends a message without waiting for the answer.
    pub(crate) fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Answer<T> {
        self.asks.request(ask)
    }

    /// Ends the thread and returns its final counts.
    pub(crate) fn stop(&mut self) -> WorkerStatistics {
        self.asks.send(Ask::Stop);
        let Some(thread) = self.thread.take() else {
            return WorkerStatistics::default();
        };
        thread.join().unwrap_or_else(|_| {
            error!("a samplicator's thread failed");
            WorkerStatistics::default()
        })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.stop();
    }
}
