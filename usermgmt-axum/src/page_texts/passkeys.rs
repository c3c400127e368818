//! What the pages say of passkeys.

texts! {
    /// What the pages say of passkeys in one language.
    pub(crate) struct PasskeyTexts {
        /// A heading.
        pub(crate) title: &'static str,
        /// What they are.
        pub(crate) text: &'static str,
        /// What having one changes.
        pub(crate) consequence: &'static str,
        /// A button at sign-in.
        pub(crate) sign_in: &'static str,
        /// A button at the second step.
        pub(crate) use_one: &'static str,
        /// Above the field for a code of whoever has no authenticator app.
        pub(crate) recovery: &'static str,
        /// A heading and button.
        pub(crate) add: &'static str,
        /// What happens.
        pub(crate) add_text: &'static str,
        /// A field.
        pub(crate) name: &'static str,
        /// The same where it may be empty.
        pub(crate) name_optional: &'static str,
        /// What it is for.
        pub(crate) name_hint: &'static str,
        /// Not one.
        pub(crate) no_name: &'static str,
        /// A heading: a question.
        pub(crate) offer: &'static str,
        /// What it is about.
        pub(crate) offer_text: &'static str,
        /// A link that says no.
        pub(crate) not_now: &'static str,
        /// A link back.
        pub(crate) back: &'static str,
        /// No script, or none of these in the browser.
        pub(crate) unable: &'static str,
        /// Above the recovery codes that the first one brings.
        pub(crate) codes: &'static str,
        /// Before a time.
        pub(crate) added: &'static str,
        /// Not used yet.
        pub(crate) unused: &'static str,
        /// There is a copy.
        pub(crate) backed_up: &'static str,
        /// There is none.
        pub(crate) one_device: &'static str,
        /// Opens a form.
        pub(crate) rename: &'static str,
        /// A button.
        pub(crate) remove: &'static str,
        /// Before a link to sign in again.
        pub(crate) new_codes: &'static str,
        /// As many as there can be.
        pub(crate) full: &'static str,
        /// The last way in stays.
        pub(crate) last: &'static str,
        /// The browser brought none.
        pub(crate) failed: &'static str,
        /// The device has one already.
        pub(crate) known: &'static str,
        /// The server did not accept one at sign-in.
        pub(crate) refused: &'static str,
        /// Nor one that was to be added.
        pub(crate) not_added: &'static str,
    }
}

pub(super) const EN: PasskeyTexts = PasskeyTexts {
    title: "Passkeys",
    text: "A passkey signs you in without a password, by what unlocks your device: a finger, \
        your face, or a PIN.",
    consequence: "Once you have one, your password alone does not sign you in any more.",
    sign_in: "Sign in with a passkey",
    use_one: "Use your passkey",
    recovery: "If you do not have your passkey at hand, type one of your recovery codes.",
    add: "Add a passkey",
    add_text: "Your browser asks where to keep it: on this device, on another one, or in a \
        password manager.",
    name: "Name",
    name_optional: "Name (optional)",
    name_hint: "To tell it from others, such as “Laptop”.",
    no_name: "A name has at most 64 characters, and no control characters.",
    offer: "Sign in without a password next time?",
    offer_text: "With a passkey a finger, your face or the PIN of your device is enough. \
        Nobody can steal it from here, or trick you into giving it away.",
    not_now: "Not now",
    back: "Back to my account",
    unable: "This browser cannot add a passkey here, or does not run scripts.",
    codes: "Your passkey is added. Each of these codes stands in for it once, when your device \
        is gone. They are shown this once: keep them in a safe place.",
    added: "added",
    unused: "not used yet",
    backed_up: "kept on more than one device",
    one_device: "on one device only",
    rename: "Rename",
    remove: "Remove",
    new_codes: "For new recovery codes, sign in again with a passkey.",
    full: "You have 20 passkeys, and there can be no more. Remove one first.",
    last: "This is the only way for you to sign in. Set a password or add another passkey first.",
    failed: "No passkey came from your device. Try again.",
    known: "This device has a passkey for your account already.",
    refused: "The passkey was not accepted. Try again, or sign in another way.",
    not_added: "The passkey could not be added. Try again.",
};

