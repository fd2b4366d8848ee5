//! Who holds a key, and which policies bind them.

use std::sync::Arc;

use nova_sonic_core::time::Timestamp;

use crate::policy::{PolicyDocument, Request};

/// Key and value of a session tag.
pub(crate) type Tag = (String, String);

/// The holder of a key.
#[derive(Clone, Debug)]
pub(crate) struct Principal {
    pub(crate) kind: PrincipalKind,
    pub(crate) partition: &'static str,
    pub(crate) account: String,
    /// `aws:userid`, for example `AROA…:session`.
    pub(crate) user_id: String,
    pub(crate) source_identity: Option<String>,
    pub(crate) tags: Vec<Tag>,
    /// Keys of the tags that stay through every later role.
    pub(crate) transitive_tags: Vec<String>,
    /// When STS issued the token, if one was issued.
    pub(crate) issued_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    User { name: String },
    AssumedRole { role: String, session: String },
    FederatedUser { name: String },
}

impl Principal {
    pub(crate) fn arn(&self) -> String {
        let Self { partition, account, .. } = self;
        match &self.kind {
            PrincipalKind::User { name } => format!("arn:{partition}:iam::{account}:user/{name}"),
            PrincipalKind::AssumedRole { role, session } => {
                format!("arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
            }
            PrincipalKind::FederatedUser { name } => {
                format!("arn:{partition}:sts::{account}:federated-user/{name}")
            }
        }
    }

    /// `aws:PrincipalArn`: of a role's session it is the role that counts.
    fn entity_arn(&self) -> String {
        let Self { partition, account, .. } = self;
        match &self.kind {
            PrincipalKind::AssumedRole { role, .. } => format!("arn:{partition}:iam::{account}:role/{role}"),
            PrincipalKind::User { .. } | PrincipalKind::FederatedUser { .. } => self.arn(),
        }
    }

    /// Every ARN by which a trust policy can name it.
    pub(crate) fn arns(&self) -> [String; 2] {
        [self.arn(), self.entity_arn()]
    }

    const fn kind_name(&self) -> &'static str {
        match self.kind {
            PrincipalKind::User { .. } => "User",
            PrincipalKind::AssumedRole { .. } => "AssumedRole",
            PrincipalKind::FederatedUser { .. } => "FederatedUser",
        }
    }

    /// Adds what policies can ask about a principal.
    pub(crate) fn describe(&self, request: Request) -> Request {
        let mut request = request
            .with("aws:PrincipalArn", self.entity_arn())
            .with("aws:PrincipalAccount", self.account.clone())
            .with("aws:PrincipalType", self.kind_name())
            .with("aws:userid", self.user_id.clone());
        if let PrincipalKind::User { name } = &self.kind {
            request = request.with("aws:username", name.clone());
        }
        if let Some(issued_at) = self.issued_at {
            request = request.with("aws:TokenIssueTime", issued_at.to_string());
        }
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
