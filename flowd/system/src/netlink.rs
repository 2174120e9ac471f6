//! A netlink connection for callers that block.

use rtnetlink::Handle;

use crate::Error;

/// Runs `work` on this thread with a route netlink socket of its own.
///
/// A new socket for each call has no lifetime to manage, which is cheap enough because commits are rare, and
/// belongs to the network namespace of the calling thread.
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
