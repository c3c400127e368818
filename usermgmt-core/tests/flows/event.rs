//! What the application is told, and when.

use std::sync::{Arc, Mutex};

use usermgmt_core::event::{DeletionReason, Event, EventKind, FactorChange, SignInFailure};
use usermgmt_core::flows::{ChangeUser, UpdateProfile};
use usermgmt_core::mail::{MailError, MailKind};
use usermgmt_core::model::user::Role;
use usermgmt_core::store::UserChange;
use usermgmt_core::store::directory::AuditFilter;

use crate::fixture::*;

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Event>>>);

impl Told {
    /// The kinds of what was told since the last time.
    fn take(&self) -> Vec<EventKind> {
        let events = std::mem::take(&mut *self.0.lock().unwrap());
        events.into_iter().map(|event| event.kind).collect()
    }
}

async fn world() -> (World, Told) {
    let told = Told::default();
    let sink = told.clone();
    let world = World::built(|builder| {
        builder.events(move |event: &Event| sink.0.lock().unwrap().push(event.clone()))
    })
    .await;
    (world, told)
}

#[tokio::test]
async fn an_account_is_told_of_from_registration_to_deletion() {
    let (world, told) = world().await;
    world.register("ann").await;
    assert_eq!(told.take(), [EventKind::Registered]);
    let link = link_token(&world.mailed(MailKind::Confirmation).await);
    let ann = world.auth.confirm(&link, &home()).await.unwrap();
    let events = std::mem::take(&mut *told.0.lock().unwrap());
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, EventKind::Confirmed);
    assert_eq!((&events[0].user_id, events[0].at), (&Some(ann.id), world.now()));
    let signed_in = world.sign_in("ann").await;
    let methods = vec!["pwd".to_owned()];
    assert_eq!(told.take(), [EventKind::SignedIn { session: signed_in.session.id, methods }]);
    let current = world.current(&signed_in).await;
    world.auth.delete_account(&current, None).await.unwrap();
    assert_eq!(told.take(), [EventKind::Deleted { reason: DeletionReason::Requested }]);
}

#[tokio::test]
async fn whoever_is_confirmed_on_the_way_is_told_of_as_confirmed_too() {
    let (world, told) = world().await;
    world.register("ann").await;
    // Somebody else's registration of the address: its owner chooses a password.
    world.try_register("eve", "ann@example.com", OTHER).await.unwrap();
    let mails = world.mail().await;
    let mail = mails.iter().find(|mail| mail.kind == MailKind::ChoosePassword).unwrap();
    told.take();
    world.auth.reset_password(&link_token(mail), &typed(THIRD), &home()).await.unwrap();
    let changed = EventKind::PasswordChanged { by_reset: true };
    assert_eq!(told.take(), [changed, EventKind::Confirmed]);

    world.register("bob").await;
    let bob = world.find("bob").await.unwrap().id;
    told.take();
    world.store.take_applied();
    let to = |address: &str, email_confirmed| ChangeUser {
        email: Some(email(address)),
        email_confirmed,
        ..ChangeUser::default()
    };
    let change = to("bob@example.net", true);
    world.auth.change_user(&by(), &bob, &change).await.unwrap();
    assert_eq!(told.take(), [EventKind::EmailChanged, EventKind::Confirmed]);
    let lists = world.store.take_applied();
    assert_eq!(lists[0].of_users(), [UserChange::Confirmed { id: &bob }]);

    // Of somebody who is confirmed it is a change of address.
    let change = to("bob@example.org", true);
    world.auth.change_user(&by(), &bob, &change).await.unwrap();
    assert_eq!(told.take(), [EventKind::EmailChanged]);
    assert_eq!(world.store.take_applied()[0].of_users(), []);
    world.auth.change_user(&by(), &bob, &to("bob@example.com", false)).await.unwrap();
    assert_eq!(told.take(), [EventKind::EmailChanged]);
    world.auth.confirm_user(&by(), &bob).await.unwrap();
    assert_eq!(told.take(), [EventKind::Confirmed]);
}

#[tokio::test]
async fn a_registration_that_lapses_or_was_somebody_elses_is_told_as_such() {
    let (world, told) = world().await;
    world.register("ann").await;
    let token = not_me_token(&world.mailed(MailKind::Confirmation).await);
    told.take();
    world.auth.not_me_link(&token, &home()).await.unwrap();
    assert_eq!(told.take(), [EventKind::Deleted { reason: DeletionReason::NotMe }]);
    world.register("bob").await;
    world.later(30 * DAY);
    told.take();
    world.auth.purge().await.unwrap();
    assert_eq!(told.take(), [EventKind::Deleted { reason: DeletionReason::Expired }]);
}

