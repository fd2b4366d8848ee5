//! `nova-sonic-sim`: the simulator as a program.

#![expect(clippy::print_stdout, reason = "the start-up lines are what a program says to its user")]

use std::{
    error::Error,
    io::IsTerminal,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use nova_sonic_core::{scope::Region, secret::SecretText};
use nova_sonic_sim::{
    DEFAULT_ACCESS_KEY_ID, DEFAULT_ROLE, DEFAULT_SECRET_ACCESS_KEY, GUARDED_ROLE, NARROW_ROLE, Simulator,
    SimulatorConfig, StsFault, model::Scenario,
};
use tracing_subscriber::EnvFilter;

/// A local AWS for voice: STS and Bedrock's Nova Sonic on localhost, for every AWS SDK.
///
/// It verifies signatures, enforces policies and answers speech with a scripted model. Nothing leaves this machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port with TLS: HTTP/2, HTTP/1.1 and wss; 0 for any free one
    #[arg(long, default_value_t = 18443, env = "NOVA_SONIC_SIM_HTTPS_PORT")]
    https_port: u16,

    /// Port without TLS: h2c, HTTP/1.1 and ws; 0 for any free one
    #[arg(long, default_value_t = 18080, env = "NOVA_SONIC_SIM_HTTP_PORT")]
    http_port: u16,

    /// Address to listen on
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,

    /// Region to play
    #[arg(long, default_value = "us-east-1")]
    region: String,

    /// Another region to play; may be given several times
    #[arg(long, value_name = "REGION")]
    also_region: Vec<String>,

    /// Region where STS is not activated; may be given several times
    #[arg(long, value_name = "REGION")]
    sts_disabled_region: Vec<String>,

    /// What the model says: parrot, story, storyteller, weather, or a scenario file
    #[arg(long, default_value = "parrot", value_name = "NAME|FILE")]
    scenario: String,

    /// How many times faster than real time the model lives
    #[arg(long, default_value_t = 1.0)]
    speed: f64,

    /// Streams open at once before new ones are throttled
    #[arg(long, default_value_t = 20)]
    max_streams: usize,

    /// Longest life of the credentials that STS issues, in seconds, whatever was asked for
    #[arg(long)]
    session_seconds: Option<u32>,

    /// How far the simulator's clock is off, in seconds; more than 300 either way refuses every signature
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    clock_skew: i64,

    /// Let the port without TLS fail policies that demand aws:SecureTransport, as AWS would
    #[arg(long)]
    strict_transport: bool,

    /// Most temporary credentials remembered at once; beyond, the oldest are forgotten
    #[arg(long, default_value_t = 20_000)]
    max_credentials: usize,

    /// Open GET and POST /_simulator/... to programs on this machine: counts, faults, clock
    #[arg(long)]
    control: bool,

    /// What clients of the relay must name as `token` in its URL
    #[arg(long, value_name = "TOKEN", env = "NOVA_SONIC_SIM_RELAY_TOKEN", hide_env_values = true)]
    relay_token: Option<String>,

    /// What goes wrong with STS, as a JSON list, for example '[{"fault":"throttle","when":{"first":3}}]'
    #[arg(long, value_name = "JSON", value_parser = sts_faults, default_value = "[]")]
    sts_faults: FaultList,

    /// Where to write the certificate authority that clients must trust
    #[arg(long, default_value = "nova-sonic-sim-ca.pem", value_name = "FILE")]
    ca: PathBuf,

    /// Print one line of JSON instead of the explanation
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("nova_sonic_sim=info"));
    // standard output belongs to the start-up lines
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).init();
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let simulator = Simulator::start(config(&arguments)?).await?;
    let ca = write_ca(&arguments.ca, simulator.ca_pem())?;
    if arguments.json {
        println!("{}", json_line(&arguments, &simulator, &ca));
    } else {
        println!("{}", explanation(&arguments, &simulator, &ca));
    }
    asked_to_end().await?;
    tracing::info!("ending");
    simulator.shutdown().await;
    Ok(())
}

