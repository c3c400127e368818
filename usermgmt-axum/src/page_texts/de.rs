//! German.

use super::{FrontTexts, LinkTexts, MailedSignInTexts, PasswordTexts, ResetTexts, Texts};

pub(super) static TEXTS: Texts = Texts {
    tag: "de",
    confirm: LinkTexts {
        title: "Bestätigen Sie Ihre E-Mail-Adresse",
        text: "Ein Klick, und Ihr Konto ist bereit.",
        button: "Bestätigen",
        done: "Ihre E-Mail-Adresse ist bestätigt.",
    },
    activate: LinkTexts {
        title: "Aktivieren Sie Ihr Konto",
        text: "Für Sie wurde ein Konto angelegt. Ein Klick, und es ist bereit.",
        button: "Aktivieren",
        done: "Ihr Konto ist aktiviert.",
    },
    sign_in_email: MailedSignInTexts {
        title: "Anmelden",
        text: "Mit diesem Link und dem Code in derselben E-Mail meldet sich {name} an. \
            Geben Sie den Code dort ein, wo Sie ihn angefordert haben.",
    },
    email_change: LinkTexts {
        title: "Bestätigen Sie Ihre neue E-Mail-Adresse",
        text: "Danach melden Sie sich mit dieser Adresse an, und E-Mails gehen an sie.",
        button: "Bestätigen",
        done: "Ihre E-Mail-Adresse ist geändert.",
    },
    email_undo: LinkTexts {
        title: "Machen Sie die Änderung Ihrer E-Mail-Adresse rückgängig",
        text: "Ihr Konto bekommt diese Adresse zurück, alle Geräte werden abgemeldet, und Sie \
            bekommen eine E-Mail, um ein neues Passwort zu wählen.",
        button: "Änderung rückgängig machen",
        done: "Die Änderung ist rückgängig gemacht.",
    },
    not_me: LinkTexts {
        title: "Das waren nicht Sie?",
        text: "Jemand hat mit Ihrer E-Mail-Adresse ein Konto angelegt. Ein Klick, und es ist \
            gelöscht.",
        button: "Konto löschen",
        done: "Das Konto ist gelöscht.",
    },
    reset: ResetTexts {
        title: "Wählen Sie ein neues Passwort",
        text: "Mindestens {min} Zeichen, und keines, das leicht zu erraten ist.",
        label: "Neues Passwort",
        button: "Passwort setzen",
        done: "Ihr Passwort ist gesetzt.",
    },
    front: FrontTexts {
        text: "Hier werden Benutzerkonten geführt. Anwendungen erreichen sie über eine API.",
        api: "Beschreibung der API (OpenAPI)",
        #[cfg(feature = "docs")]
        links: super::FrontLinks {
            account: "Mein Konto",
            register: "Konto erstellen",
            admin: "Verwaltung",
            mailbox: "Entwicklungs-Postfach",
            health: "Zustand",
        },
    },
    lead_on: "Weiter zu {product}",
    refused: "Das hat nicht geklappt",
    refusals: [
        ("link_expired", "Der Link ist abgelaufen. Bitte fordern Sie einen neuen an."),
        ("link_invalid", "Der Link ist ungültig."),
        ("already_confirmed", "Die E-Mail-Adresse ist schon bestätigt."),
        ("invalid_token", "Der Link ist ungültig oder abgelaufen."),
        ("rate_limited", "Zu viele Versuche. Bitte versuchen Sie es später noch einmal."),
        ("overloaded", "Der Server ist ausgelastet. Bitte versuchen Sie es gleich noch einmal."),
        ("unavailable", "Der Dienst antwortet nicht. Bitte versuchen Sie es gleich noch einmal."),
        ("cross_site", "Die Anfrage kam von einer anderen Seite und wurde abgelehnt."),
        ("invalid_form_token", "Das Formular ist veraltet. Bitte laden Sie die Seite neu."),
        (
            "invalid_state",
            "Diese Anmeldung wurde nicht in diesem Browser begonnen, ist schon verbraucht oder hat zu lange gedauert. Bitte beginnen Sie noch einmal.",
        ),
        ("access_denied", "Die Anmeldung wurde beim Anbieter abgebrochen."),
        (
            "provider_refused",
            "Die Antwort des Anbieters ließ sich nicht prüfen. Bitte beginnen Sie noch einmal.",
        ),
        (
            "provider_unavailable",
            "Der Anbieter antwortet nicht. Versuchen Sie es später noch einmal, oder melden Sie sich anders an.",
        ),
        ("no_email", "Ein Konto braucht eine E-Mail-Adresse, und der Anbieter nennt keine."),
        (
            "account_exists",
            "Zu dieser E-Mail-Adresse gibt es schon ein Konto. Melden Sie sich dort auf anderem Weg an, und verknüpfen Sie den Anbieter dann auf Ihrer Kontoseite.",
        ),
        (
            "confirmation_required",
            "Der Anbieter bürgt nicht für die E-Mail-Adresse. Folgen Sie dem Link in der E-Mail, die dorthin unterwegs ist, und melden Sie sich dann noch einmal an.",
        ),
        (
            "identity_taken",
            "Dieses Konto beim Anbieter ist schon mit einem anderen Konto verknüpft.",
        ),
        ("too_many_identities", "Mehr Konten lassen sich nicht verknüpfen."),
        ("not_active", "Das Konto ist nicht aktiv."),
        (
            "last_sign_in_method",
            "Sonst kommen Sie nicht mehr in Ihr Konto. Setzen Sie zuerst ein Passwort, oder verknüpfen Sie ein anderes Konto.",
        ),
        ("", "Die Anfrage wurde abgelehnt."),
    ],
    password: PasswordTexts {
        too_short: "Das Passwort braucht mindestens {n} Zeichen.",
        too_long: "Das Passwort darf höchstens {n} Zeichen haben.",
        too_easy: "Das Passwort ist zu leicht zu erraten.",
        breached: "Das Passwort ist aus einem Datenleck bekannt.",
        other: "Dieses Passwort wird nicht angenommen.",
    },
    #[cfg(feature = "pages")]
    account: super::account::de::TEXTS,
    #[cfg(feature = "admin-pages")]
    admin: super::admin::de::TEXTS,
    #[cfg(all(feature = "pages", feature = "passkeys"))]
    passkeys: super::passkeys::DE,
};
