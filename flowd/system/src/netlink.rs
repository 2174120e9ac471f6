//! A netlink conversation for callers that block.

use rtnetlink::Handle;

use crate::Error;

/// Runs `work` with a route netlink socket of its own, on this thread.
///
/// A socket a conversation keeps the caller free of any lifetime: commits are rare, and the socket belongs to
/// the network namespace of the thread that asks.
pub(crate) fn run<T>(work: impl AsyncFnOnce(Handle) -> Result<T, Error>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (connection, handle, _) = rtnetlink::new_connection()?;
        let driver = tokio::spawn(connection);
        let result = work(handle).await;
        driver.abort();
        result
    })
}
