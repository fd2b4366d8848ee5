//! How a simulator ends.

use nova_sonic_sim::{Simulator, SimulatorConfig, StartError};
use tokio::net::TcpStream;

use crate::support::{SONIC, bedrock, open_held, simulator, user, within};

#[tokio::test]
async fn shutting_down_ends_streams_and_frees_the_ports() {
    let simulator = simulator(|_| {}).await;
    let mut body = open_held(&bedrock(&simulator, user()), SONIC).await.unwrap();
    let address = simulator.https_address();
    within(simulator.shutdown()).await;
    // in order or broken off: either way the stream does not hang
    while let Ok(Some(_)) = within(body.recv()).await {}
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_dropped_simulator_ends_too() {
    let simulator = simulator(|_| {}).await;
    let mut body = open_held(&bedrock(&simulator, user()), SONIC).await.unwrap();
    drop(simulator);
    while let Ok(Some(_)) = within(body.recv()).await {}
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let first = simulator(|_| {}).await;
    let mut config = SimulatorConfig::default();
    config.http_port = first.http_address().port();
    let Err(StartError::Bind { port, .. }) = Simulator::start(config).await else {
        panic!("the port was free")
    };
    assert_eq!(port, first.http_address().port());
}