fn config(arguments: &Arguments) -> Result<SimulatorConfig, Box<dyn Error>> {
    let mut config = SimulatorConfig::default();
    config.conversation.scenario = scenario(&arguments.scenario)?.into();
    config.https_port = arguments.https_port;
    config.http_port = arguments.http_port;
    config.address = arguments.address;
    config.region.clone_from(&arguments.region);
    config.also_regions.clone_from(&arguments.also_region);
    config.sts_disabled_regions.clone_from(&arguments.sts_disabled_region);
    config.speed = arguments.speed;
    config.max_concurrent_streams = arguments.max_streams;
    config.session_limit_seconds = arguments.session_seconds;
    config.clock_offset_millis = arguments.clock_skew.saturating_mul(1000);
    config.plain_http_is_secure = !arguments.strict_transport;
    config.max_remembered_credentials = arguments.max_credentials;
    config.control = arguments.control;
    config.relay_token = arguments.relay_token.clone().map(SecretText::new);
    config.sts_faults.clone_from(&arguments.sts_faults.0);
    Ok(config)
}

/// A list that is one value to the parser of arguments.
#[derive(Clone, Debug)]
struct FaultList(Vec<StsFault>);

fn sts_faults(json: &str) -> Result<FaultList, serde_json::Error> {
    serde_json::from_str(json).map(FaultList)
}

/// A name without a dot or a slash is one of the scenarios that come along.
fn scenario(name: &str) -> Result<Scenario, Box<dyn Error>> {
    let path = Path::new(name);
    if path.extension().is_some() || path.components().count() > 1 {
        Ok(Scenario::from_file(path)?)
    } else {
        Ok(Scenario::named(name)?)
    }
}

fn write_ca(path: &Path, pem: &str) -> Result<PathBuf, Box<dyn Error>> {
    std::fs::write(path, pem)
        .map_err(|error| format!("could not write the CA to {}: {error}", path.display()))?;
    Ok(path.canonicalize()?)
}

fn json_line(arguments: &Arguments, simulator: &Simulator, ca: &Path) -> serde_json::Value {
    serde_json::json!({
        "https": simulator.https_url(),
        "http": simulator.http_url(),
        "wss": simulator.wss_url(),
        "ws": simulator.ws_url(),
        "relay": simulator.relay_url(),
        "ca": ca,
        "region": arguments.region,
        "access_key_id": DEFAULT_ACCESS_KEY_ID,
        "secret_access_key": DEFAULT_SECRET_ACCESS_KEY,
        "role_arn": role_arn(arguments, DEFAULT_ROLE),
        "roles": {
            "everything": role_arn(arguments, DEFAULT_ROLE),
            "narrow": role_arn(arguments, NARROW_ROLE),
            "guarded": role_arn(arguments, GUARDED_ROLE),
        },
        "scenario": arguments.scenario,
        "control": arguments.control.then(|| format!("{}/_simulator/", simulator.http_url())),
    })
}

fn explanation(arguments: &Arguments, simulator: &Simulator, ca: &Path) -> String {
    let (https, http) = (simulator.https_url(), simulator.http_url());
    let relay = simulator.relay_url();
    let (region, scenario, role, ca) =
        (&arguments.region, &arguments.scenario, role_arn(arguments, DEFAULT_ROLE), ca.display());
    format!(
        "nova-sonic-sim plays STS and Bedrock's Nova Sonic ({region}, scenario {scenario})
  TLS    {https}  (HTTP/2, HTTP/1.1, wss)
  plain  {http}  (h2c, HTTP/1.1, ws)
  relay  {relay}  (nova-sonic.relay.v1)
  CA     {ca}
  role   {role}

For the AWS SDKs and the AWS CLI:
  export AWS_ENDPOINT_URL={https}
  export AWS_ENDPOINT_URL_BEDROCK_RUNTIME={https}
  export AWS_ENDPOINT_URL_STS={https}
  export AWS_CA_BUNDLE={ca}
  export NODE_EXTRA_CA_CERTS={ca}
  export AWS_REGION={region}
  export AWS_ACCESS_KEY_ID={DEFAULT_ACCESS_KEY_ID}
  export AWS_SECRET_ACCESS_KEY={DEFAULT_SECRET_ACCESS_KEY}
  unset AWS_SESSION_TOKEN AWS_PROFILE

Python and the AWS CLI read AWS_CA_BUNDLE, Node.js reads NODE_EXTRA_CA_CERTS; the SDK for Rust is given the CA in
code. Without TLS, use {http} instead and leave the CA out. Ctrl-C ends it."
    )
}

fn role_arn(arguments: &Arguments, name: &str) -> String {
    let partition = Region::parse(&arguments.region).map_or("aws", |region| region.partition().name());
    format!("arn:{partition}:iam::{}:role/{name}", SimulatorConfig::default().account)
}

/// Ctrl-C, or the signal with which services are stopped.
async fn asked_to_end() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    {
        tokio::signal::ctrl_c().await
    }
}
