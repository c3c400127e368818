//! A browser without script: it keeps cookies, and posts the forms that it is shown.

use std::collections::BTreeMap;

use url::form_urlencoded::Serializer;

use crate::harness::{App, Reply};

const SESSION: &str = "__Host-usermgmt";

pub(crate) struct Browser<'a> {
    app: &'a App,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What says where a form comes from.
    pub(crate) evidence: Vec<(&'static str, &'static str)>,
    pub(crate) language: &'static str,
    /// The page that is shown.
    pub(crate) page: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a App) -> Self {
        Self {
            app,
            cookies: BTreeMap::new(),
            evidence: vec![("sec-fetch-site", "same-origin")],
            language: "en",
            page: String::new(),
        }
    }

    pub(crate) async fn open(&mut self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    /// Posts these fields, and the hidden ones of the shown page's form of that path.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let mut body = Serializer::new(String::new());
        for (name, value) in self.hidden(path) {
            if !fields.iter().any(|(given, _)| *given == name) {
                body.append_pair(&name, &value);
            }
        }
        body.extend_pairs(fields);
        let body = body.finish();
        self.send("POST", path, Some(&body)).await
    }

    async fn send(&mut self, method: &str, path: &str, form: Option<&str>) -> Reply {
        let mut call = self.app.call(method, path).header("accept", "text/html,*/*;q=0.8");
        call = call.header("accept-language", self.language);
        for (name, value) in &self.evidence {
            call = call.header(name, value);
        }
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            call = call.header("cookie", &pairs.collect::<Vec<_>>().join("; "));
        }
        if let Some(form) = form {
            call = call.form(form);
        }
        let reply = call.send().await;
        for cookie in reply.headers.get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if reply.status != 303 {
            self.page.clone_from(&reply.text);
        }
        reply
    }

    /// What the browser is asked by the shown page's form that posts there, and the
    /// request that goes with it.
    #[cfg(feature = "passkeys")]
    pub(crate) fn asked(&self, path: &str) -> (serde_json::Value, String) {
        let action = format!("action=\"{path}\"");
        let is_it = |form: &&str| form.contains(&action) && form.contains("data-options=\"");
        let form = self.page.split("<form ").find(is_it).unwrap_or_else(|| panic!("{}", self.page));
        let value = |before: &str| {
            let rest = form.split_once(before)?.1;
            Some(rest.split('"').next()?.replace("&quot;", "\"").replace("&amp;", "&"))
        };
        let options = serde_json::from_str(&value("data-options=\"").unwrap()).unwrap();
        (options, value("name=\"request\" value=\"").unwrap_or_default())
    }

    /// The hidden fields of the shown page's form that posts there.
    fn hidden(&self, path: &str) -> Vec<(String, String)> {
        let action = format!("action=\"{path}\"");
        let Some(form) = self.page.split("<form ").find(|form| form.contains(&action)) else {
            return vec![];
        };
        let form = form.split("</form>").next().unwrap();
        let attribute = |tag: &str, name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            Some(rest.split('"').next()?.replace("&amp;", "&"))
        };
        let inputs = form.split("<input").filter(|tag| tag.contains("type=\"hidden\""));
        inputs.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
    }

    pub(crate) async fn sign_in(&mut self, identifier: &str, password: &str) -> Reply {
        self.open("/account/sign-in").await.has_status(200);
        let fields = [("identifier", identifier), ("password", password)];
        self.post("/account/sign-in", &fields).await
    }

    /// Whether it is signed in.
    pub(crate) async fn is_in(&mut self) -> bool {
        let reply = self.open("/account").await;
        match reply.status.as_u16() {
            200 => true,
            303 => {
                assert_eq!(reply.header("location"), Some("/account/sign-in"));
                false
            }
            _ => panic!("{}", reply.text),
        }
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.get(SESSION).map(String::as_str)
    }
}

#[track_caller]
pub(crate) fn leads_to(reply: &Reply, path: &str) {
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (303, Some(path)),
        "{}",
        reply.text
    );
}
