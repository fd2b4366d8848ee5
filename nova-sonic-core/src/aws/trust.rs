//! Whom a connection trusts.

use aws_smithy_http_client::{
    Builder as HttpBuilder,
    tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use rustls::pki_types::{CertificateDer, pem::PemObject};

/// Certificate authorities that cannot be trusted, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Untrusted {
    pub(crate) problem: &'static str,
}

impl Untrusted {
    const fn new(problem: &'static str) -> Self {
        Self { problem }
    }
}

/// An HTTP client with a pool of its own that trusts the system's certificate authorities, or only these.
pub(crate) fn http_client(ca_certificates: Option<&[u8]>) -> Result<SharedHttpClient, Untrusted> {
    let builder = HttpBuilder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring));
    Ok(match tls_context(ca_certificates)? {
        Some(context) => builder.tls_context(context).build_https(),
        None => builder.build_https(),
    })
}

/// Trust in these certificate authorities only; `None` for the system's.
pub(crate) fn tls_context(ca_certificates: Option<&[u8]>) -> Result<Option<TlsContext>, Untrusted> {
    let Some(pem) = ca_certificates else { return Ok(None) };
    let trust = TrustStore::empty().with_pem_certificate(pem);
    let context = TlsContext::builder().with_trust_store(trust).build();
    context.map(Some).map_err(|_| Untrusted::new("cannot be used"))
}

/// The SDK takes the process down over a certificate that it cannot read, so it is read here first.
pub(crate) fn check_certificates(pem: &[u8]) -> Result<(), Untrusted> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| Untrusted::new("are not valid PEM"))?;
        roots.add(certificate).map_err(|_| Untrusted::new("have one that cannot be read"))?;
    }
    if roots.is_empty() { Err(Untrusted::new("hold no certificate")) } else { Ok(()) }
}
