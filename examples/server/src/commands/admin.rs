//! Administrators, and the first of them.

use std::io::IsTerminal as _;
use std::time::Duration;

use usermgmt_core::flows::{Invite, InviteError};
use usermgmt_core::store::directory::UserFilter;
use usermgmt_core::{Auth, Email, PlaintextPassword, Redacted, Role, Username};

use super::people::{failure, find, list, operator};
use crate::cli::AdminAction;
use crate::failure::Failure;
use crate::output::print_line;
use crate::settings::Settings;
use crate::setup;

/// How long a setup link is good.
const LINK_LIFE: Duration = Duration::from_secs(24 * 3600);
/// The longest username.
const LONGEST_NAME: usize = 64;
/// What the account is called that a start makes; its owner can change both.
const FIRST: (&str, &str) = ("administrator", "administrator@localhost");

/// Does it. Works while a server runs on the same store.
pub(crate) async fn run(action: AdminAction, settings: &Settings) -> Result<(), Failure> {
    let auth = setup::auth(settings, settings.listen, None).await?;
    match action {
        AdminAction::Create { email, username, link } => {
            create(&auth, &email, username.as_deref(), link).await
        }
        AdminAction::Promote { user } => set_role(&auth, &user, Role::Admin).await,
        AdminAction::Demote { user } => set_role(&auth, &user, Role::User).await,
        AdminAction::List { json } => {
            let admins = UserFilter { role: Some(Role::Admin), ..UserFilter::default() };
            list(&auth, admins, json).await
        }
    }
}

async fn set_role(auth: &Auth, user: &str, role: Role) -> Result<(), Failure> {
    let id = find(auth, user).await?.id;
    let user = auth.set_role(&operator(), &id, role).await.map_err(failure)?;
    print_line(&format!("{} ({}): role {}", user.username.as_str(), user.id, user.role.as_str()))
}

async fn create(
    auth: &Auth,
    email: &str,
    username: Option<&str>,
    link: bool,
) -> Result<(), Failure> {
    let email = Email::parse_with(email, auth.config().email_domains())
        .map_err(|error| Failure::Setting(format!("--email {email}: {error}")))?;
    let local = email.as_str().split('@').next().unwrap_or_default();
    let name = username.unwrap_or(local);
    let username = Username::parse(name, LONGEST_NAME).map_err(|error| {
        Failure::Setting(format!("--username {name}: {error}; give one by --username"))
    })?;
    let password = if link { None } else { ask_password()? };
    let invite = invite(username, email, password);
    let made = auth.invite(&operator(), &invite).await.map_err(|error| match error {
        InviteError::Service(error) => Failure::new("admin create", &error),
        InviteError::EmailTaken => Failure::Other(format!(
            "admin create: {error}: `admin promote` makes it an administrator, `user send-reset` \
             mails a link"
        )),
        other => Failure::Other(format!("admin create: {other}")),
    })?;
    match made.link {
        Some(link) => print_line(link.expose()),
        None => {
            print_line(&format!("{} ({}): role admin", made.user.username.as_str(), made.user.id))
        }
    }
}

fn invite(username: Username, email: Email, password: Option<PlaintextPassword>) -> Invite {
    Invite {
        username,
        email,
        role: Role::Admin,
        first_name: None,
        last_name: None,
        gender: None,
        locale: None,
        password,
        mail: false,
        life: LINK_LIFE,
    }
}

/// The password, typed twice and not shown; `None` where none is typed, or
/// nobody sits there.
fn ask_password() -> Result<Option<PlaintextPassword>, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let ask = |prompt: &str| {
        rpassword::prompt_password(prompt)
            .map_err(|error| Failure::new("cannot read the password", &error))
    };
    let password = zeroize::Zeroizing::new(ask("Password (empty for a link instead): ")?);
    if password.is_empty() {
        return Ok(None);
    }
    let again = zeroize::Zeroizing::new(ask("Again: ")?);
    if *password != *again {
        return Err(Failure::Other("the two passwords differ".to_owned()));
    }
    Ok(Some(PlaintextPassword::new(password.to_string())))
}

/// Makes an administrator where there is none, and a link to choose the password;
/// `None` where there is one, or the account's name or address is taken: as by another
/// process that starts at once.
pub(super) async fn make_first(auth: &Auth) -> Result<Option<Redacted<String>>, Failure> {
    let admins = UserFilter { role: Some(Role::Admin), ..UserFilter::default() };
    let admins = auth.admin_users(&admins, 1, None).await;
    let admins = admins.map_err(|error| Failure::new("administrators", &error))?;
    if !admins.rows.is_empty() {
        return Ok(None);
    }
    let (name, email) = FIRST;
    let username = Username::from_stored(name.to_owned(), name.to_owned());
    let email = Email::from_stored(email.to_owned(), email.to_owned());
    match auth.invite(&operator(), &invite(username, email, None)).await {
        Ok(made) => Ok(made.link),
        Err(InviteError::EmailTaken | InviteError::UsernameTaken) => Ok(None),
        Err(error) => Err(Failure::new("the first administrator", &error)),
    }
}
