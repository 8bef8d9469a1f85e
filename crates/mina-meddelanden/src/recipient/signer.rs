//! `isAuthorizedSigner`: whether a person may sign for a company, and what is known of the company's account.

use super::{Owned, Session, response};
use crate::far::identity;
use delivery::names::RECIPIENT_V2;
use domain::{Code, Refusal};
use intake::AcceptError;
use registry::registrations::Place;

impl Session<'_> {
    pub(super) async fn is_authorized_signer(&self, asked: Owned) -> Result<String, AcceptError> {
        self.far.operator(self.caller)?;
        let company_id = identity(&asked.id, "/CompanyId")?;
        if company_id.is_person() {
            return Err(Refusal::new(Code::IdentityInvalid)
                .because("a company's number")
                .at("/CompanyId")
                .into());
        }
        let person = identity(&asked.user, "/UserIdentity")?;
        let authorised = self.far.acts_for(self.caller, &person, &company_id).await?;
        let company = self.far.company(&company_id).await?;
        let address_mac = self.far.address_mac(self.caller, &company_id).await?;
        let snapshot = self.far.snapshot();
        let status = self.places(&[address_mac], None).await?.into_iter().next().unwrap_or_default();
        let operator = status.account.as_ref().and_then(|account| match &account.place {
            Place::Here => snapshot.own_operator(),
            Place::At(number) => snapshot.operator(number),
        });
        Ok(response(RECIPIENT_V2, "isAuthorizedSignerResponse", |xml| {
            xml.open("return");
            xml.text("isAccountAuthorizedSigner", if authorised { "true" } else { "false" });
            xml.text("UserIdentity", &asked.user);
            xml.text("CompanyId", &asked.id);
            xml.text("CompanyName", company.name.as_deref().unwrap_or_default());
            xml.text("CompanySignatureRuleText", &company.rule.to_string());
            // Who else may sign is known here by keyed hashes alone, so PossibleSigners names nobody.
            if let Some(operator) = operator {
                xml.open("AccountInformation");
                xml.text("AccountStatus", "Active");
                xml.text("SignatureStatus", "Complete");
                xml.text("serviceSupplier", &operator.domain);
                xml.close("AccountInformation");
            } else if status.pending {
                xml.open("AccountInformation");
                xml.text("AccountStatus", "Pending");
                xml.text("SignatureStatus", "Incomplete");
                xml.text("serviceSupplier", "");
                xml.close("AccountInformation");
            }
            xml.close("return");
        }))
    }
}
