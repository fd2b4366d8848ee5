//! `GetSessionToken`: everything that the user may do, for hours. Played because it must not be used for browsers.

use super::{
    Call, StsAnswer, StsError, constraint::Constraints, response::credentials_xml, session::TOKEN_BYTES,
};
use crate::auth::{PrincipalKind, SessionGrant};

pub(super) fn answer(call: &Call<'_>) -> Result<StsAnswer, StsError> {
    let mut constraints = Constraints::default();
    let seconds = constraints.seconds(call.parameters.get("DurationSeconds"), 900..=129_600, 43_200);
    constraints.check()?;
    let caller = &call.caller.identity;
    if caller.is_temporary() || !matches!(caller.principal().kind, PrincipalKind::User { .. }) {
        let text = "Cannot call GetSessionToken with session credentials";
        return Err(StsError::forbidden("AccessDenied", text));
    }
    let mut principal = caller.principal().clone();
    principal.issued_at = Some(call.now);
    let (permissions, expires_at) = (caller.permissions().clone(), call.expires_at(seconds));
    let grant = SessionGrant { principal, permissions, expires_at, token_bytes: TOKEN_BYTES };
    let issued = call.service.credentials.issue(grant, call.now);
    Ok(StsAnswer { action: "GetSessionToken", result: credentials_xml(&issued, 0) })
}
