//! What the pages for administrators say.

pub(super) mod de;
pub(super) mod en;
pub(super) mod pl;

use usermgmt_core::model::audit::Actor;

use super::Texts;
use super::section::{Each, each_of};

texts! {
    /// What the pages for administrators say in one language.
    pub(in crate::pages) struct AdminTexts {
        /// A heading, and beside the product's name.
        pub(in crate::pages) administration: &'static str,
        /// A link over the navigation.
        pub(in crate::pages) skip: &'static str,
        /// A heading and link.
        pub(in crate::pages) dashboard: &'static str,
        /// A heading, link and label.
        pub(in crate::pages) users: &'static str,
        /// A heading and link.
        pub(in crate::pages) audit: &'static str,
        /// A heading and link.
        pub(in crate::pages) mail: &'static str,
        /// A heading and link.
        pub(in crate::pages) service_keys: &'static str,
        /// A link.
        pub(in crate::pages) back: &'static str,
        /// A link beside a button.
        pub(in crate::pages) cancel: &'static str,
        /// A heading.
        pub(in crate::pages) again: &'static str,
        /// Why.
        pub(in crate::pages) again_text: &'static str,
        /// Above the form to sign in.
        pub(in crate::pages) no_admin: &'static str,
        /// Why an administrator is not let in.
        pub(in crate::pages) factor_missing: &'static str,
        /// The first step.
        pub(in crate::pages) factor_first: &'static str,
        /// The second step.
        pub(in crate::pages) factor_then: &'static str,
        /// A link.
        pub(in crate::pages) factor_set_up: &'static str,
        /// Above the form to sign in.
        pub(in crate::pages) factor_unused: &'static str,
        /// A refusal.
        pub(in crate::pages) last_admin: &'static str,
        /// A refusal.
        pub(in crate::pages) not_found: &'static str,
        /// A refusal.
        pub(in crate::pages) bad_cursor: &'static str,
        /// What is wrong with a field.
        pub(in crate::pages) no_day: &'static str,
        /// What is wrong with a field.
        pub(in crate::pages) no_id: &'static str,
        /// What is wrong with a field.
        pub(in crate::pages) no_locale: &'static str,
        /// A field.
        pub(in crate::pages) search: &'static str,
        /// Within the field.
        pub(in crate::pages) search_hint: &'static str,
        /// A button.
        pub(in crate::pages) find: &'static str,
        /// A link.
        pub(in crate::pages) clear: &'static str,
        /// Opens more fields.
        pub(in crate::pages) filters: &'static str,
        /// A choice.
        pub(in crate::pages) all: &'static str,
        /// A state.
        pub(in crate::pages) on: &'static str,
        /// A state.
        pub(in crate::pages) off: &'static str,
        /// A heading.
        pub(in crate::pages) email: &'static str,
        /// A field.
        pub(in crate::pages) account: &'static str,
        /// A state of an address.
        pub(in crate::pages) confirmed: &'static str,
        /// The other.
        pub(in crate::pages) unconfirmed: &'static str,
        /// A state of an account.
        pub(in crate::pages) enabled: &'static str,
        /// The other.
        pub(in crate::pages) disabled: &'static str,
        /// Nothing out of the ordinary.
        pub(in crate::pages) active: &'static str,
        /// A field and badge.
        pub(in crate::pages) mfa: &'static str,
        /// A field.
        pub(in crate::pages) role: &'static str,
        /// A role.
        pub(in crate::pages) role_user: &'static str,
        /// A role.
        pub(in crate::pages) role_admin: &'static str,
        /// A field.
        pub(in crate::pages) created_from: &'static str,
        /// A field.
        pub(in crate::pages) created_to: &'static str,
        /// An empty list.
        pub(in crate::pages) no_users: &'static str,
        /// A box.
        pub(in crate::pages) choose_all: &'static str,
        /// A box, before a name.
        pub(in crate::pages) choose: &'static str,
        /// A heading.
        pub(in crate::pages) user: &'static str,
        /// A heading.
        pub(in crate::pages) status: &'static str,
        /// A heading.
        pub(in crate::pages) created: &'static str,
        /// A heading.
        pub(in crate::pages) changed: &'static str,
        /// A heading.
        pub(in crate::pages) last_sign_in: &'static str,
        /// In place of a time.
        pub(in crate::pages) never: &'static str,
        /// Above what is done to many.
        pub(in crate::pages) with_chosen: &'static str,
        /// A field and heading.
        pub(in crate::pages) action: &'static str,
        /// A refusal.
        pub(in crate::pages) nobody_chosen: &'static str,
        /// Above a list.
        pub(in crate::pages) bulk_failed: &'static str,
        /// Names links to other pages.
        pub(in crate::pages) pages: &'static str,
        /// A link.
        pub(in crate::pages) previous: &'static str,
        /// A link.
        pub(in crate::pages) next: &'static str,
        /// A heading and link.
        pub(in crate::pages) invite: &'static str,
        /// What happens.
        pub(in crate::pages) invite_text: &'static str,
        /// A button.
        pub(in crate::pages) send_invitation: &'static str,
        /// A heading.
        pub(in crate::pages) what_to_do: &'static str,
        /// A heading.
        pub(in crate::pages) details: &'static str,
        /// Below a field.
        pub(in crate::pages) email_hint: &'static str,
        /// A box.
        pub(in crate::pages) email_confirmed: &'static str,
        /// A field.
        pub(in crate::pages) gender: &'static str,
        /// A field.
        pub(in crate::pages) locale: &'static str,
        /// A heading.
        pub(in crate::pages) facts: &'static str,
        /// A heading.
        pub(in crate::pages) id: &'static str,
        /// A heading.
        pub(in crate::pages) codes_left: &'static str,
        /// A link.
        pub(in crate::pages) export: &'static str,
        /// A heading.
        pub(in crate::pages) sessions: &'static str,
        /// An empty list.
        pub(in crate::pages) no_sessions: &'static str,
        /// A heading.
        pub(in crate::pages) lately: &'static str,
        /// A link.
        pub(in crate::pages) all_entries: &'static str,
        /// A field.
        pub(in crate::pages) user_id: &'static str,
        /// A field.
        pub(in crate::pages) actor_id: &'static str,
        /// A field.
        pub(in crate::pages) from: &'static str,
        /// A field.
        pub(in crate::pages) before: &'static str,
        /// An empty list.
        pub(in crate::pages) no_entries: &'static str,
        /// A heading.
        pub(in crate::pages) when: &'static str,
        /// A heading.
        pub(in crate::pages) what: &'static str,
        /// A heading.
        pub(in crate::pages) to_whom: &'static str,
        /// A heading.
        pub(in crate::pages) by_whom: &'static str,
        /// A heading.
        pub(in crate::pages) from_where: &'static str,
        /// Who did something.
        pub(in crate::pages) actor_user: &'static str,
        /// Who did something.
        pub(in crate::pages) actor_admin: &'static str,
        /// Who did something.
        pub(in crate::pages) actor_service: &'static str,
        /// Who did something.
        pub(in crate::pages) actor_operator: &'static str,
        /// Who did something.
        pub(in crate::pages) actor_system: &'static str,
        /// A heading.
        pub(in crate::pages) dead_mail: &'static str,
        /// An empty list.
        pub(in crate::pages) no_dead_mail: &'static str,
        /// A kind of mail.
        pub(in crate::pages) unreadable: &'static str,
        /// A heading.
        pub(in crate::pages) kind: &'static str,
        /// A heading.
        pub(in crate::pages) recipient: &'static str,
        /// A heading.
        pub(in crate::pages) queued_at: &'static str,
        /// A heading.
        pub(in crate::pages) tries: &'static str,
        /// A heading.
        pub(in crate::pages) last_error: &'static str,
        /// A button.
        pub(in crate::pages) retry: &'static str,
        /// A heading and button.
        pub(in crate::pages) drop: &'static str,
        /// What happens.
        pub(in crate::pages) drop_text: &'static str,
        /// A heading.
        pub(in crate::pages) queued: &'static str,
        /// A heading.
        pub(in crate::pages) retried: &'static str,
        /// A heading.
        pub(in crate::pages) oldest: &'static str,
        /// A heading.
        pub(in crate::pages) dead: &'static str,
        /// A heading.
        pub(in crate::pages) set_up: &'static str,
        /// What they are.
        pub(in crate::pages) keys_text: &'static str,
        /// A heading.
        pub(in crate::pages) new_key: &'static str,
        /// A field and heading.
        pub(in crate::pages) key_name: &'static str,
        /// Below the field.
        pub(in crate::pages) key_name_hint: &'static str,
        /// A box.
        pub(in crate::pages) allow_admin: &'static str,
        /// A button.
        pub(in crate::pages) create_key: &'static str,
        /// An empty list.
        pub(in crate::pages) no_keys: &'static str,
        /// A heading.
        pub(in crate::pages) rights: &'static str,
        /// What a key may do.
        pub(in crate::pages) rights_users: &'static str,
        /// What a key may do.
        pub(in crate::pages) rights_admin: &'static str,
        /// A heading.
        pub(in crate::pages) last_used: &'static str,
        /// A state.
        pub(in crate::pages) revoked: &'static str,
        /// A heading and button.
        pub(in crate::pages) revoke: &'static str,
        /// What happens.
        pub(in crate::pages) revoke_text: &'static str,
        /// A heading.
        pub(in crate::pages) key_made: &'static str,
        /// Above the key.
        pub(in crate::pages) key_once: &'static str,
        /// A link.
        pub(in crate::pages) key_kept: &'static str,
        /// What is wrong with a field.
        pub(in crate::pages) no_key_name: &'static str,
        /// What is wrong with a field.
        pub(in crate::pages) key_name_taken: &'static str,
        /// A label.
        pub(in crate::pages) admins: &'static str,
        /// A heading.
        pub(in crate::pages) two_weeks: &'static str,
        /// A heading.
        pub(in crate::pages) registrations: &'static str,
        /// A heading.
        pub(in crate::pages) sign_ins: &'static str,
        /// Opens a table.
        pub(in crate::pages) as_table: &'static str,
        /// A heading.
        pub(in crate::pages) day: &'static str,
        /// Before a time.
        pub(in crate::pages) as_of: &'static str,
        /// `{n}` is how many.
        chosen: &'static str,
        /// `{n}` is for how many it is done.
        bulk_done: &'static str,
        /// `{total}` in all, `{most}` on one day.
        total_and_most: &'static str,
    }
    also {
        /// What is done to accounts, by its name.
        actions: [ActionTexts; 7],
        /// What else is said when something is done, by its name.
        done: [(&'static str, &'static str); 6],
    }
}

