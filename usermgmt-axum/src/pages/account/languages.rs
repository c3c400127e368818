//! In which language somebody wants their mails.

use usermgmt_core::User;

use super::member::Member;
use crate::page_texts::Wording;

/// What there is to choose from, each with what it calls itself: none, what the pages
/// speak, and what stands already.
pub(super) fn choices(member: &Member) -> Vec<(&str, String)> {
    let wording = member.visit.visitor.look().wording();
    offered(wording, member.texts().no_language, &member.current.user)
}

/// What was chosen; `Some(None)` for none. What was not offered changes nothing.
pub(super) fn chosen(member: &Member) -> Option<Option<String>> {
    let typed = member.visit.form.text("locale");
    let is_offered = choices(member).iter().any(|(tag, _)| *tag == typed);
    is_offered.then(|| Some(typed.to_owned()).filter(|tag| !tag.is_empty()))
}

fn offered<'a>(wording: Wording, none: &str, user: &'a User) -> Vec<(&'a str, String)> {
    let mut choices = vec![("", none.to_owned())];
    for texts in wording.languages() {
        let name = texts.account.language;
        // An operator's language that does not say its name has that of another.
        let is_own = choices.iter().all(|(_, known)| known != name);
        choices.push((texts.tag, if is_own { name } else { texts.tag }.to_owned()));
    }
    if let Some(stands) = user.locale.as_deref()
        && choices.iter().all(|(tag, _)| *tag != stands)
    {
        let name = match wording.in_one_of(&[stands]) {
            Some(texts) => format!("{} ({stands})", texts.account.language),
            None => stands.to_owned(),
        };
        choices.push((stands, name));
    }
    choices
}
