//! `GetAccessKeyInfo`: which account a key belongs to.

use super::{
    Call, StsAnswer, StsError,
    constraint::{Alphabet, Constraints},
    response::element,
};
use crate::auth::authorize;

pub(super) fn answer(call: &Call<'_>) -> Result<StsAnswer, StsError> {
    let mut constraints = Constraints::default();
    let key = constraints.required("accessKeyId", call.parameters.get("AccessKeyId"));
    constraints.text("accessKeyId", key, 16..=128, Alphabet::Word);
    constraints.check()?;
    let caller = &call.caller.identity;
    let request =
        call.service.ask(call.connection, &call.caller.region, call.now, ("sts:GetAccessKeyInfo", "*"));
    authorize(caller.principal(), caller.permissions(), request)?;
    // there is one account, so every key is of it
    Ok(StsAnswer { action: "GetAccessKeyInfo", result: element("Account", &call.service.account) })
}
