//! `GetCallerIdentity`: allowed to everyone whose signature is right, even under an explicit deny.

use super::{Call, StsAnswer, response::element};

pub(super) fn answer(call: &Call<'_>) -> StsAnswer {
    let principal = call.caller.identity.principal();
    let result = element("Arn", &principal.arn())
        + &element("UserId", &principal.user_id)
        + &element("Account", &principal.account);
    StsAnswer { action: "GetCallerIdentity", result }
}
