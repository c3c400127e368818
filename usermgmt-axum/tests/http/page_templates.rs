//! Texts, languages and a layout of an operator's own.

use std::path::Path;

use tempfile::TempDir;
use toml::{Table, Value};
use usermgmt_axum::{PageLook, export_page_templates};
use usermgmt_core::mail::MailKind;

use crate::admin::Admin;
use crate::admin_pages::{ROOT, desk};
use crate::harness::{ADA, App, Reply, app, app_with, path_of};
use crate::tab::Browser;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

async fn app_from(folder: &Path) -> App {
    let look = PageLook::default().templates(folder).unwrap();
    app_with(|_, http| http.look = look).await
}

async fn app_of(files: &[(&str, &str)]) -> App {
    app_from(folder(files).path()).await
}

async fn page(app: &App, path: &str, language: &str) -> Reply {
    let call = app.get(path).header("accept", "text/html").header("accept-language", language);
    call.send().await
}

/// The mailed link to choose a new password.
async fn reset_link(app: &App) -> String {
    let body = serde_json::json!({"email": ADA});
    app.post("/api/v1/password/forgot", body).await.has_status(200);
    path_of(&app.mail(MailKind::PasswordReset, ADA).await)
}

/// A page of each kind: behind a mailed link, of an account, of the administration, and
/// others that differ in what they show.
async fn pages(admin: &Admin) -> Vec<(String, Reply)> {
    let app = &admin.app;
    app.register("ada", ADA).await.has_status(201);
    let confirmation = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    let mut pages = vec![(confirmation.clone(), page(app, &confirmation, "en").await)];
    app.call("POST", &confirmation).send().await.has_status(200);
    for path in [
        reset_link(app).await.as_str(),
        "/reset-password?token=none",
        "/account/sign-in",
        "/account/register",
        "/account/forgot",
    ] {
        pages.push((path.to_owned(), page(app, path, "en").await));
    }
    let mut browser = desk(admin).await;
    let user = format!("{ROOT}/users/{}", admin.root.user_id);
    let admin_pages = ["/", "/users", "/users/new", "/audit", "/mail", "/service-keys"];
    let mut paths: Vec<String> = admin_pages.iter().map(|path| format!("{ROOT}{path}")).collect();
    paths.extend(["/account".to_owned(), user.clone(), format!("{user}/disable")]);
    for path in paths {
        let reply = browser.open(&path).await;
        pages.push((path, reply));
    }
    let wrong = [("identifier", ADA), ("password", "not the password")];
    let mut guest = Browser::new(app);
    guest.open("/account/sign-in").await;
    pages.push(("wrong".to_owned(), guest.post("/account/sign-in", &wrong).await));
    pages
}

#[tokio::test]
async fn texts_of_ones_own_are_on_pages_of_every_kind() {
    let english = "[reset]\ntitle = 'Pick a password'\ntext = 'Take {min} characters.'\n\
        [account]\nsign_in = 'Come in'\n[admin]\ndashboard = 'Today'\n\
        [admin.actions.disable]\nlabel = 'Lock'\n[front]\ntext = 'Accounts of ours'";
    let admin = Admin::over(app_of(&[("en.toml", english)]).await).await;
    let shown = pages(&admin).await;
    let says = |path: &str, said: &str| {
        let (_, reply) = shown.iter().find(|(known, _)| known.starts_with(path)).unwrap();
        assert!(reply.text.contains(said), "{path}: {}", reply.text);
    };
    says("/reset-password?token=um", "<h1>Pick a password</h1>");
    says("/reset-password?token=um", "<p>Take 8 characters.</p>");
    says("/reset-password?token=um", ">Set the password</button>");
    says("/account/sign-in", "<h1>Come in</h1>");
    says("/account/sign-in", "Forgot your password?");
    says("/web3m-admin/", "<h1>Today</h1>");
    says(&format!("/web3m-admin/users/{}", admin.root.user_id), "Lock");
    let front = page(&admin.app, "/", "en").await;
    assert!(front.text.contains("Accounts of ours"));
    let german = page(&admin.app, "/account/sign-in", "de").await;
    assert!(german.text.contains("<h1>Anmelden</h1>"), "{}", german.text);
}

#[tokio::test]
async fn a_language_of_ones_own_is_spoken_to_who_likes_it_or_has_it_in_the_account() {
    let app = app_of(&[
        ("fr.toml", "[account]\nsign_in = 'Se connecter'\n[reset]\ntitle = 'Nouveau mot'"),
        ("pt_BR.toml", "[account]\nsign_in = 'Entrar'"),
    ])
    .await;
    for (liked, lang, said) in [
        ("fr-CA, en;q=0.5", "fr", "Se connecter"),
        ("pt-br", "pt-br", "Entrar"),
        ("nl, fr;q=0.5, en;q=0.1", "fr", "Se connecter"),
        ("pt", "en", "Sign in"),
        ("nl", "en", "Sign in"),
    ] {
        let sign_in = page(&app, "/account/sign-in", liked).await.text;
        assert!(sign_in.contains(&format!("<html lang=\"{lang}\">")), "{liked}: {sign_in}");
        assert!(sign_in.contains(&format!("<h1>{said}</h1>")), "{liked}: {sign_in}");
        assert!(sign_in.contains("Forgot your password?"), "{liked}: {sign_in}");
    }
    let body =
        serde_json::json!({"username": "ada", "email": ADA, "password": crate::harness::PASSWORD});
    let register = app.call("POST", "/api/v1/register").header("accept-language", "fr-FR");
    register.json(body).send().await.has_status(201);
    let confirmation = path_of(&app.mail(MailKind::Confirmation, ADA).await);
    app.call("POST", &confirmation).send().await.has_status(200);
    let link = reset_link(&app).await;
    let reset = page(&app, &link, "nl").await.text;
    assert!(reset.contains("<html lang=\"fr\">") && reset.contains("Nouveau mot"), "{reset}");
}

