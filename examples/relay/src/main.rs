//! `relay`: the relay as a process of its own, for applications that outgrow one machine.
//!
//! The application stays in charge: it signs tickets, and any number of these processes let their holders talk. Read it
//! in this order: [`socket`] is one conversation, [`tools`] what the application answers in it, [`server`] lets people in,
//! [`arguments`] says what can be set.

mod arguments;
mod error;
mod server;
mod socket;
mod tools;

use std::{io::Write, net::TcpListener, process::ExitCode, time::Duration};

use clap::Parser;
use nova_sonic_core::{
    client::Workers,
    relay::ticket::Ticket,
    relay_handler::{RelayHandler, RelayLedger},
};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::{
    arguments::Arguments,
    error::StartError,
    server::{Parts, Server},
};

/// How long a ticket of `--ticket-for` is good.
const TICKET_LIFE: Duration = Duration::from_mins(1);
/// How long those who talk have to go on elsewhere, once the process is told to end.
const FAREWELL: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // what AWS's crates log about signatures is nobody's business
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,aws_sigv4=off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(code = %error.code(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), StartError> {
    let key = arguments.ticket_key()?;
    if let Some(subject) = &arguments.ticket_for {
        let ticket = Ticket::new(subject, server::now().after(TICKET_LIFE));
        return say(&key.sign(&ticket)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let client = runtime.block_on(arguments.client()?.build())?;
    let mut handler = RelayHandler::new(client.clone()).per_subject(arguments.per_subject);
    let ledger = arguments.redis_url.as_deref().map(|url| RelayLedger::new(url, "relay")).transpose()?;
    if let Some(ledger) = &ledger {
        handler = handler.ledger(ledger.clone());
    }

    let listener = TcpListener::bind(arguments.listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (stop, stopping) = watch::channel(false);
    let tools = arguments.tools()?;
    // a thread for each core, with a runtime of its own: a conversation never leaves the one that has let it in
    let mut threads = Vec::new();
    for _ in 0..arguments.threads() {
        let thread = Workers::start(&client, 1)?;
        let (listener, handler) = (listener.try_clone()?, handler.clone());
        let (ledger, stopping) = (ledger.clone(), stopping.clone());
        let (key, tools, stall) = (arguments.ticket_key()?, tools(), arguments.stall());
        thread.spawn(move |client| async move {
            let handler = handler.with_client(client);
            let server = Server::new(Parts { handler, key, ledger, tools, stall });
            if let Err(error) = server.serve(listener, stopping).await {
                tracing::error!(%error, "a thread takes no more connections");
            }
        });
        threads.push(thread);
    }
    drop(listener);
    say(&format!("listening on {address}"))?;

    runtime.block_on(async {
        terminated().await;
        tracing::info!(running = handler.running(), "going down");
        handler.shut_down();
        // those that accept end when the conversations have
        if tokio::time::timeout(FAREWELL, handler.emptied()).await.is_err() {
            tracing::warn!(running = handler.running(), "not everybody has left in time");
        }
        stop.send_replace(true);
    });
    drop(threads);
    Ok(())
}

/// Waits for Ctrl-C, or for what a supervisor sends.
async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // without signals, the process ends as any other
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn say(line: &str) -> Result<(), StartError> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}
