//! What the pages for administrators say.

pub(super) mod de;
pub(super) mod en;
pub(super) mod pl;

use usermgmt_core::model::audit::Actor;

use super::section::{Each, each_of};

texts! {
    /// What the pages for administrators say in one language.
    pub(crate) struct AdminTexts {
        /// A heading, and beside the product's name.
        pub(crate) administration: &'static str,
        /// A link over the navigation.
        pub(crate) skip: &'static str,
        /// A heading and link.
        pub(crate) dashboard: &'static str,
        /// A heading, link and label.
        pub(crate) users: &'static str,
        /// A heading and link.
        pub(crate) audit: &'static str,
        /// A heading and link.
        pub(crate) mail: &'static str,
        /// A heading and link.
        pub(crate) service_keys: &'static str,
        /// A link.
        pub(crate) back: &'static str,
        /// A link beside a button.
        pub(crate) cancel: &'static str,
        /// A heading.
        pub(crate) again: &'static str,
        /// Why.
        pub(crate) again_text: &'static str,
        /// Above the form to sign in.
        pub(crate) no_admin: &'static str,
        /// Why an administrator is not let in.
        pub(crate) factor_missing: &'static str,
        /// The first step.
        pub(crate) factor_first: &'static str,
        /// The second step.
        pub(crate) factor_then: &'static str,
        /// A link.
        pub(crate) factor_set_up: &'static str,
        /// Above the form to sign in.
        pub(crate) factor_unused: &'static str,
        /// A refusal.
        pub(crate) last_admin: &'static str,
        /// A refusal.
        pub(crate) not_found: &'static str,
        /// A refusal.
        pub(crate) bad_cursor: &'static str,
        /// What is wrong with a field.
        pub(crate) no_day: &'static str,
        /// What is wrong with a field.
        pub(crate) no_id: &'static str,
        /// What is wrong with a field.
        pub(crate) no_locale: &'static str,
        /// A field.
        pub(crate) search: &'static str,
        /// Within the field.
        pub(crate) search_hint: &'static str,
        /// A button.
        pub(crate) find: &'static str,
        /// A link.
        pub(crate) clear: &'static str,
        /// Opens more fields.
        pub(crate) filters: &'static str,
        /// A choice.
        pub(crate) all: &'static str,
        /// A state.
        pub(crate) on: &'static str,
        /// A state.
        pub(crate) off: &'static str,
        /// A heading.
        pub(crate) email: &'static str,
        /// A field.
        pub(crate) account: &'static str,
        /// A state of an address.
        pub(crate) confirmed: &'static str,
        /// The other.
        pub(crate) unconfirmed: &'static str,
        /// A state of an account.
        pub(crate) enabled: &'static str,
        /// The other.
        pub(crate) disabled: &'static str,
        /// Nothing out of the ordinary.
        pub(crate) active: &'static str,
        /// A field and badge.
        pub(crate) mfa: &'static str,
        /// A field.
        pub(crate) sort: &'static str,
        /// What a list is sorted by.
        pub(crate) registration: &'static str,
        /// A field.
        pub(crate) order: &'static str,
        /// An order: times from the newest on, names from A on.
        pub(crate) usual: &'static str,
        /// An order.
        pub(crate) ascending: &'static str,
        /// The other.
        pub(crate) descending: &'static str,
        /// A field.
        pub(crate) role: &'static str,
        /// A role.
        pub(crate) role_user: &'static str,
        /// A role.
        pub(crate) role_admin: &'static str,
        /// A field.
        pub(crate) created_from: &'static str,
        /// A field.
        pub(crate) created_to: &'static str,
        /// An empty list.
        pub(crate) no_users: &'static str,
        /// A box.
        pub(crate) choose_all: &'static str,
        /// A box, before a name.
        pub(crate) choose: &'static str,
        /// A heading.
        pub(crate) user: &'static str,
        /// A heading.
        pub(crate) status: &'static str,
        /// A heading.
        pub(crate) created: &'static str,
        /// A heading.
        pub(crate) changed: &'static str,
        /// A heading.
        pub(crate) last_sign_in: &'static str,
        /// In place of a time.
        pub(crate) never: &'static str,
        /// Above what is done to many.
        pub(crate) with_chosen: &'static str,
        /// A field and heading.
        pub(crate) action: &'static str,
        /// A refusal.
        pub(crate) nobody_chosen: &'static str,
        /// Above a list.
        pub(crate) bulk_failed: &'static str,
        /// Names links to other pages.
        pub(crate) pages: &'static str,
        /// A link.
        pub(crate) previous: &'static str,
        /// A link.
        pub(crate) next: &'static str,
        /// A heading and link.
        pub(crate) invite: &'static str,
        /// What happens.
        pub(crate) invite_text: &'static str,
        /// A button.
        pub(crate) send_invitation: &'static str,
        /// A heading.
        pub(crate) what_to_do: &'static str,
        /// A heading.
        pub(crate) details: &'static str,
        /// Below a field.
        pub(crate) email_hint: &'static str,
        /// A box.
        pub(crate) email_confirmed: &'static str,
        /// A heading.
        pub(crate) facts: &'static str,
        /// A heading.
        pub(crate) id: &'static str,
        /// A heading.
        pub(crate) codes_left: &'static str,
        /// A link.
        pub(crate) export: &'static str,
        /// A heading.
        pub(crate) sessions: &'static str,
        /// An empty list.
        pub(crate) no_sessions: &'static str,
        /// A heading.
        pub(crate) lately: &'static str,
        /// A link.
        pub(crate) all_entries: &'static str,
        /// A field.
        pub(crate) user_id: &'static str,
        /// A field.
        pub(crate) actor_id: &'static str,
        /// A field.
        pub(crate) from: &'static str,
        /// A field.
        pub(crate) before: &'static str,
        /// An empty list.
        pub(crate) no_entries: &'static str,
        /// A heading.
        pub(crate) when: &'static str,
        /// A heading.
        pub(crate) what: &'static str,
        /// A heading.
        pub(crate) to_whom: &'static str,
        /// A heading.
        pub(crate) by_whom: &'static str,
        /// A heading.
        pub(crate) from_where: &'static str,
        /// Who did something.
        pub(crate) actor_user: &'static str,
        /// Who did something.
        pub(crate) actor_admin: &'static str,
        /// Who did something.
        pub(crate) actor_service: &'static str,
        /// Who did something.
        pub(crate) actor_operator: &'static str,
        /// Who did something.
        pub(crate) actor_system: &'static str,
        /// A heading.
        pub(crate) dead_mail: &'static str,
        /// An empty list.
        pub(crate) no_dead_mail: &'static str,
        /// A kind of mail.
        pub(crate) unreadable: &'static str,
        /// A heading.
        pub(crate) kind: &'static str,
        /// A heading.
        pub(crate) recipient: &'static str,
        /// A heading.
        pub(crate) queued_at: &'static str,
        /// A heading.
        pub(crate) tries: &'static str,
        /// A heading.
        pub(crate) last_error: &'static str,
        /// A button.
        pub(crate) retry: &'static str,
        /// A heading and button.
        pub(crate) drop: &'static str,
        /// What happens.
        pub(crate) drop_text: &'static str,
        /// A heading.
        pub(crate) queued: &'static str,
        /// A heading.
        pub(crate) retried: &'static str,
        /// A heading.
        pub(crate) oldest: &'static str,
        /// A heading.
        pub(crate) dead: &'static str,
        /// A heading.
        pub(crate) set_up: &'static str,
        /// What they are.
        pub(crate) keys_text: &'static str,
        /// A heading.
        pub(crate) new_key: &'static str,
        /// A field and heading.
        pub(crate) key_name: &'static str,
        /// Below the field.
        pub(crate) key_name_hint: &'static str,
        /// A box.
        pub(crate) allow_admin: &'static str,
        /// A button.
        pub(crate) create_key: &'static str,
        /// An empty list.
        pub(crate) no_keys: &'static str,
        /// A heading.
        pub(crate) rights: &'static str,
        /// What a key may do.
        pub(crate) rights_users: &'static str,
        /// What a key may do.
        pub(crate) rights_admin: &'static str,
        /// A heading.
        pub(crate) last_used: &'static str,
        /// A state.
        pub(crate) revoked: &'static str,
        /// A heading and button.
        pub(crate) revoke: &'static str,
        /// What happens.
        pub(crate) revoke_text: &'static str,
        /// A heading.
        pub(crate) key_made: &'static str,
        /// Above the key.
        pub(crate) key_once: &'static str,
        /// A link.
        pub(crate) key_kept: &'static str,
        /// What is wrong with a field.
        pub(crate) no_key_name: &'static str,
        /// What is wrong with a field.
        pub(crate) key_name_taken: &'static str,
        /// A label.
        pub(crate) admins: &'static str,
        /// A heading.
        pub(crate) two_weeks: &'static str,
        /// A heading.
        pub(crate) registrations: &'static str,
        /// A heading.
        pub(crate) sign_ins: &'static str,
        /// Opens a table.
        pub(crate) as_table: &'static str,
        /// A heading.
        pub(crate) day: &'static str,
        /// Before a time.
        pub(crate) as_of: &'static str,
        /// `{n}` is how many.
        chosen: &'static str,
        /// `{n}` is for how many it is done.
        bulk_done: &'static str,
        /// `{total}` in all, `{most}` on one day.
        total_and_most: &'static str,
        /// Above a list: a search matches more than `{most}` names.
        not_sorted: &'static str,
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
    pub(crate) struct ActionTexts {
        /// A button and heading.
        pub(crate) label: &'static str,
        /// What comes of it.
        pub(crate) text: &'static str,
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
    /// Shows each text by its name.
    pub(super) fn each(&mut self, shown: &mut Each<'_>) {
        self.each_in("admin", shown);
        for action in &mut self.actions {
            action.each_in(&format!("admin.actions.{}", action.name), shown);
        }
        each_of("admin.done", &mut self.done, shown);
    }

    /// Of the action of this name.
    pub(crate) fn action(&self, name: &str) -> &ActionTexts {
        self.actions.iter().find(|action| action.name == name).unwrap_or(&NO_WORDS)
    }

    /// That it is done.
    pub(crate) fn done(&self, what: &str) -> Option<&'static str> {
        let of_action = self.actions.iter().map(|action| (action.name, action.done));
        let mut all = of_action.chain(self.done.iter().copied());
        all.find(|(name, _)| *name == what).map(|(_, text)| text)
    }

    /// How many were chosen.
    pub(crate) fn chosen(&self, count: usize) -> String {
        self.chosen.replace("{n}", &count.to_string())
    }

    /// For how many it is done.
    pub(crate) fn bulk_done(&self, count: usize) -> String {
        self.bulk_done.replace("{n}", &count.to_string())
    }

    /// How many in all, and on the day that had the most.
    pub(crate) fn total_and_most(&self, total: u64, most: u64) -> String {
        let text = self.total_and_most.replace("{total}", &total.to_string());
        text.replace("{most}", &most.to_string())
    }

    /// A search matches more names than are sorted.
    pub(crate) fn not_sorted(&self, most: usize) -> String {
        self.not_sorted.replace("{most}", &most.to_string())
    }

    /// Who did something.
    pub(crate) fn actor(&self, actor: Actor) -> &'static str {
        match actor {
            Actor::User => self.actor_user,
            Actor::Admin => self.actor_admin,
            Actor::Service => self.actor_service,
            Actor::Operator => self.actor_operator,
            Actor::System => self.actor_system,
        }
    }
}
