//! The keys that are accepted: those of the configuration, and those that STS has issued since.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use nova_sonic_core::{id::IdMint, secret::SecretText, time::Timestamp};
use sha2::{Digest, Sha256};

use super::{AuthError, Permissions, Principal, PrincipalKind, signature::same};
use crate::config::AccessKey;

/// One key, with its holder.
#[derive(Debug)]
pub(crate) struct Identity {
    access_key_id: String,
    secret: SecretText,
    session_token: Option<SecretText>,
    expires_at: Option<Timestamp>,
    principal: Principal,
    permissions: Permissions,
}

impl Identity {
    pub(crate) fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }

    pub(crate) fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    /// Whether the key's time is over.
    pub(crate) fn expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    /// Whether it comes with a session token, so was issued by STS.
    pub(crate) const fn is_temporary(&self) -> bool {
        self.session_token.is_some()
    }

    pub(super) fn secret(&self) -> &str {
        self.secret.expose()
    }
}

/// What STS has decided to issue.
#[derive(Debug)]
pub(crate) struct SessionGrant {
    pub(crate) principal: Principal,
    pub(crate) permissions: Permissions,
    pub(crate) expires_at: Timestamp,
    /// Shortest session token wanted, in bytes.
    pub(crate) token_bytes: usize,
}

/// Fresh temporary credentials, for the response.
#[derive(Debug)]
pub(crate) struct IssuedCredentials {
    pub(crate) access_key_id: String,
    pub(crate) secret: SecretText,
    pub(crate) session_token: SecretText,
    pub(crate) expires_at: Timestamp,
}

/// Every key that is accepted.
pub(crate) struct CredentialStore {
    most_issued: usize,
    state: Mutex<State>,
}

struct State {
    configured: HashMap<String, Arc<Identity>>,
    issued: HashMap<Arc<str>, Arc<Identity>>,
    /// Keys of `issued` in the order of issue.
    order: VecDeque<Arc<str>>,
    mint: IdMint,
}

impl CredentialStore {
    /// A store of the configured keys, and of at most `most_issued` others; `seed` decides what will be issued.
    pub(crate) fn new(
        keys: Vec<AccessKey>,
        account: &str,
        partition: &'static str,
        most_issued: usize,
        seed: [u8; 32],
    ) -> Self {
        let configured = keys
            .into_iter()
            .map(|key| (key.id.clone(), Arc::new(configured(key, account, partition))))
            .collect();
        let (issued, order) = (HashMap::new(), VecDeque::new());
        let state = State { configured, issued, order, mint: IdMint::new(seed) };
        Self { most_issued: most_issued.max(1), state: Mutex::new(state) }
    }

    /// The holder of a key, if the token that came along belongs to it.
    pub(crate) fn find(&self, access_key_id: &str, token: Option<&str>) -> Result<Arc<Identity>, AuthError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let identity = state.issued.get(access_key_id).or_else(|| state.configured.get(access_key_id));
        let identity = identity.ok_or(AuthError::UnknownKey)?;
        let fits = match (&identity.session_token, token) {
            (None, None) => true,
            (Some(wanted), Some(given)) => same(wanted.expose().as_bytes(), given.as_bytes()),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if fits { Ok(Arc::clone(identity)) } else { Err(AuthError::UnknownKey) }
    }

