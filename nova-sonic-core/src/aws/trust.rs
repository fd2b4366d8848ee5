//! Whom a connection trusts.

use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::Obstacle;
use crate::error::ErrorCode;

/// An HTTP client with a pool of its own that trusts the system's certificate authorities, or only these.
pub(crate) fn http_client(ca_certificates: Option<&[u8]>) -> Result<SharedHttpClient, Obstacle> {
    let builder = HttpBuilder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    let Some(pem) = ca_certificates else { return Ok(builder.build_https()) };
    let trust = TrustStore::empty().with_pem_certificate(pem);
    let context = TlsContext::builder().with_trust_store(trust).build();
    let context = context.map_err(|_| invalid("the certificate authorities cannot be used"))?;
    Ok(builder.tls_context(context).build_https())
}

/// The SDK takes the process down over a certificate that it cannot read, so it is read here first.
pub(crate) fn check_certificates(pem: &[u8]) -> Result<(), Obstacle> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate =
            certificate.map_err(|_| invalid("the certificate authorities are not valid PEM"))?;
        roots.add(certificate).map_err(|_| invalid("a certificate authority cannot be read"))?;
    }
    if roots.is_empty() { Err(invalid("the certificate authorities hold no certificate")) } else { Ok(()) }
}

fn invalid(text: &str) -> Obstacle {
    Obstacle::new(ErrorCode::ConfigurationInvalid, text)
}
