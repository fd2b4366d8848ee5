//! Ctrl-C.

use tokio::sync::mpsc;

/// Interruptions by the user, one by one.
pub(crate) struct Interrupts(mpsc::Receiver<()>);

impl Interrupts {
    /// Listens from now on. Where the system refuses that, Ctrl-C ends the program as ever.
    pub(crate) fn listen() -> Self {
        let (sender, receiver) = mpsc::channel(8);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                // eight that wait say enough
                let _ = sender.try_send(());
            }
            sender.closed().await;
        });
        Self(receiver)
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
