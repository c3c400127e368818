//! What the mailbox looks like.

use axum::response::{Html, IntoResponse, Response};
use usermgmt_mail::{DevMail, DevMailSummary};

const STYLE: &str = ":root{color-scheme:light dark;--line:#d9dde3;--soft:#f3f5f8;--faint:#5b6472;\
    --link:#1d5bd6}\
    @media(prefers-color-scheme:dark){:root{--line:#3a3f49;--soft:#22252c;--faint:#a9afba;\
    --link:#9dc1ff}}\
    body{background:Canvas;color:CanvasText;font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}\
    h1{font-size:1.4rem;line-height:1.3;overflow-wrap:anywhere}h2{font-size:1.1rem}\
    a{color:var(--link)}.faint{color:var(--faint);font-size:.9rem;overflow-wrap:anywhere}\
    ul{list-style:none;margin:0;padding:0}li{padding:.7rem 0;border-bottom:1px solid var(--line)}\
    li a{font-weight:600;overflow-wrap:anywhere}li p{margin:.1rem 0 0}\
    pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--soft);padding:1rem;\
    border-radius:6px}\
    iframe{box-sizing:border-box;width:100%;height:42rem;border:1px solid var(--line);\
    border-radius:6px}";

/// A page.
pub(super) struct Page(String);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        Html(self.0).into_response()
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
pub(super) fn list(mails: &[DevMailSummary], base: &str) -> Page {
    let rows: String = mails
        .iter()
        .map(|mail| {
            format!(
                "<li><a href=\"{base}/dev/mail/{}\">{}</a><p class=\"faint\">To {}, {}</p></li>\n",
                escape(mail.id.as_str()),
                escape(&mail.subject),
                escape(&mail.to),
                mail.date,
            )
        })
        .collect();
    let body = if mails.is_empty() {
        "<h1>Development mailbox</h1>\n<p>No mail yet.</p>\n".to_owned()
    } else {
        format!("<h1>Development mailbox</h1>\n<ul>\n{rows}</ul>\n")
    };
    page("Development mailbox", "<meta http-equiv=\"refresh\" content=\"5\">\n", &body)
}

/// One mail: its HTML in a frame in which nothing runs and links open beside it,
/// and its text with the links to follow.
pub(super) fn mail(mail: &DevMail, base: &str) -> Page {
    let summary = &mail.summary;
    let lines: Vec<String> = mail.text.lines().map(line).collect();
    let framed = format!("<base target=\"_blank\">{}", mail.html);
    let body = format!(
        "<p><a href=\"{base}/dev/mail\">Development mailbox</a></p>\n<h1>{}</h1>\n\
         <p class=\"faint\">To {}, {}</p>\n<iframe title=\"HTML part\" \
         sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{}\"></iframe>\n\
         <h2>Text part</h2>\n<pre>{}</pre>\n",
        escape(&summary.subject),
        escape(&summary.to),
        summary.date,
        escape(&framed),
        lines.join("\n"),
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
        let Page(shown) = mail(&a_mail("<b>\nhttp://h/x?a=1&b=2", "<script>\"</script>"), "");
        assert!(!shown.contains("<script"), "{shown}");
        assert!(shown.contains("&lt;b&gt;"));
        assert!(shown.contains("<a href=\"http://h/x?a=1&amp;b=2\">"));
        assert!(shown.contains("&lt;script&gt;&quot;&lt;/script&gt;\"></iframe>"));
        let Page(shown) = list(&[a_mail("", "").summary], "");
        assert!(!shown.contains("<script"), "{shown}");
    }
}
