//! Requests come in, answers go out. Each is worked on by itself; what is quick is done on the spot.

use crate::{
    failure::Failure,
    login::Attempt,
    permit::permitted,
    service::{Inner, KeyService},
};
use key_client::{Answer, Connector, Envelope, KeysError, Outcome, Request, Role, channel};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{debug, error, info};

impl KeyService {
    /// Starts answering and looking after the keys. Cancelled, it takes no more requests, ends those it has, and
    /// then the handle is done; stop it after all who ask it.
    pub fn start(&self, cancel: CancellationToken) -> (Connector, JoinHandle<()>) {
        let (connector, receiver) = channel(WAITING);
        let inner = Arc::clone(&self.0);
        let service = self.clone();
        let handle = tokio::spawn(async move {
            let comparing = tokio::spawn(compare_until(Arc::clone(&inner), cancel.clone()));
            let tending = tokio::spawn(service.clone().tend_until(cancel.clone()));
            answer_all(inner, receiver, cancel).await;
            // It stops by the same token; a lost task has nothing left to stop.
            let _ = tending.await;
            let _ = comparing.await;
            // What was begun before the end is done by now.
            if let Err(failure) = service.0.count_own().await {
                error!(error = %failure, "Could not count events at the end; they are found later");
            }
        });
        (connector, handle)
    }
}

/// Beside the answers: what was looked up is compared a little later.
async fn compare_until(inner: Arc<Inner>, cancel: CancellationToken) {
    loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(COMPARED_EVERY) => {}
        }
        if let Err(failure) = inner.compare_lookups().await {
            error!(error = %failure, "Could not compare what was looked up");
        }
    }
}

async fn answer_all(inner: Arc<Inner>, mut receiver: mpsc::Receiver<Envelope>, cancel: CancellationToken) {
    let tasks = TaskTracker::new();
    let at_once = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let envelope = tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            envelope = receiver.recv() => envelope,
        };
        let Some(envelope) = envelope else { break };
        if let Some(outcome) = inner.on_the_spot(&envelope) {
            // Nobody waits any more: nothing is lost, since nothing was changed.
            let _ = envelope.answer.send(outcome);
            continue;
        }
        if tasks.len() >= MOST {
            metrics::counter!("kuvert_keys_refused_total", "why" => "crowded").increment(1);
            let _ = envelope.answer.send(Err(KeysError::Unavailable));
            continue;
        }
        let inner = Arc::clone(&inner);
        let at_once = Arc::clone(&at_once);
        tasks.spawn(async move {
            let _turn = at_once.acquire().await;
            let Envelope { role, request, answer } = envelope;
            let outcome = inner.answer(role, request).await;
            let _ = answer.send(outcome);
        });
    }
    receiver.close();
    tasks.close();
    tasks.wait().await;
    debug!("The key service has answered everything");
}

impl Inner {
    /// What takes some microseconds and no database.
    fn on_the_spot(&self, envelope: &Envelope) -> Option<Outcome> {
        let request = &envelope.request;
        if !permitted(envelope.role, request) {
            return Some(self.refuse(envelope.role, request));
        }
        let began = Instant::now();
        let outcome = match request {
            Request::AddressMacs { caller, identities } if identities.len() <= FEW => {
                let counted = self.count_on_the_spot(envelope.role, caller, identities.len() as u64)?;
                counted.and_then(|()| self.address_macs(caller, identities)).map(Answer::AddressMacs)
            }
            Request::Grant { grant } => Ok(Answer::Grant(self.view(grant).map(Box::new))),
            Request::Applicant { grant } => self.applicant(grant).map(|it| Answer::Applicant(Box::new(it))),
            Request::BeginLogin { provider } => self.begin_login(provider).map(Answer::Nonce),
            Request::EndGrant { grant } => {
                self.end_grant(grant);
                Ok(Answer::Done)
            }
            Request::RequireFresh { grant } => self.require_fresh(grant).map(|()| Answer::Done),
            Request::LogIns { grant } => self.log_ins(grant).map(Answer::LogIns),
            Request::EndLogIn { grant, id } => self.end_log_in(grant, id).map(|()| Answer::Done),
            Request::EndOtherLogIns { grant } => self.end_other_log_ins(grant).map(|()| Answer::Done),
            _ => return None,
        };
        Some(told(request.name(), began, outcome))
    }

    pub(crate) async fn answer(&self, role: Role, request: Request) -> Outcome {
        if !permitted(role, &request) {
            return self.refuse(role, &request);
        }
        let name = request.name();
        let began = Instant::now();
        // Boxed, since the state of the largest request would otherwise stand in every task.
        let outcome = Box::pin(self.act(role, request)).await;
        told(name, began, outcome)
    }

