//! People's accounts, for whoever runs the server.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use serde_json::{Value, json};
use usermgmt_core::store::directory::UserFilter;
use usermgmt_core::{Auth, Session, User};

use super::people::{as_json, failure, find, list, not_served, operator};
use crate::cli::UserAction;
use crate::failure::Failure;
use crate::output::{print_line, time};
use crate::settings::Settings;
use crate::setup;

/// Does it. Works while a server runs on the same store.
pub(crate) async fn run(action: UserAction, settings: &Settings) -> Result<(), Failure> {
    let auth = setup::auth(settings, settings.listen, None).await?;
    let by = operator();
    match action {
        UserAction::List { json } => list(&auth, UserFilter::default(), json).await,
        UserAction::Show { user, json } => show(&auth, &find(&auth, &user).await?, json).await,
        UserAction::Disable { user } => {
            let id = find(&auth, &user).await?.id;
            done(&auth.disable_user(&by, &id).await.map_err(failure)?, "disabled")
        }
        UserAction::Enable { user } => {
            let id = find(&auth, &user).await?.id;
            done(&auth.enable_user(&by, &id).await.map_err(failure)?, "enabled")
        }
        UserAction::Confirm { user } => {
            let id = find(&auth, &user).await?.id;
            done(&auth.confirm_user(&by, &id).await.map_err(failure)?, "confirmed")
        }
        UserAction::SignOut { user } => {
            let id = find(&auth, &user).await?.id;
            done(&auth.sign_out_user(&by, &id).await.map_err(failure)?, "signed out everywhere")
        }
        UserAction::SendReset { user } => {
            let id = find(&auth, &user).await?.id;
            let user = auth.send_reset(&by, &id).await.map_err(failure)?;
            match user.disabled_at {
                None => done(&user, "a link to choose a new password is queued"),
                Some(_) => Err(Failure::Other(format!(
                    "{} is disabled: nothing is mailed; enable the account first",
                    user.username.as_str()
                ))),
            }
        }
        UserAction::ResetMfa { user } => {
            let id = find(&auth, &user).await?.id;
            done(&auth.reset_user_mfa(&by, &id).await.map_err(failure)?, "has no second factor now")
        }
        UserAction::Export { user } => export(&auth, &find(&auth, &user).await?).await,
        UserAction::Delete { user, yes } => {
            let user = find(&auth, &user).await?;
            if !yes && !is_sure(&user)? {
                return Err(Failure::Other("nothing was deleted".to_owned()));
            }
            auth.remove_user(&by, &user.id).await.map_err(failure)?;
            done(&user, "deleted")
        }
    }
}

fn done(user: &User, what: &str) -> Result<(), Failure> {
    print_line(&format!("{} ({}): {what}", user.username.as_str(), user.id))
}

/// Asks whoever sits there.
fn is_sure(user: &User) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Setting("user delete asks on a terminal; elsewhere say --yes".into()));
    }
    let cannot = |error| Failure::new("cannot ask", &error);
    let mut out = std::io::stderr();
    write!(
        out,
        "Delete {} <{}> and everything that is theirs? This cannot be undone. [y/N] ",
        user.username.as_str(),
        user.email.as_str()
    )
    .and_then(|()| out.flush())
    .map_err(cannot)?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(cannot)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// A user with what hangs on them, as the admin API shows it.
async fn whole(auth: &Auth, user: &User) -> Result<Value, Failure> {
    let store = |error| Failure::new("users", &error);
    let listed = auth.admin_user(&user.id).await.map_err(failure)?;
    let sessions = auth.sessions(&user.id).await.map_err(|error| not_served(&error))?;
    let mut all = as_json(&listed);
    all["recovery_codes_left"] =
        json!(auth.store().recovery_codes_left(&user.id).await.map_err(store)?);
    all["sessions"] = sessions.iter().map(session).collect();
    Ok(all)
}

fn session(session: &Session) -> Value {
    json!({
        "id": session.id.to_string(),
        "created_at": time(Some(session.created_at)),
        "last_seen_at": time(Some(session.last_seen_at)),
        "expires_at": time(Some(session.expires_at)),
        "ip": session.ip,
        "user_agent": session.user_agent,
    })
}

async fn show(auth: &Auth, user: &User, json: bool) -> Result<(), Failure> {
    let all = whole(auth, user).await?;
    if json {
        return print_line(&all.to_string());
    }
    let Value::Object(fields) = all else { return Ok(()) };
    for (name, value) in fields {
        let text = match value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.replace(char::is_control, " "),
            Value::Array(items) => items.len().to_string(),
            other => other.to_string(),
        };
        print_line(&format!("{name:<20} {text}"))?;
    }
    Ok(())
}

/// Everything that is kept about the person, as one JSON document.
async fn export(auth: &Auth, user: &User) -> Result<(), Failure> {
    let document = auth.export_user(&user.id).await.map_err(failure)?;
    print_line(&format!("{document:#}"))
}