#[tokio::test]
async fn refused_sign_ins_are_told_with_what_was_wrong() {
    let (world, told) = world().await;
    let ann = world.member("ann").await;
    told.take();
    assert!(!world.signs_in("ann", OTHER).await);
    assert!(!world.signs_in("nobody", OTHER).await);
    let events = std::mem::take(&mut *told.0.lock().unwrap());
    let failed = EventKind::SignInFailed { reason: SignInFailure::Credentials };
    let users: Vec<_> = events.iter().map(|event| event.user_id.clone()).collect();
    assert_eq!(users, [Some(ann.id), None]);
    assert!(events.iter().all(|event| event.kind == failed), "{events:?}");
}

#[tokio::test]
async fn changes_of_password_profile_and_factor_are_told_apart() {
    let (world, told) = world().await;
    let (_, current) = world.signed_in_member("ann").await;
    told.take();
    let update = UpdateProfile {
        password: Some(typed(OTHER)),
        current_password: Some(typed(PASSWORD)),
        first_name: Some(text("Ann")),
        ..UpdateProfile::default()
    };
    world.auth.update_profile(&current, &update).await.unwrap();
    let fields = vec!["first_name".to_owned()];
    assert_eq!(
        told.take(),
        [EventKind::PasswordChanged { by_reset: false }, EventKind::ProfileChanged { fields }]
    );
    let current = world.again(&current).await;
    world.enrol(&current).await;
    assert_eq!(told.take(), [EventKind::FactorChanged(FactorChange::Enabled)]);
}

#[tokio::test]
async fn a_role_that_changes_is_audited_and_told_alike_by_either_way() {
    let (world, told) = world().await;
    let ann = world.member("ann").await;
    world.auth.set_role(&by(), &world.member("root").await.id, Role::Admin).await.unwrap();
    told.take();
    let fields = vec!["role".to_owned()];
    let to = |role| ChangeUser { role: Some(role), ..ChangeUser::default() };
    world.auth.set_role(&by(), &ann.id, Role::Admin).await.unwrap();
    assert_eq!(told.take(), [EventKind::ProfileChanged { fields: fields.clone() }]);
    world.auth.change_user(&by(), &ann.id, &to(Role::User)).await.unwrap();
    assert_eq!(told.take(), [EventKind::ProfileChanged { fields: fields.clone() }]);
    let filter = AuditFilter {
        user: Some(ann.id),
        action: Some("user.updated".to_owned()),
        ..AuditFilter::default()
    };
    let log = world.auth.admin_audit(&filter, 50, None).await.unwrap();
    let details: Vec<_> = log.rows.into_iter().map(|entry| entry.detail).collect();
    assert_eq!(details, [fields.clone(), fields]);
}

#[tokio::test]
async fn a_session_that_ends_is_told_with_how() {
    let (world, told) = world().await;
    let (signed_in, current) = world.signed_in_member("ann").await;
    let old = signed_in.tokens.refresh_token.expose();
    let next = world.auth.refresh(old, &home()).await.unwrap();
    world.auth.refresh(next.refresh_token.expose(), &home()).await.unwrap();
    told.take();
    world.auth.refresh(old, &home()).await.unwrap_err();
    let session = current.session.id;
    assert_eq!(told.take(), [EventKind::RefreshReused { session }]);
    let other = world.current(&world.sign_in("ann").await).await;
    told.take();
    world.auth.sign_out(&other).await.unwrap();
    let session = other.session.id;
    assert_eq!(told.take(), [EventKind::SessionEnded { session }]);
    let cookie = world.auth.browser_cookie(&world.sign_in("ann").await.session);
    let another = world.auth.current_in_browser(cookie.expose(), &home()).await.unwrap();
    told.take();
    let (old, new) = (another.session.id, world.auth.renew_session(&another).await.unwrap().id);
    assert_ne!(old, new);
    assert_eq!(told.take(), [EventKind::SessionRenewed { old, new }]);
    world.auth.sign_out_all(&current.user.id, &home()).await.unwrap();
    assert_eq!(told.take(), [EventKind::AllSessionsEnded]);
}

#[tokio::test]
async fn a_mail_that_is_given_up_is_told() {
    let (world, told) = world().await;
    world.mailer.fail_always(Some(MailError::Permanent("no such mailbox".to_owned())));
    world.register("ann").await;
    told.take();
    world.mail().await;
    match &told.take()[..] {
        [EventKind::MailGivenUp { error, .. }] => assert_eq!(error, "no such mailbox"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn nothing_is_told_of_what_was_not_committed() {
    let (world, told) = world().await;
    let signed_in = world.signed_in_member("ann").await.0;
    let current = world.current(&signed_in).await;
    told.take();
    world.store.fail_next(1);
    world.auth.sign_out(&current).await.unwrap_err();
    assert_eq!(told.take(), []);
    world.store.heal();
    // Its guard fails: there is no such session any more.
    world.auth.sign_out(&current).await.unwrap();
    told.take();
    world.auth.sign_out(&current).await.unwrap();
    assert_eq!(told.take(), []);
}

#[tokio::test]
async fn a_sink_that_panics_changes_no_answer() {
    let world = World::built(|builder| builder.events(|_: &Event| panic!("in the sink"))).await;
    world.member("ann").await;
    assert!(world.signs_in("ann", PASSWORD).await);
}
