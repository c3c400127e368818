//! Polish.

use super::{FrontTexts, LinkTexts, MailedSignInTexts, PasswordTexts, ResetTexts, Texts};

pub(super) static TEXTS: Texts = Texts {
    tag: "pl",
    confirm: LinkTexts {
        title: "Potwierdź swój adres e-mail",
        text: "Jedno kliknięcie i konto jest gotowe.",
        button: "Potwierdź",
        done: "Adres e-mail został potwierdzony.",
    },
    activate: LinkTexts {
        title: "Aktywuj swoje konto",
        text: "Utworzono dla Ciebie konto. Jedno kliknięcie i jest gotowe.",
        button: "Aktywuj",
        done: "Konto zostało aktywowane.",
    },
    sign_in_email: MailedSignInTexts {
        title: "Logowanie",
        text: "Ten link i kod z tej samej wiadomości służą do zalogowania: {name}. Wróć \
            tam, gdzie o nie poproszono, i wpisz kod.",
    },
    email_change: LinkTexts {
        title: "Potwierdź swój nowy adres e-mail",
        text: "Od tej chwili logujesz się tym adresem i na niego przychodzi poczta.",
        button: "Potwierdź",
        done: "Adres e-mail został zmieniony.",
    },
    email_undo: LinkTexts {
        title: "Cofnij zmianę adresu e-mail",
        text: "Konto odzyska ten adres, wszystkie urządzenia zostaną wylogowane, a Ty dostaniesz \
            wiadomość, aby ustawić nowe hasło.",
        button: "Cofnij zmianę",
        done: "Zmiana została cofnięta.",
    },
    not_me: LinkTexts {
        title: "To nie Ty?",
        text: "Ktoś założył konto na Twój adres e-mail. Jedno kliknięcie i zostanie usunięte.",
        button: "Usuń konto",
        done: "Konto zostało usunięte.",
    },
    reset: ResetTexts {
        title: "Ustaw nowe hasło",
        text: "Co najmniej {min} znaków i nie takie, które łatwo odgadnąć.",
        label: "Nowe hasło",
        button: "Ustaw hasło",
        done: "Hasło zostało ustawione.",
    },
    front: FrontTexts {
        text: "Tutaj przechowywane są konta użytkowników. Aplikacje korzystają z nich przez API.",
        api: "Opis API (OpenAPI)",
        #[cfg(feature = "docs")]
        links: super::FrontLinks {
            account: "Moje konto",
            register: "Utwórz konto",
            admin: "Administracja",
            mailbox: "Skrzynka deweloperska",
            health: "Stan",
        },
    },
    lead_on: "Przejdź do {product}",
    refused: "Nie udało się",
    refusals: [
        ("link_expired", "Link wygasł. Poproś o nowy."),
        ("link_invalid", "Link jest nieprawidłowy."),
        ("already_confirmed", "Adres e-mail jest już potwierdzony."),
        ("invalid_token", "Link jest nieprawidłowy lub wygasł."),
        ("rate_limited", "Zbyt wiele prób. Spróbuj ponownie później."),
        ("overloaded", "Serwer jest zajęty. Spróbuj ponownie za chwilę."),
        ("unavailable", "Usługa nie odpowiada. Spróbuj ponownie za chwilę."),
        ("cross_site", "Żądanie przyszło z innej strony i zostało odrzucone."),
        ("invalid_form_token", "Formularz jest nieaktualny. Odśwież stronę."),
        (
            "invalid_state",
            "To logowanie nie zaczęło się w tej przeglądarce, zostało już użyte albo trwało zbyt długo. Zacznij od nowa.",
        ),
        ("access_denied", "Logowanie zostało przerwane u dostawcy."),
        ("provider_refused", "Odpowiedzi dostawcy nie udało się sprawdzić. Zacznij od nowa."),
        (
            "provider_unavailable",
            "Dostawca nie odpowiada. Spróbuj później albo zaloguj się inaczej.",
        ),
        ("no_email", "Konto wymaga adresu e-mail, a dostawca żadnego nie podał."),
        (
            "account_exists",
            "Ten adres e-mail ma już konto. Zaloguj się do niego w inny sposób, a potem połącz dostawcę na stronie konta.",
        ),
        (
            "confirmation_required",
            "Dostawca nie poręcza za ten adres e-mail. Otwórz link z wiadomości, którą wysłaliśmy na ten adres, a potem zaloguj się ponownie.",
        ),
        ("identity_taken", "To konto u dostawcy jest już połączone z innym kontem."),
        ("too_many_identities", "Nie można połączyć więcej kont."),
        ("not_active", "Konto nie jest aktywne."),
        (
            "last_sign_in_method",
            "Bez tego nie będzie można się zalogować. Najpierw ustaw hasło albo połącz inne konto.",
        ),
        ("", "Żądanie zostało odrzucone."),
    ],
    password: PasswordTexts {
        too_short: "Hasło musi mieć co najmniej {n} znaków.",
        too_long: "Hasło może mieć najwyżej {n} znaków.",
        too_easy: "Hasło jest zbyt łatwe do odgadnięcia.",
        breached: "Hasło jest znane z wycieku danych.",
        other: "To hasło nie zostało przyjęte.",
    },
    #[cfg(feature = "pages")]
    account: super::account::pl::TEXTS,
    #[cfg(feature = "admin-pages")]
    admin: super::admin::pl::TEXTS,
    #[cfg(all(feature = "pages", feature = "passkeys"))]
    passkeys: super::passkeys::PL,
};
