//! Which role may ask what. One table: a role that is broken into can ask no more than this.

use key_client::{Access, By, Column, Request, Role};

/// Whether `role` may send `request` at all. Whether the person may do it is decided later.
pub(crate) fn permitted(role: Role, request: &Request) -> bool {
    match request {
        Request::PublicKeys => true,
        Request::GatewayKeys | Request::EventsBefore { .. } => role == Role::Gateway,
        Request::NotifierKeys => role == Role::Notifier,
        Request::AddressMacs { .. } => matches!(role, Role::Gateway | Role::Web | Role::Operator),
        Request::Statements { .. } | Request::RegistryStatements => {
            matches!(role, Role::Gateway | Role::Operator)
        }
        Request::Change { by, .. } => match by {
            By::Grant(_) => role == Role::Web,
            By::Operator => role == Role::Operator,
            By::Register => matches!(role, Role::Web | Role::Operator),
            By::Agreement => role == Role::Gateway,
        },
        Request::Committed { .. } => {
            matches!(role, Role::Gateway | Role::Web | Role::Notifier | Role::Operator)
        }
        Request::MakeMailboxKeys { .. } => matches!(role, Role::Web | Role::Operator),
        Request::SealColumns { items } => match role {
            Role::Web | Role::Operator => true,
            // What it announces it can seal and not open again.
            Role::Gateway => {
                items.iter().all(|item| matches!(item.column, Column::Pending | Column::Announcement))
            }
            Role::Notifier | Role::Outgoing => false,
        },
        Request::OpenColumns { access, .. } => match access {
            Access::Grant(_) => role == Role::Web,
            Access::Notifier(_) => role == Role::Notifier,
            Access::Operator => role == Role::Operator,
            Access::Gateway => role == Role::Gateway,
        },
        Request::WebKeys
        | Request::BeginLogin { .. }
        | Request::FinishLogin { .. }
        | Request::Grant { .. }
        | Request::Applicant { .. }
        | Request::RefreshPerson { .. }
        | Request::EndGrant { .. }
        | Request::RequireFresh { .. }
        | Request::LogIns { .. }
        | Request::EndLogIn { .. }
        | Request::EndOtherLogIns { .. }
        | Request::Rights { .. }
        | Request::Headers { .. }
        | Request::Content { .. }
        | Request::History { .. } => role == Role::Web,
        Request::OutboundKey { .. } => role == Role::Outgoing,
        Request::UseAgreement { .. } | Request::EndAgreements { .. } => role == Role::Gateway,
        Request::PersonMacs { .. }
        | Request::LookupQuota { .. }
        | Request::SetLookupQuota { .. }
        | Request::Status
        | Request::Rotate { .. } => role == Role::Operator,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use domain::{AddressMac, LetterId, MailboxId, OrgNumber, Time};
    use key_client::{ColumnItem, GrantToken, pending_request};
    use vault::SystemRandom;

    /// All but these. A new role does not compile until it has its place here.
    fn all_but(some: &[Role]) -> impl Iterator<Item = Role> {
        let next = |role: &Role| match role {
            Role::Gateway => Some(Role::Web),
            Role::Web => Some(Role::Notifier),
            Role::Notifier => Some(Role::Outgoing),
            Role::Outgoing => Some(Role::Operator),
            Role::Operator => None,
        };
        std::iter::successors(Some(Role::Gateway), next).filter(|role| !some.contains(role))
    }

    #[test]
    fn only_the_web_reads_letters_and_logs_people_in() {
        let grant = || GrantToken::random(&SystemRandom);
        let mailbox = MailboxId::new(&SystemRandom);
        let letter = LetterId::new(Time::from_millis(0), &SystemRandom);
        let requests = [
            Request::Content { grant: grant(), mailbox, letter },
            Request::Headers { grant: grant(), mailbox, letters: vec![letter] },
            Request::BeginLogin { provider: "demo".into() },
            Request::OpenColumns { access: Access::Grant(grant()), items: vec![] },
        ];
        for request in requests {
            assert!(permitted(Role::Web, &request), "{request:?}");
            for role in all_but(&[Role::Web]) {
                assert!(!permitted(role, &request), "{role:?} {request:?}");
            }
        }
    }

    #[test]
    fn the_doors_of_agencies_get_tags_and_of_the_columns_only_what_waits_for_signatures() {
        assert!(permitted(
            Role::Gateway,
            &Request::AddressMacs { caller: String::new(), identities: vec![] }
        ));
        let seal = |columns: &[Column]| {
            let item = |column: &Column| {
                ColumnItem::from((
                    *column,
                    pending_request("register", &AddressMac::from_bytes([1; 32])),
                    b"text".to_vec(),
                ))
            };
            Request::SealColumns { items: columns.iter().map(item).collect() }
        };
        assert!(permitted(Role::Gateway, &seal(&[Column::Pending, Column::Announcement])));
        assert!(permitted(Role::Gateway, &Request::OpenColumns { access: Access::Gateway, items: vec![] }));
        for request in [
            Request::OpenColumns { access: Access::Notifier(vec![]), items: vec![] },
            Request::OpenColumns { access: Access::Operator, items: vec![] },
            Request::PersonMacs { identities: vec![] },
            Request::SetLookupQuota { caller: OrgNumber::parse("164020000016").unwrap(), daily: None },
            Request::Rotate { purpose: "mailbox".into() },
            Request::WebKeys,
            seal(&[Column::Note]),
            seal(&[Column::Pending, Column::Profile]),
        ] {
            assert!(!permitted(Role::Gateway, &request), "{request:?}");
        }
        for role in all_but(&[Role::Gateway]) {
            assert!(!permitted(role, &Request::OpenColumns { access: Access::Gateway, items: vec![] }));
        }
        for role in [Role::Notifier, Role::Outgoing] {
            assert!(!permitted(role, &seal(&[Column::Pending])), "{role:?}");
        }
    }

    #[test]
    fn only_the_doors_of_agencies_use_agreements_and_what_was_sealed_before_them() {
        let letter = LetterId::new(Time::from_millis(0), &SystemRandom);
        for request in [
            Request::EndAgreements { recipient: String::new(), act: String::new() },
            Request::EventsBefore { letter },
        ] {
            assert!(permitted(Role::Gateway, &request));
            for role in all_but(&[Role::Gateway]) {
                assert!(!permitted(role, &request), "{role:?}");
            }
        }
    }

    #[test]
    fn only_who_hands_over_gets_a_letter_s_outbound_key() {
        let letter = LetterId::new(Time::from_millis(0), &SystemRandom);
        let request = Request::OutboundKey { letter };
        assert!(permitted(Role::Outgoing, &request));
        for role in all_but(&[Role::Outgoing]) {
            assert!(!permitted(role, &request), "{role:?}");
        }
    }
}