    /// Names of the configured users, in alphabetical order.
    pub(crate) fn users(&self) -> BTreeSet<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let users = state.configured.values().filter_map(|identity| match &identity.principal.kind {
            PrincipalKind::User { name } => Some(name.clone()),
            PrincipalKind::AssumedRole { .. } | PrincipalKind::FederatedUser { .. } => None,
        });
        users.collect()
    }

    /// How many issued credentials are remembered.
    pub(crate) fn issued(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).issued.len()
    }

    /// Issues temporary credentials, and makes room for them.
    pub(crate) fn issue(&self, grant: SessionGrant, now: Timestamp) -> IssuedCredentials {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.make_room(self.most_issued, now);
        let random = |mint: &mut IdMint| Sha256::digest(mint.next_uuid().as_bytes());
        let access_key_id = format!("ASIA{}", letters(&random(&mut state.mint), 16));
        let secret: Vec<u8> = random(&mut state.mint).into_iter().take(30).collect();
        let secret = base64_simd::STANDARD.encode_to_string(secret);
        let session_token = session_token(&random(&mut state.mint), grant.token_bytes);
        let expires_at = Timestamp::from_unix_millis(grant.expires_at.unix_seconds() * 1000);
        let identity = Identity {
            access_key_id: access_key_id.clone(),
            secret: SecretText::new(secret.clone()),
            session_token: Some(SecretText::new(session_token.clone())),
            expires_at: Some(expires_at),
            principal: grant.principal,
            permissions: grant.permissions,
        };
        let key: Arc<str> = access_key_id.as_str().into();
        state.order.push_back(Arc::clone(&key));
        state.issued.insert(key, Arc::new(identity));
        let (secret, session_token) = (SecretText::new(secret), SecretText::new(session_token));
        IssuedCredentials { access_key_id, secret, session_token, expires_at }
    }
}

impl State {
    /// Forgets what has expired, and the oldest, when that does not help.
    fn make_room(&mut self, most: usize, now: Timestamp) {
        // those issued first expire first, as a rule
        while let Some(oldest) = self.order.front()
            && self.issued.get(oldest).is_none_or(|identity| identity.expired(now))
        {
            self.order.pop_front().and_then(|oldest| self.issued.remove(&oldest));
        }
        if self.issued.len() < most {
            return;
        }
        self.issued.retain(|_, identity| !identity.expired(now));
        let Self { issued, order, .. } = self;
        order.retain(|key| issued.contains_key(key));
        // an eighth at once, so that the next sweep is not due with the next call
        let kept = most - most.div_ceil(8);
        while issued.len() > kept {
            let Some(oldest) = order.pop_front() else { break };
            issued.remove(&oldest);
        }
    }
}

impl fmt::Debug for CredentialStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialStore").finish_non_exhaustive()
    }
}

/// Text of AWS's look and at least so many bytes, the beginning random and the rest derived from it.
fn session_token(random: &[u8], bytes: usize) -> String {
    let mut sealed = Vec::with_capacity(bytes * 3 / 4 + 64);
    sealed.extend_from_slice(random);
    let mut block = Sha256::digest(random);
    while sealed.len() * 4 / 3 < bytes {
        block = Sha256::digest(block);
        sealed.extend_from_slice(&block);
    }
    // real tokens hold '+', '/' and '=': what breaks on them should break here
    format!("IQoJb3JpZ2luX2VjE{}+/==", base64_simd::STANDARD.encode_to_string(sealed))
}

/// A stable id such as `AROA…` for a name, as IAM gives its entities.
pub(crate) fn unique_id(prefix: &str, name: &str) -> String {
    format!("{prefix}{}", letters(&Sha256::digest(name.as_bytes()), 17))
}

fn configured(key: AccessKey, account: &str, partition: &'static str) -> Identity {
    let principal = Principal {
        user_id: unique_id("AIDA", &key.user),
        kind: PrincipalKind::User { name: key.user },
        partition,
        account: account.to_owned(),
        source_identity: None,
        tags: Vec::new(),
        transitive_tags: Vec::new(),
        issued_at: None,
    };
    Identity {
        access_key_id: key.id,
        secret: key.secret,
        session_token: key.session_token,
        expires_at: key.expires_at,
        principal,
        permissions: Permissions { identity: key.policy.map(Arc::new), session: None },
    }
}

/// `count` characters of AWS's id alphabet, at most one for each byte.
fn letters(bytes: &[u8], count: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes
        .iter()
        .take(count)
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|letter| char::from(*letter))
        .collect()
}
