//! Who calls: everybody whom the matrices of routes ask as, by an access token and by
//! the cookie of a browser.

use usermgmt_core::keys::KeyRing;
use usermgmt_core::store::MemoryStore;
use usermgmt_core::{Auth, Config};

use crate::harness::{App, Call, PASSWORD, Session, operator};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Anonymous,
    User,
    OtherUser,
    /// Who has shown the password, and not yet the second factor.
    PendingSecondFactor,
    Disabled,
    AdminWithoutSecondFactor,
    Admin,
}

impl Who {
    /// Whether they have a session that is good.
    pub(crate) fn is_in(self) -> bool {
        !matches!(self, Self::Anonymous | Self::PendingSecondFactor | Self::Disabled)
    }
}

pub(crate) struct Caller {
    pub(crate) name: &'static str,
    pub(crate) who: Who,
    /// What they have in place of an access token.
    pub(crate) token: Option<String>,
    /// What renews it.
    pub(crate) refresh: Option<String>,
    pub(crate) cookie: Option<String>,
    /// The token of the forms of the cookie's session.
    pub(crate) form_token: String,
}

impl Caller {
    /// Nobody, whatever they show.
    pub(crate) fn nobody(
        name: &'static str,
        token: Option<String>,
        cookie: Option<String>,
    ) -> Self {
        let (who, form_token) = (Who::Anonymous, "none".to_owned());
        Self { name, who, token, refresh: None, cookie, form_token }
    }

    pub(crate) async fn signed_in(
        name: &'static str,
        who: Who,
        app: &App,
        session: &Session,
    ) -> Self {
        let current = app.auth.current(&session.access).await.unwrap();
        Self {
            name,
            who,
            token: Some(session.access.clone()),
            refresh: Some(session.refresh.clone()),
            cookie: Some(app.auth.browser_cookie(&current.session).expose().clone()),
            form_token: app.auth.form_token(&current.session).expose().clone(),
        }
    }

    pub(crate) fn by_token<'a>(&self, call: Call<'a>) -> Call<'a> {
        match &self.token {
            Some(token) => call.bearer(token),
            None => call,
        }
    }

    /// From a page of this origin.
    pub(crate) fn by_cookie<'a>(&self, call: Call<'a>) -> Call<'a> {
        let call = call.header("sec-fetch-site", "same-origin");
        self.with_cookie(call)
    }

    /// By cookie, without a word on which page it is from.
    pub(crate) fn with_cookie<'a>(&self, call: Call<'a>) -> Call<'a> {
        match &self.cookie {
            Some(cookie) => call.header("cookie", &format!("__Host-usermgmt={cookie}")),
            None => call,
        }
    }
}

/// Everybody there is, under the names of this list.
pub(crate) async fn callers(app: &App) -> Vec<Caller> {
    let root = app.admin().await;
    let pending = app.sign_in("root@example.com", PASSWORD).await.field("mfa_token");
    let (user, other) = (somebody(app, "ann").await, somebody(app, "bob").await);
    let gone = somebody(app, "gone").await;
    let disabled = Caller::signed_in("disabled", Who::Disabled, app, &gone).await;
    app.auth.disable_user(&operator(), &gone.user_id.parse().unwrap()).await.unwrap();
    somebody(app, "single").await;
    let single = app.promoted("single@example.com").await;
    let without = "admin without second factor";
    vec![
        Caller::nobody("anonymous", None, None),
        Caller::signed_in("user", Who::User, app, &user).await,
        Caller::signed_in("other user", Who::OtherUser, app, &other).await,
        Caller {
            who: Who::PendingSecondFactor,
            ..Caller::nobody("pending second factor", Some(pending.clone()), Some(pending))
        },
        disabled,
        Caller::signed_in(without, Who::AdminWithoutSecondFactor, app, &single).await,
        Caller::signed_in("admin", Who::Admin, app, &root).await,
    ]
}

/// Somebody of this name, confirmed and signed in.
pub(crate) async fn somebody(app: &App, name: &str) -> Session {
    let email = format!("{name}@example.com");
    app.confirmed(name, &email).await;
    app.session(&email).await
}

/// The cookie that the same session has under another root secret.
pub(crate) async fn under_another_root(app: &App, access: &str) -> String {
    let config = Config::new("https://accounts.example.com".parse().unwrap());
    let keys = KeyRing::single((8..40).collect()).unwrap();
    let other = Auth::builder(MemoryStore::new(), keys, config).build().await.unwrap();
    other.browser_cookie(&app.auth.current(access).await.unwrap().session).expose().clone()
}