/// Puts this before every text of a file, which keeps what is filled in.
fn before_every_text(value: &mut Value, what: &str) {
    match value {
        Value::String(text) => *text = format!("{what}{text}"),
        Value::Table(table) => {
            table.iter_mut().for_each(|(_, value)| before_every_text(value, what))
        }
        _ => panic!("{value} is no text"),
    }
}

#[tokio::test]
async fn no_text_is_ever_html() {
    let exported = tempfile::tempdir().unwrap();
    export_page_templates(exported.path()).unwrap();
    let english = std::fs::read_to_string(exported.path().join("en.toml")).unwrap();
    let mut english = Value::Table(english.parse::<Table>().unwrap());
    before_every_text(&mut english, "\"'></title><img src=x>");
    let english = toml::to_string(&english).unwrap();
    let admin = Admin::over(app_of(&[("en.toml", &english)]).await).await;
    let mut shown = pages(&admin).await;
    shown.push(("/".to_owned(), page(&admin.app, "/", "en").await));
    for (path, reply) in shown {
        assert!(!reply.text.contains("<img src=x"), "{path}: {}", reply.text);
        assert!(!reply.text.contains("\"'>"), "{path}: {}", reply.text);
        assert!(reply.text.contains("&lt;img src=x&gt;"), "{path}: {}", reply.text);
    }
}

#[tokio::test]
async fn a_layout_of_ones_own_is_around_every_page_and_its_policy_stays() {
    let layout = "<html lang=\"{{ lang }}\" data-kind=\"{{ kind }}\">{{ head }}<body>\
        <p>{{ title }} at {{ product }}</p>{{ content }}</body></html>";
    let set = |config: &mut usermgmt_core::Config| config.product_name = "A & B".to_owned();
    let look = PageLook::default().templates(folder(&[("layout.html", layout)]).path()).unwrap();
    let ours = Admin::over(
        app_with(|config, http| {
            set(config);
            http.look = look;
        })
        .await,
    )
    .await;
    let plain = Admin::over(app_with(|config, _| set(config)).await).await;
    for ((path, own), (_, built_in)) in pages(&ours).await.iter().zip(pages(&plain).await) {
        let kind = match path.as_str() {
            path if path.starts_with(ROOT) => "admin",
            path if path.starts_with("/account") || path == "wrong" => "account",
            _ => "link",
        };
        let begins = format!("<html lang=\"en\" data-kind=\"{kind}\"><meta charset=\"utf-8\">");
        assert!(own.text.starts_with(&begins), "{path}: {}", own.text);
        assert!(own.text.contains(" at A &amp; B</p>"), "{path}: {}", own.text);
        assert!(own.text.contains("<main"), "{path}: {}", own.text);
        assert!(built_in.text.contains(&format!("<body class=\"{kind}\">")), "{path}");
        assert_eq!(own.status, built_in.status, "{path}");
        for header in ["content-security-policy", "content-type", "referrer-policy"] {
            assert_eq!(own.header(header), built_in.header(header), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_exported_changes_nothing_and_overwrites_nothing() {
    let exported = tempfile::tempdir().unwrap();
    let into = exported.path().join("new");
    assert_eq!(export_page_templates(&into).unwrap(), 4);
    let (ours, plain) = (app_from(&into).await, app().await);
    for path in ["/account/sign-in", "/account/register", "/reset-password?token=none"] {
        for language in ["en", "de", "pl"] {
            let (own, built_in) =
                (page(&ours, path, language).await, page(&plain, path, language).await);
            assert_eq!(own.text.trim(), built_in.text.trim(), "{path} {language}");
        }
    }
    let refused = export_page_templates(&into).unwrap_err().to_string();
    assert!(refused.contains("is there already; nothing was written"), "{refused}");
}

/// The block of the guide that begins with this line.
fn of_the_guide(first: &str) -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pages.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let (_, rest) = guide.split_once(&format!("\n{first}\n")).unwrap();
    rest.split("\n```").next().unwrap().to_owned()
}

#[tokio::test]
async fn the_guides_language_and_layout_work() {
    let french = of_the_guide("# fr.toml");
    let layout = of_the_guide("{# layout.html #}");
    let app = app_of(&[("fr.toml", &french), ("layout.html", &layout)]).await;
    app.confirmed("ada", ADA).await;
    let reset = page(&app, &reset_link(&app).await, "fr").await;
    assert!(reset.has_status(200).text.contains("<h1>Choisissez un nouveau mot de passe</h1>"));
    assert!(reset.text.contains("Au moins 8 caractères"), "{}", reset.text);
    assert!(reset.text.contains("https://example.com/imprint"), "{}", reset.text);
    let sign_in = page(&app, "/account/sign-in", "fr").await;
    assert!(sign_in.text.contains("<h1>Se connecter</h1>"), "{}", sign_in.text);
}
