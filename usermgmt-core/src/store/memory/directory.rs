//! Lists for administrators.

use async_trait::async_trait;

use super::MemoryStore;
use super::state::{Person, State, UserRow};
use crate::clock::Timestamp;
use crate::model::audit::AuditEntry;
use crate::model::ids::{MailId, ServiceKeyId, UserId};
use crate::model::mail::StoredMail;
use crate::model::service_key::ServiceKey;
use crate::model::user::Role;
use crate::store::StoreError;
use crate::store::directory::{
    AuditFilter, AuditPosition, DirectoryStore, ListedUser, Page, Paged, SIGNED_IN, Summary,
    UserPosition, UserQuery, summary_days,
};

impl State {
    fn listed(&self, person: &Person) -> ListedUser {
        let id = &person.user.id;
        let has_totp = self.factors.get(id).is_some_and(|row| row.totp.is_confirmed());
        ListedUser {
            user: person.user.clone(),
            mfa_enabled: has_totp || self.passkeys.of(id).next().is_some(),
            last_sign_in_at: person.last_sign_in_at,
        }
    }

    fn all_listed(&self) -> impl Iterator<Item = ListedUser> {
        self.users.rows().filter_map(UserRow::person).map(|person| self.listed(person))
    }
}

/// Of rows in the order of their positions, those of the page.
fn page<T, P: Clone + Ord>(rows: Vec<(P, T)>, paged: &Paged<P>, descending: bool) -> Page<T, P> {
    let mut rows: Vec<(P, T)> =
        rows.into_iter().filter(|(position, _)| paged.reaches(position, descending)).collect();
    if descending != paged.is_backward() {
        rows.reverse();
    }
    rows.truncate(paged.to_read());
    Page::of_read(rows, paged, |(position, _)| position.clone()).map(|(_, row)| row)
}

#[async_trait]
impl DirectoryStore for MemoryStore {
    async fn list_users(
        &self,
        query: &UserQuery,
    ) -> Result<Page<ListedUser, UserPosition>, StoreError> {
        Ok(query.answer(self.state()?.all_listed()))
    }

    async fn listed_user(&self, id: &UserId) -> Result<Option<ListedUser>, StoreError> {
        let state = self.state()?;
        let person = state.users.get(id).and_then(UserRow::person);
        Ok(person.map(|person| state.listed(person)))
    }

    async fn list_audit(
        &self,
        filter: &AuditFilter,
        paged: &Paged<AuditPosition>,
    ) -> Result<Page<AuditEntry, AuditPosition>, StoreError> {
        let state = self.state()?;
        let entries = state.audit.rows().filter(|entry| filter.admits(entry));
        let mut entries: Vec<(AuditPosition, AuditEntry)> =
            entries.map(|entry| (AuditPosition::of(entry), entry.clone())).collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(page(entries, paged, true))
    }

    async fn list_dead_mail(
        &self,
        paged: &Paged<MailId>,
    ) -> Result<Page<StoredMail, MailId>, StoreError> {
        let state = self.state()?;
        let dead = state.mails.rows().filter(|mail| mail.dead_at.is_some());
        Ok(page(dead.map(|mail| (mail.id.clone(), Ok(mail.clone()))).collect(), paged, false))
    }

    async fn list_service_keys(
        &self,
        paged: &Paged<ServiceKeyId>,
    ) -> Result<Page<ServiceKey, ServiceKeyId>, StoreError> {
        let state = self.state()?;
        let keys = state.service_keys.rows();
        Ok(page(keys.map(|key| (key.id.clone(), key.clone())).collect(), paged, false))
    }

    async fn summary(&self, now: Timestamp) -> Result<Summary, StoreError> {
        let state = self.state()?;
        let mut summary = Summary {
            registered: summary_days(now),
            signed_in: summary_days(now),
            ..Summary::default()
        };
        for row in state.all_listed() {
            summary.users += 1;
            summary.unconfirmed += u64::from(!row.user.is_email_confirmed());
            summary.disabled += u64::from(row.user.disabled_at.is_some());
            summary.admins += u64::from(row.user.role == Role::Admin);
            summary.mfa_enabled += u64::from(row.mfa_enabled);
            Summary::count(&mut summary.registered, row.user.created_at, 1);
        }
        for entry in state.audit.rows().filter(|entry| entry.action == SIGNED_IN) {
            Summary::count(&mut summary.signed_in, entry.at, 1);
        }
        let live = state.sessions.rows().filter(|session| now < session.expires_at);
        summary.sessions = u64::try_from(live.count()).unwrap_or(u64::MAX);
        let retried = state.mails.rows().filter(|mail| mail.dead_at.is_none() && mail.attempts > 0);
        summary.mails_retried = u64::try_from(retried.count()).unwrap_or(u64::MAX);
        Ok(summary)
    }
}
