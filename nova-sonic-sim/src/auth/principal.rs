//! Who holds a key, and which policies bind them.

use std::sync::Arc;

use crate::policy::{PolicyDocument, Request};

/// The holder of a key.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) kind: PrincipalKind,
    pub(crate) account: String,
    /// `aws:userid`, for example `AROA…:session`.
    pub(crate) user_id: String,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    User { name: String },
    AssumedRole { role: String, session: String },
    FederatedUser { name: String },
}

impl Principal {
    pub(crate) fn arn(&self) -> String {
        let account = &self.account;
        match &self.kind {
            PrincipalKind::User { name } => format!("arn:aws:iam::{account}:user/{name}"),
            PrincipalKind::AssumedRole { role, session } => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            PrincipalKind::FederatedUser { name } => format!("arn:aws:sts::{account}:federated-user/{name}"),
        }
    }

    /// Adds what policies can ask about a principal.
    pub(crate) fn describe(&self, request: Request) -> Request {
        let mut request = request
            .with("aws:PrincipalArn", self.arn())
            .with("aws:PrincipalAccount", self.account.clone())
            .with("aws:userid", self.user_id.clone());
        if let Some(source_identity) = &self.source_identity {
            request = request.with("aws:SourceIdentity", source_identity.clone());
        }
        for (key, value) in &self.tags {
            request = request.with(&format!("aws:PrincipalTag/{key}"), value.clone());
        }
        request
    }
}

/// The policies that bind a key; `None` stands for everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permissions {
    /// The user's or role's own.
    pub(crate) identity: Option<Arc<PolicyDocument>>,
    /// Given with the STS call: what it does not allow is not allowed, whatever the role may do.
    pub(crate) session: Option<Vec<PolicyDocument>>,
}
