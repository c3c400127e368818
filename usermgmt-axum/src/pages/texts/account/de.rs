//! German.

use super::AccountTexts;

pub(super) const TEXTS: AccountTexts = AccountTexts {
    summary: "Bitte prüfen Sie dies",
    error_prefix: "Fehler:",
    missing: "Bitte füllen Sie dieses Feld aus.",
    identifier: "E-Mail-Adresse oder Benutzername",
    username: "Benutzername",
    email: "E-Mail-Adresse",
    password: "Passwort",
    sign_in: "Anmelden",
    forgot: "Passwort vergessen?",
    no_account: "Konto anlegen",
    wrong_credentials: "Das hat nicht geklappt. Prüfen Sie Name und Passwort, und ob Ihre \
        E-Mail-Adresse bestätigt ist.",
    second_factor: "Zweiter Faktor",
    code_text: "Geben Sie den Code ein, den Ihre Authenticator-App jetzt zeigt, oder einen \
        Ihrer Wiederherstellungscodes.",
    code: "Code",
    wrong_code: "Dieser Code stimmt nicht. Codes wechseln alle 30 Sekunden und gelten einmal.",
    go_on: "Weiter",
    start_again: "Noch einmal von vorn",
    by_mail: "Stattdessen per E-Mail anmelden",
    by_password: "Stattdessen mit Passwort anmelden",
    by_mail_text: "Sie bekommen eine E-Mail mit einem Code und einem Link. Beides meldet Sie ohne Passwort an.",
    send_mail: "E-Mail senden",
    mailed: "Wenn man sich mit dieser Adresse anmelden kann, ist eine E-Mail unterwegs an",
    mailed_next: "Geben Sie den Code hier ein, oder öffnen Sie den Link. Beides gilt zehn Minuten.",
    wrong_mailed_code: "Der Code ist falsch oder gilt nicht mehr. Nach fünf Versuchen geht nur noch der Link.",
    link_signs_in: "Ein Klick, und {name} ist hier angemeldet.",
    register: "Konto anlegen",
    have_account: "Sie haben schon ein Konto? Anmelden",
    username_length: "Ein Benutzername hat {min} bis {max} Zeichen.",
    username_characters: "Ein Benutzername hat Buchstaben, Ziffern und einfache Satzzeichen \
        und kein @.",
    username_taken: "Dieser Benutzername ist vergeben.",
    no_email: "Das ist keine E-Mail-Adresse.",
    email_taken: "Diese E-Mail-Adresse hat schon ein Konto.",
    unreachable: "An diese Adresse kann keine E-Mail geschickt werden.",
    no_name: "Ein Name hat höchstens 64 Zeichen und keine Steuerzeichen.",
    check_mail: "Sehen Sie in Ihre E-Mails",
    registered: "Eine E-Mail ist unterwegs an",
    registered_next: "Folgen Sie dem Link darin, und Ihr Konto ist bereit. Kommt nichts an, \
        sehen Sie in den Spam-Ordner.",
    forgot_text: "Sagen Sie, wer Sie sind, und eine E-Mail bringt einen Link, um ein neues \
        Passwort zu wählen.",
    send_link: "Link schicken",
    forgot_sent: "Wenn es ein solches Konto gibt, ist eine E-Mail mit einem Link dorthin \
        unterwegs.",
    account: "Mein Konto",
    signed_in_as: "Angemeldet als",
    sign_out: "Abmelden",
    profile: "Profil",
    first_name: "Vorname (freiwillig)",
    last_name: "Nachname (freiwillig)",
    save: "Speichern",
    new_email: "Neue E-Mail-Adresse",
    new_email_hint: "Sie gilt, sobald Sie dem Link gefolgt sind, der an sie geschickt wird.",
    change_email: "Adresse ändern",
    current_password: "Jetziges Passwort",
    wrong_password: "Das ist nicht Ihr jetziges Passwort.",
    new_password: "Neues Passwort",
    change_password: "Passwort ändern",
    factor_off: "Aus. Mit ihm braucht eine Anmeldung außer dem Passwort einen Code aus einer \
        App auf Ihrem Telefon.",
    factor_on: "An. Ein Code oder Wiederherstellungscode schaltet ihn aus oder macht neue \
        Wiederherstellungscodes.",
    turn_on: "Einschalten",
    turn_off: "Ausschalten",
    enrol_text: "Scannen Sie dies mit Ihrer Authenticator-App und geben Sie den Code ein, den \
        sie zeigt.",
    qr_alt: "QR-Code für die Authenticator-App",
    enrol_secret: "Oder geben Sie dort diesen Schlüssel ein:",
    cancel: "Zurück, ohne einzuschalten",
    recovery_codes: "Wiederherstellungscodes",
    codes_text: "Jeder ersetzt die App einmal, wenn Ihr Telefon fort ist. Sie werden nur jetzt \
        gezeigt: Bewahren Sie sie sicher auf.",
    codes_kept: "Ich habe sie aufbewahrt",
    new_recovery_codes: "Neue Wiederherstellungscodes",
    sessions: "Wo Sie angemeldet sind",
    this_device: "Dieses Gerät",
    unknown_device: "Unbekanntes Gerät",
    signed_in_on: "seit",
    last_used: "zuletzt",
    data: "Meine Daten",
    data_text: "Alles, was zu Ihrem Konto gespeichert ist, als JSON-Datei.",
    download: "Herunterladen",
    delete: "Mein Konto löschen",
    delete_text: "Ihr Konto und was dazu gehört wird sofort gelöscht. Nichts bringt es zurück.",
    delete_sure: "Ja, mein Konto löschen",
    delete_unsure: "Kreuzen Sie das Feld an, wenn Sie sicher sind.",
    last_admin: "Sie sind der letzte Administrator. Machen Sie zuerst jemand anderen dazu.",
    #[cfg(feature = "oidc")]
    with_provider: "Mit {name} anmelden",
    #[cfg(feature = "oidc")]
    identities: "Verknüpfte Konten",
    #[cfg(feature = "oidc")]
    identities_text: "Ein verknüpftes Konto bei einem anderen Dienst meldet Sie hier an.",
    #[cfg(feature = "oidc")]
    linked_on: "verknüpft seit",
    #[cfg(feature = "oidc")]
    link_provider: "{name} verknüpfen",
    #[cfg(feature = "oidc")]
    unlink: "Verknüpfung lösen",
    #[cfg(feature = "oidc")]
    go_to_provider: "Weiter zu {name}",
    show: "Anzeigen",
    hide: "Verbergen",
    copy: "Kopieren",
    copied: "Kopiert",
    print: "Drucken",
    done: &[
        ("profile", "Ihr Profil ist gespeichert."),
        ("email", "Eine E-Mail ist an die neue Adresse unterwegs. Folgen Sie dem Link darin."),
        ("password", "Ihr Passwort ist geändert. Alle anderen Geräte sind abgemeldet."),
        ("session", "Das Gerät ist abgemeldet."),
        ("factor_off", "Der zweite Faktor ist aus."),
        ("linked", "Das Konto ist verknüpft. Ab jetzt meldet es Sie an."),
        ("unlinked", "Das Konto ist nicht mehr verknüpft."),
    ],
};