pub(super) const DE: PasskeyTexts = PasskeyTexts {
    title: "Passkeys",
    text: "Ein Passkey meldet Sie ohne Passwort an, mit dem, was Ihr Gerät entsperrt: Finger, \
        Gesicht oder PIN.",
    consequence: "Sobald Sie einen haben, reicht Ihr Passwort allein nicht mehr zum Anmelden.",
    sign_in: "Mit Passkey anmelden",
    use_one: "Passkey benutzen",
    recovery: "Wenn Sie Ihren Passkey nicht zur Hand haben, geben Sie einen Ihrer \
        Wiederherstellungscodes ein.",
    add: "Passkey hinzufügen",
    add_text: "Ihr Browser fragt, wo er aufbewahrt wird: auf diesem Gerät, auf einem anderen \
        oder in einem Passwortmanager.",
    name: "Name",
    name_optional: "Name (freiwillig)",
    name_hint: "Damit Sie ihn von anderen unterscheiden, etwa „Laptop“.",
    no_name: "Ein Name hat höchstens 64 Zeichen und keine Steuerzeichen.",
    offer: "Nächstes Mal ohne Passwort anmelden?",
    offer_text: "Mit einem Passkey reichen Finger, Gesicht oder die PIN Ihres Geräts. Niemand \
        kann ihn hier stehlen oder Ihnen ablisten.",
    not_now: "Nicht jetzt",
    back: "Zurück zu meinem Konto",
    unable: "Dieser Browser kann hier keinen Passkey hinzufügen oder führt keine Skripte aus.",
    codes: "Ihr Passkey ist hinzugefügt. Jeder dieser Codes ersetzt ihn einmal, wenn Ihr Gerät \
        fort ist. Sie werden nur jetzt gezeigt: Bewahren Sie sie sicher auf.",
    added: "hinzugefügt",
    unused: "noch nicht benutzt",
    backed_up: "auf mehr als einem Gerät",
    one_device: "nur auf einem Gerät",
    rename: "Umbenennen",
    remove: "Entfernen",
    new_codes: "Für neue Wiederherstellungscodes melden Sie sich noch einmal mit einem Passkey an.",
    full: "Sie haben 20 Passkeys, mehr können es nicht sein. Entfernen Sie zuerst einen.",
    last: "Anders können Sie sich nicht mehr anmelden. Setzen Sie zuerst ein Passwort, oder \
        fügen Sie einen anderen Passkey hinzu.",
    failed: "Von Ihrem Gerät kam kein Passkey. Versuchen Sie es noch einmal.",
    known: "Dieses Gerät hat schon einen Passkey für Ihr Konto.",
    refused: "Der Passkey wurde nicht angenommen. Versuchen Sie es noch einmal, oder melden Sie \
        sich anders an.",
    not_added: "Der Passkey konnte nicht hinzugefügt werden. Versuchen Sie es noch einmal.",
};

pub(super) const PL: PasskeyTexts = PasskeyTexts {
    title: "Klucze dostępu",
    text: "Klucz dostępu loguje Cię bez hasła, tym, czym odblokowujesz urządzenie: palcem, \
        twarzą albo kodem PIN.",
    consequence: "Gdy go masz, samo hasło nie wystarczy już do zalogowania.",
    sign_in: "Zaloguj się kluczem dostępu",
    use_one: "Użyj klucza dostępu",
    recovery: "Jeśli nie masz klucza dostępu pod ręką, wpisz jeden z kodów odzyskiwania.",
    add: "Dodaj klucz dostępu",
    add_text: "Przeglądarka zapyta, gdzie go przechować: na tym urządzeniu, na innym albo w \
        menedżerze haseł.",
    name: "Nazwa",
    name_optional: "Nazwa (opcjonalnie)",
    name_hint: "Aby odróżnić go od innych, na przykład „Laptop”.",
    no_name: "Nazwa ma najwyżej 64 znaki, bez znaków sterujących.",
    offer: "Następnym razem zalogować się bez hasła?",
    offer_text: "Z kluczem dostępu wystarczy palec, twarz albo kod PIN urządzenia. Nikt nie \
        może go stąd ukraść ani podstępem wyłudzić.",
    not_now: "Nie teraz",
    back: "Wróć do mojego konta",
    unable: "Ta przeglądarka nie może tu dodać klucza dostępu albo nie uruchamia skryptów.",
    codes: "Klucz dostępu został dodany. Każdy z tych kodów zastępuje go jeden raz, gdy nie masz \
        urządzenia. Pokazujemy je tylko teraz: przechowuj je w bezpiecznym miejscu.",
    added: "dodany",
    unused: "jeszcze nieużywany",
    backed_up: "na więcej niż jednym urządzeniu",
    one_device: "tylko na jednym urządzeniu",
    rename: "Zmień nazwę",
    remove: "Usuń",
    new_codes: "Aby dostać nowe kody odzyskiwania, zaloguj się ponownie kluczem dostępu.",
    full: "Masz 20 kluczy dostępu i więcej być nie może. Najpierw usuń jeden z nich.",
    last: "Inaczej nie będzie można się zalogować. Najpierw ustaw hasło albo dodaj inny klucz \
        dostępu.",
    failed: "Urządzenie nie podało klucza dostępu. Spróbuj ponownie.",
    known: "To urządzenie ma już klucz dostępu do Twojego konta.",
    refused: "Klucz dostępu nie został przyjęty. Spróbuj ponownie albo zaloguj się inaczej.",
    not_added: "Nie udało się dodać klucza dostępu. Spróbuj ponownie.",
};
