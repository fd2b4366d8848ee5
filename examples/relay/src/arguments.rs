//! The command line.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::Parser;
use hyper::Uri;
use nova_sonic_core::{
    client::{Client, ClientBuilder},
    relay::ticket::TicketKey,
    secret::SecretText,
};

use crate::{
    error::StartError,
    tools::{self, Tools},
};

/// Let the pages of an application talk to Amazon Nova Sonic through this process.
///
/// Credentials are found as any AWS tool finds them. TLS is for the load balancer in front.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Where to listen. Port 0 takes a free one, which the first line of the output names.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
    /// The key that signs tickets, at least 32 bytes: the application signs, this process checks.
    #[arg(long, value_name = "KEY", env = "NOVA_SONIC_TICKET_KEY", hide_env_values = true)]
    ticket_key: String,
    /// Print a ticket for this subject, good for a minute, and do nothing else.
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) ticket_for: Option<String>,
    /// The Redis where all relay processes count conversations and keep their records. Without it each counts its own.
    #[arg(long, value_name = "URL", env = "NOVA_SONIC_REDIS_URL", hide_env_values = true)]
    pub(crate) redis_url: Option<String>,
    /// Conversations of one subject at once. One that changes its connection has two for a moment.
    #[arg(long, value_name = "COUNT", default_value_t = 4)]
    pub(crate) per_subject: u32,
    /// The tools that the application answers, as a JSON list of `name`, `description` and `inputSchema`. They are the only
    /// ones, whatever pages declare.
    #[arg(long, value_name = "FILE", requires = "tools_url")]
    tools: Option<PathBuf>,
    /// Where the application answers them: a POST of `{"subject", "name", "input"}`, whose answer is the result.
    #[arg(long, value_name = "URL", requires = "tools")]
    tools_url: Option<Uri>,
    /// What is shown there, as `Authorization: Bearer …`, so that nobody else runs them.
    #[arg(long, value_name = "TOKEN", env = "NOVA_SONIC_TOOLS_TOKEN", hide_env_values = true)]
    tools_token: Option<String>,
    /// How long a page may take nothing of what it is sent, before it counts as gone.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    stall_seconds: u64,
    /// Threads. Default: one for each core.
    #[arg(long, value_name = "COUNT")]
    threads: Option<NonZeroUsize>,
    /// The region of the service. Default: `AWS_REGION`, or the profile's.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Another endpoint than the region's, such as the simulator's.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The only certificate authorities to trust, as a PEM file. Default: those of the system.
    #[arg(long, value_name = "PEM")]
    ca_certificates: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn ticket_key(&self) -> Result<TicketKey, StartError> {
        Ok(TicketKey::new(&SecretText::new(self.ticket_key.clone()))?)
    }

    /// The tools of each thread, which keeps connections of its own.
    pub(crate) fn tools(&self) -> Result<impl Fn() -> Option<Tools> + use<'_>, StartError> {
        let specs = self.tools.as_deref().map(tools::declared).transpose()?;
        Ok(move || {
            let token = self.tools_token.clone().map(SecretText::new);
            Some(Tools::new(specs.clone()?, self.tools_url.clone()?, token))
        })
    }

    pub(crate) const fn stall(&self) -> Duration {
        Duration::from_secs(self.stall_seconds)
    }

    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.threads.map_or_else(cores, NonZeroUsize::get)
    }

    pub(crate) fn client(&self) -> Result<ClientBuilder, StartError> {
        let mut builder = Client::builder();
        if let Some(region) = &self.region {
            builder = builder.region(region);
        }
        if let Some(endpoint_url) = &self.endpoint_url {
            builder = builder.endpoint_url(endpoint_url);
        }
        if let Some(path) = &self.ca_certificates {
            builder = builder.ca_certificates_pem(std::fs::read(path)?);
        }
        Ok(builder)
    }
}
