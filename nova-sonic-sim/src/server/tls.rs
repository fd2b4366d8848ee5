//! A certificate authority made at start, and the certificate that it signs for this machine and for AWS's names.

use std::sync::Arc;

use nova_sonic_core::{error::ErrorCode, scope::Region};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The names do not fit a certificate, or no key could be made.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// TLS refused what was made.
    #[error("TLS refused the certificate: {0}")]
    Configuration(#[from] rustls::Error),
}

impl TlsError {
    /// The stable code: only a region's name can be at fault here.
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::ConfigurationInvalid
    }
}

/// The authority's certificate, for clients to trust, and what a server needs.
pub(crate) struct CertificateAuthority {
    pub(crate) pem: String,
    pub(crate) server: Arc<ServerConfig>,
}

impl CertificateAuthority {
    /// Makes an authority and a certificate for localhost and for the regions' endpoints of Bedrock and STS.
    pub(crate) fn generate(region: &str, also: &[String]) -> Result<Self, TlsError> {
        let authority_key = KeyPair::generate()?;
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "nova-sonic-sim local authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let mut names = ["localhost", "127.0.0.1", "::1", "sts.amazonaws.com", "iam.amazonaws.com"]
            .map(str::to_owned)
            .to_vec();
        for region in std::iter::once(region).chain(also.iter().map(String::as_str)) {
            let suffix =
                Region::parse(region).map_or("amazonaws.com", |region| region.partition().dns_suffix());
            names.extend(
                ["bedrock-runtime", "bedrock", "sts"].map(|name| format!("{name}.{region}.{suffix}")),
            );
        }
        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name.push(DnType::CommonName, "nova-sonic-sim");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // strict verifiers, such as that of Python 3.13, want to see who signed
        leaf.use_authority_key_identifier_extension = true;
        let leaf_key = KeyPair::generate()?;
        let leaf = leaf.signed_by(&leaf_key, &issuer)?;

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { pem: certificate.pem(), server: Arc::new(server) })
    }
}