texts! {
    /// What is done to an account.
    pub(in crate::pages) struct ActionTexts {
        /// A button and heading.
        pub(in crate::pages) label: &'static str,
        /// What comes of it.
        pub(in crate::pages) text: &'static str,
        /// That it is done.
        done: &'static str,
    }
    also {
        name: &'static str,
    }
}

/// Where an action has no words, which a test rules out.
const NO_WORDS: ActionTexts = ActionTexts { name: "", label: "", text: "", done: "" };

impl AdminTexts {
    /// In the same language as these.
    pub(in crate::pages) fn of(texts: &'static Texts) -> &'static Self {
        &texts.admin
    }

    /// Shows each text by its name.
    pub(super) fn each(&mut self, shown: &mut Each<'_>) {
        self.each_in("admin", shown);
        for action in &mut self.actions {
            action.each_in(&format!("admin.actions.{}", action.name), shown);
        }
        each_of("admin.done", &mut self.done, shown);
    }

    /// Of the action of this name.
    pub(in crate::pages) fn action(&self, name: &str) -> &ActionTexts {
        self.actions.iter().find(|action| action.name == name).unwrap_or(&NO_WORDS)
    }

    /// That it is done.
    pub(in crate::pages) fn done(&self, what: &str) -> Option<&'static str> {
        let of_action = self.actions.iter().map(|action| (action.name, action.done));
        let mut all = of_action.chain(self.done.iter().copied());
        all.find(|(name, _)| *name == what).map(|(_, text)| text)
    }

    /// How many were chosen.
    pub(in crate::pages) fn chosen(&self, count: usize) -> String {
        self.chosen.replace("{n}", &count.to_string())
    }

    /// For how many it is done.
    pub(in crate::pages) fn bulk_done(&self, count: usize) -> String {
        self.bulk_done.replace("{n}", &count.to_string())
    }

    /// How many in all, and on the day that had the most.
    pub(in crate::pages) fn total_and_most(&self, total: u64, most: u64) -> String {
        let text = self.total_and_most.replace("{total}", &total.to_string());
        text.replace("{most}", &most.to_string())
    }

    /// Who did something.
    pub(in crate::pages) fn actor(&self, actor: Actor) -> &'static str {
        match actor {
            Actor::User => self.actor_user,
            Actor::Admin => self.actor_admin,
            Actor::Service => self.actor_service,
            Actor::Operator => self.actor_operator,
            Actor::System => self.actor_system,
        }
    }
}
