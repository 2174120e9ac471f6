//! `flowd run`: the daemon from its start to its end.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use config::Source;
use flowd_log::Log;
use language::Tree;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use service::clock;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::api::{self, ManagementSocket};
use crate::arguments::Run;
use crate::control::{Control, measure};
use crate::peer::Peer;
use crate::watch;

/// How long requests that are under way may take when the daemon is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// Runs until a signal says stop.
///
/// # Errors
/// What kept it from starting.
pub(crate) fn run(args: Run) -> anyhow::Result<ExitCode> {
    let log = flowd_log::start();
    raise_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("control")
        .enable_all()
        .build()
        .context("no runtime")?;
    let code = runtime.block_on(daemon(args, &log));
    // What still blocks then is not waited for.
    runtime.shutdown_timeout(Duration::from_millis(100));
    tracing::info!(msgid = flowd_log::STOPPED, "flowd has stopped");
    log.finish();
    code
}

async fn daemon(args: Run, log: &Log) -> anyhow::Result<ExitCode> {
    // Before anything else, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;

    api::clear_path(&args.socket)?;
    state_directory(&args.state)?;
    if let Err(error) = log.keep_in(&args.state) {
        tracing::warn!(
            "the log is kept in memory only: {}: {error}",
            args.state.display()
        );
    }
    let (control, seeded) = tokio::task::spawn_blocking({
        let (state, config) = (args.state.clone(), args.config.clone());
        move || start(&state, config.as_deref())
    })
    .await
    .context("start")??;
    if !seeded {
        return Ok(ExitCode::from(supervisor::WRONG_CONFIGURATION));
    }

    let socket = ManagementSocket::open(&args.socket, control.clone())?;
    let (close, closed) = oneshot::channel::<()>();
    let service = api::router(control.clone()).into_make_service_with_connect_info::<Peer>();
    let server = tokio::spawn(async move {
        axum::serve(socket, service)
            .with_graceful_shutdown(async {
                let _ = closed.await;
            })
            .await
    });
    let confirmations = tokio::spawn(control.engine.clone().watch_confirmations());
    let alarms = tokio::spawn(watch::watch(control.clone()));
    let schedule = tokio::spawn(control.engine.clone().watch_schedule());

    tracing::info!(
        msgid = flowd_log::STARTED,
        "flowd {} listens on {}",
        env!("CARGO_PKG_VERSION"),
        args.socket.display()
    );
    eprintln!("flowd: ready on {}", args.socket.display());
    let api = tokio::runtime::Handle::current();
    supervisor::feed_watchdog({
        let control = control.clone();
        move |within| watch::hanging(&control, &api, within)
    })?;
    supervisor::ready();

    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                tracing::info!("SIGHUP: the configuration is committed through the management socket, nothing is reread");
            }
        }
    }
    supervisor::stopping();
    tracing::info!("flowd is stopping");
    confirmations.abort();
    alarms.abort();
    schedule.abort();
    let _ = close.send(());
    if tokio::time::timeout(GRACE, server).await.is_err() {
        tracing::warn!("requests under way were cut off");
    }
    let stopped = tokio::task::spawn_blocking({
        let control = control.clone();
        move || control.engine.stop()
    });
    let code = tokio::select! {
        result = stopped => match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("stop: {error}");
                ExitCode::FAILURE
            }
        },
        _ = terminate.recv() => ExitCode::FAILURE,
        _ = interrupt.recv() => ExitCode::FAILURE,
    };
    // The socket normally went with the server; after a cut-off its file may still be there.
    let _ = fs::remove_file(&args.socket);
    Ok(code)
}

/// Opens the state and puts the last configuration into force, or commits the first one. Returns false when the first
/// one is wrong, which standard error tells.
fn start(state: &Path, config: Option<&Path>) -> anyhow::Result<(Arc<Control>, bool)> {
    let (now, now_ms) = (clock::monotonic(), clock::unix_ms());
    let control = Arc::new(Control::open(state, now, now_ms)?);
    measure(&control, state);
    if control.engine.boot(now, now_ms)? {
        if let Some(config) = config {
            tracing::info!(
                "{} is not loaded: a configuration is committed already",
                config.display()
            );
        }
        return Ok((control, true));
    }
    let Some(config) = config else {
        tracing::info!("nothing is committed yet");
        return Ok((control, true));
    };
    let seeded = Source::read(config).and_then(|source| {
        if source.tree == Tree::default() {
            tracing::info!("nothing is committed: {} is empty", config.display());
            return Ok(Vec::new());
        }
        let comment = config.display().to_string();
        control
            .engine
            .seed(&source.tree, &comment)
            .map_err(|refused| source.lines(&refused))
    });
    match seeded {
        Ok(_) => Ok((control, true)),
        Err(lines) => {
            lines.iter().for_each(|line| eprintln!("{line}"));
            control.engine.stop();
            Ok((control, false))
        }
    }
}

/// Raises the limit of file descriptors as far as the host allows: each exporter, receiver and ring takes one.
fn raise_descriptors() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(errno) = raised {
        tracing::warn!(
            "the number of file descriptors cannot be raised: {}",
            errno.desc()
        );
    }
}

fn state_directory(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("state directory {}", path.display()))?;
    if !path.is_dir() {
        bail!("{} is not a directory", path.display());
    }
    Ok(())
}