    async fn act(&self, role: Role, request: Request) -> Result<Answer, Failure> {
        Ok(match request {
            Request::GatewayKeys => Answer::GatewayKeys(Box::new(self.gateway_keys().await?)),
            Request::WebKeys => Answer::WebKeys(Box::new(self.web_keys()?)),
            Request::NotifierKeys => Answer::NotifierKeys(Box::new(self.notifier_keys()?)),
            Request::PublicKeys => Answer::PublicKeys(self.public_keys()),
            Request::AddressMacs { caller, identities } => {
                self.count_lookups(role, &caller, identities.len() as u64).await?;
                Answer::AddressMacs(self.address_macs(&caller, &identities)?)
            }
            Request::PersonMacs { identities } => Answer::PersonMacs(self.person_macs(&identities)?),
            Request::Statements { address_macs } => Answer::Statements(self.statements(&address_macs).await?),
            Request::RegistryStatements => Answer::RegistryStatements(self.registry_statements().await?),
            Request::Change { by, change } => Answer::Changed(self.change(&by, &change).await?),
            Request::MakeMailboxKeys { mailboxes } => {
                Answer::MailboxKeys(self.make_mailbox_keys(&mailboxes).await?)
            }
            Request::SealColumns { items } => Answer::Sealed(self.seal_columns(&items)?),
            Request::OpenColumns { access, items } => {
                Answer::Opened(self.open_columns(&access, &items).await?)
            }
            Request::BeginLogin { provider } => Answer::Nonce(self.begin_login(&provider)?),
            Request::FinishLogin { provider, answer, nonce, device, instead_of } => {
                let attempt = Attempt { provider: &provider, nonce: &nonce, device, instead_of };
                Answer::LoggedIn(Box::new(self.finish_login(attempt, answer).await?))
            }
            Request::Grant { grant } => Answer::Grant(self.view(&grant).map(Box::new)),
            Request::Applicant { grant } => Answer::Applicant(Box::new(self.applicant(&grant)?)),
            Request::RefreshPerson { grant } => {
                self.refresh_person(&grant).await?;
                Answer::Done
            }
            Request::EndGrant { grant } => {
                self.end_grant(&grant);
                Answer::Done
            }
            Request::RequireFresh { grant } => {
                self.require_fresh(&grant)?;
                Answer::Done
            }
            Request::LogIns { grant } => Answer::LogIns(self.log_ins(&grant)?),
            Request::EndLogIn { grant, id } => {
                self.end_log_in(&grant, &id)?;
                Answer::Done
            }
            Request::EndOtherLogIns { grant } => {
                self.end_other_log_ins(&grant)?;
                Answer::Done
            }
            Request::Rights { grant } => Answer::Rights(self.rights_of(&grant).await?),
            Request::Headers { grant, mailbox, letters } => {
                Answer::Headers(self.headers(&grant, mailbox, letters).await?)
            }
            Request::Content { grant, mailbox, letter } => {
                Answer::Letter(Box::new(self.content(&grant, mailbox, letter).await?))
            }
            Request::History { grant, mailbox, letter } => {
                Answer::History(self.history(&grant, mailbox, letter).await?)
            }
            Request::Committed { batch } => {
                self.count_batch(&batch).await?;
                Answer::Done
            }
            Request::EventsBefore { letter } => Answer::Opened(self.events_before(letter).await?),
            Request::OutboundKey { letter } => Answer::Content(self.outbound_key(letter).await?.into()),
            Request::UseAgreement { agreement } => {
                self.use_agreement(*agreement).await?;
                Answer::Done
            }
            Request::EndAgreements { recipient, act } => {
                self.end_agreements(&recipient, &act).await?;
                Answer::Done
            }
            Request::LookupQuota { caller } => Answer::LookupQuota(self.lookup_quota(&caller).await?),
            Request::SetLookupQuota { caller, daily } => {
                self.set_lookup_quota(&caller, daily).await?;
                Answer::Done
            }
            Request::Status => Answer::Status(self.status().await?),
            Request::Rotate { purpose } => Answer::Rotated(self.rotate(&purpose).await?),
        })
    }

    fn refuse(&self, role: Role, request: &Request) -> Outcome {
        info!(
            role = role.as_str(),
            request = request.name(),
            "Refused a request that this role may not send"
        );
        metrics::counter!("kuvert_keys_refused_total", "why" => "role").increment(1);
        Err(KeysError::NotAllowed)
    }
}

/// Counts, logs what is ours to mend, and tells the asker only what concerns them.
fn told(name: &'static str, began: Instant, outcome: Result<Answer, Failure>) -> Outcome {
    metrics::histogram!("kuvert_keys_request_seconds", "request" => name).record(began.elapsed());
    let (label, outcome) = match outcome {
        Ok(answer) => ("done", Ok(answer)),
        Err(failure) => {
            if let Failure::Budget(which) = &failure {
                info!(request = name, budget = *which, "A budget of the key service is used up");
                metrics::counter!("kuvert_keys_refused_total", "why" => *which).increment(1);
            }
            if failure.is_unreadable() {
                metrics::counter!("kuvert_unvouched_total", "table" => "unreadable").increment(1);
            }
            if failure.is_ours() {
                error!(request = name, error = %failure, "The key service could not answer");
            }
            (if failure.is_ours() { "failed" } else { "refused" }, Err(failure.told()))
        }
    };
    metrics::counter!("kuvert_keys_requests_total", "request" => name, "outcome" => label).increment(1);
    outcome
}

/// What was looked up is compared with what is known so often.
const COMPARED_EVERY: Duration = Duration::from_secs(1);
/// Requests that may wait before those who ask are made to wait.
const WAITING: usize = 1024;
/// Requests worked on at once; others take turns.
const AT_ONCE: usize = 64;
/// Requests taken in at once; more are refused.
const MOST: usize = 4096;
/// Tags made on the spot; some 50 µs.
const FEW: usize = 64;
