//! `NativeGrant`: what a browser is given, and what the audit trail keeps of it.

use napi::{Env, Result, bindgen_prelude::BufferSlice};
use napi_derive::napi;
use nova_sonic_core::{
    broker::{IssueRecord, Issued},
    grant::Grant,
    time::Timestamp,
};

/// One issue, for the audit trail.
#[napi(object, object_from_js = false)]
pub struct NativeRecord {
    pub id: String,
    pub subject_hash: String,
    pub access_key_id: String,
    /// ms since 1970.
    pub expiration: f64,
    pub packed_policy_size: Option<u32>,
    pub clock_offset_seconds: f64,
    pub request_id: Option<String>,
    pub attempts: u32,
    pub duration_ms: f64,
}

/// What a browser is given.
#[napi]
pub struct NativeGrant {
    grant: Grant,
    record: IssueRecord,
}

impl NativeGrant {
    pub(crate) fn new(issued: Issued) -> Self {
        let Issued { grant, record, .. } = issued;
        Self { grant, record }
    }
}

#[napi]
impl NativeGrant {
    /// The grant as the browser takes it: the one place where its secrets are written.
    #[napi]
    pub fn json<'env>(&self, env: &'env Env) -> Result<BufferSlice<'env>> {
        BufferSlice::copy_from(env, self.grant.write_json())
    }

    #[napi(getter)]
    pub fn mode(&self) -> String {
        self.grant.mode().as_str().to_owned()
    }

    #[napi(getter)]
    pub fn region(&self) -> String {
        self.grant.region().to_owned()
    }

    #[napi(getter)]
    pub fn model(&self) -> String {
        self.grant.model_id().to_owned()
    }

    #[napi(getter)]
    pub fn access_key_id(&self) -> String {
        self.grant.access_key_id().to_owned()
    }

    /// ms since 1970, as the next two.
    #[napi(getter)]
    pub fn server_time(&self) -> f64 {
        millis(self.grant.server_time())
    }

    #[napi(getter)]
    pub fn open_before(&self) -> f64 {
        millis(self.grant.open_before())
    }

    #[napi(getter)]
    pub fn expiration(&self) -> f64 {
        millis(self.grant.expiration())
    }

    #[napi(getter)]
    pub fn record(&self) -> NativeRecord {
        let IssueRecord { id, subject_hash, access_key_id, .. } = self.record.clone();
        NativeRecord {
            id,
            subject_hash,
            access_key_id,
            expiration: millis(self.record.expiration),
            packed_policy_size: self.record.packed_policy_size,
            clock_offset_seconds: number(self.record.clock_offset_seconds),
            request_id: self.record.request_id.clone(),
            attempts: self.record.attempts,
            duration_ms: number(i64::try_from(self.record.duration_ms).unwrap_or(i64::MAX)),
        }
    }
}

fn millis(moment: Timestamp) -> f64 {
    number(moment.unix_millis())
}

#[expect(clippy::cast_precision_loss, reason = "times of the years that a Date has fit into 53 bits")]
const fn number(time: i64) -> f64 {
    time as f64
}
