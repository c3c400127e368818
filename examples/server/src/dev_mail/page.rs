//! What the mailbox looks like.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use usermgmt_mail::{DevMail, DevMailSummary};

/// Nothing is loaded and nothing runs; styles are for the mails, whose frame
/// has the page's policy.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
    padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;\
    padding:.4rem .8rem .4rem 0;border-bottom:1px solid #ddd}pre{white-space:pre-wrap;\
    overflow-wrap:anywhere;background:#f5f5f5;color:#222;padding:1rem}\
    iframe{width:100%;height:40rem;border:1px solid #ddd;background:#fff}";

/// A page with its headers.
pub(super) struct Page(String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = Html(self.0).into_response();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "no-referrer"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

fn page(title: &str, head: &str, body: &str) -> Page {
    Page(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n{head}\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        title = escape(title),
    ))
}

/// The list, newest first; it looks again every few seconds.
pub(super) fn list(mails: &[DevMailSummary]) -> Page {
    let rows: String = mails
        .iter()
        .map(|mail| {
            format!(
                "<tr><td>{}</td><td>{}</td><td><a href=\"/dev/mail/{}\">{}</a></td></tr>\n",
                mail.date,
                escape(&mail.to),
                escape(mail.id.as_str()),
                escape(&mail.subject),
            )
        })
        .collect();
    let body = if mails.is_empty() {
        "<h1>Development mailbox</h1>\n<p>No mail yet.</p>\n".to_owned()
    } else {
        format!(
            "<h1>Development mailbox</h1>\n<table>\n<tr><th>Date</th><th>To</th>\
             <th>Subject</th></tr>\n{rows}</table>\n"
        )
    };
    page("Development mailbox", "<meta http-equiv=\"refresh\" content=\"5\">\n", &body)
}

/// One mail: its text with the links to follow, and its HTML in a frame in
/// which nothing runs and links open beside it.
pub(super) fn mail(mail: &DevMail) -> Page {
    let summary = &mail.summary;
    let lines: Vec<String> = mail.text.lines().map(line).collect();
    let framed = format!("<base target=\"_blank\">{}", mail.html);
    let body = format!(
        "<p><a href=\"/dev/mail\">Development mailbox</a></p>\n<h1>{}</h1>\n<p>To {}, {}</p>\n\
         <pre>{}</pre>\n<iframe title=\"HTML part\" \
         sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{}\"></iframe>\n",
        escape(&summary.subject),
        escape(&summary.to),
        summary.date,
        lines.join("\n"),
        escape(&framed),
    );
    page(&summary.subject, "", &body)
}

fn line(text: &str) -> String {
    let link = text.trim();
    let shown = escape(text);
    if link.starts_with("http://") || link.starts_with("https://") {
        format!("<a href=\"{}\">{shown}</a>", escape(link))
    } else {
        shown
    }
}

/// Makes a text harmless between tags and in a quoted attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use usermgmt_core::clock::Timestamp;

    use super::*;

    fn a_mail(text: &str, html: &str) -> DevMail {
        DevMail {
            summary: DevMailSummary {
                id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
                date: Timestamp::from_millis(0),
                to: "a@example.org".to_owned(),
                subject: "<script>alert(1)</script>".to_owned(),
            },
            text: text.to_owned(),
            html: html.to_owned(),
        }
    }

    #[test]
    fn whatever_a_mail_says_is_text_or_stays_in_its_frame() {
        let Page(shown) = mail(&a_mail("<b>\nhttp://h/x?a=1&b=2", "<script>\"</script>"));
        assert!(!shown.contains("<script"), "{shown}");
        assert!(shown.contains("&lt;b&gt;"));
        assert!(shown.contains("<a href=\"http://h/x?a=1&amp;b=2\">"));
        assert!(shown.contains("&lt;script&gt;&quot;&lt;/script&gt;\"></iframe>"));
        let Page(shown) = list(&[a_mail("", "").summary]);
        assert!(!shown.contains("<script"), "{shown}");
    }
}
