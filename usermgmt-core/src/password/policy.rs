//! Which passwords may be set (NIST SP 800-63B-4, 3.1.1.2): long enough, not
//! easy to guess, no rules about which characters are in it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use zxcvbn::{Score, zxcvbn};

use super::nfkc::nfkc;
use crate::secret::PlaintextPassword;

/// The fewest characters (Unicode code points) a password may have.
pub const MIN_LENGTH: usize = 8;

/// The most characters (Unicode code points) a password may have.
pub const MAX_LENGTH: usize = 128;

/// Why a password may not be set. The texts are for people to read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordProblem {
    /// Too few characters.
    #[error("Shorter than minimum length {min}.")]
    TooShort {
        /// The fewest there may be.
        min: usize,
    },
    /// Too many characters.
    #[error("Longer than maximum length {max}.")]
    TooLong {
        /// The most there may be.
        max: usize,
    },
    /// Common, a pattern, or made of the person's own words.
    #[error("Password is too easy to guess")]
    TooEasy,
    /// Not of the characters that the old rule asks for.
    #[error(
        "Password must have at least 1 uppercase, 1 lowercase, 1 digit, 1 special char, \
         and be at least {MIN_LENGTH} characters long"
    )]
    Composition,
    /// Known from a breach.
    #[error("Password is known from a data breach")]
    Breached,
    /// Refused by the application's own rule.
    #[error("{}", .0.text)]
    Own(PasswordRefusal),
}

/// What an application's own rule says about a password that it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRefusal {
    /// For programs, in the style of this project's own: `password_reused`. The routes of
    /// `usermgmt-axum` answer it as the `type` in `details`; registration and `PUT /users`
    /// answer texts alone, as pages show them.
    pub reason: &'static str,
    /// For the person: one sentence, with or without its full stop.
    pub text: String,
}

/// Knows passwords that were stolen elsewhere.
#[async_trait]
pub trait BreachCheck: fmt::Debug + Send + Sync + 'static {
    /// Whether the password is among them. A check that cannot tell at the
    /// moment answers no: nobody should be kept from setting a password by it.
    async fn is_breached(&self, password: &PlaintextPassword) -> bool;
}

/// A rule of the application's own about passwords, beside the built-in ones.
///
/// ```
/// use usermgmt_core::PlaintextPassword;
/// use usermgmt_core::password::{PasswordRefusal, PasswordRule};
///
/// #[derive(Debug)]
/// struct NoProductName;
///
/// #[async_trait::async_trait]
/// impl PasswordRule for NoProductName {
///     async fn check(&self, password: &PlaintextPassword, _: &[&str]) -> Result<(), PasswordRefusal> {
///         if password.expose().to_lowercase().contains("acme") {
///             return Err(PasswordRefusal {
///                 reason: "password_names_product",
///                 text: "Choose a password without our name in it.".to_owned(),
///             });
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait PasswordRule: fmt::Debug + Send + Sync + 'static {
    /// Whether the password may be set, as far as this rule is concerned.
    /// `own_words` are the person's username, address and names.
    ///
    /// # Errors
    /// Why not.
    async fn check(
        &self,
        password: &PlaintextPassword,
        own_words: &[&str],
    ) -> Result<(), PasswordRefusal>;
}

/// Which passwords may be set. Write what differs and `..PasswordPolicy::default()`:
/// there will be more.
#[derive(Clone, Debug, Default)]
pub struct PasswordPolicy {
    /// In place of the guessing check, the old rule: a lower and an upper case
    /// letter, a digit and a special character.
    pub composition: bool,
    /// Asked by [`accept`](Self::accept), where there is one.
    pub breaches: Option<Arc<dyn BreachCheck>>,
    /// Asked last by [`accept`](Self::accept), where there is one.
    pub own: Option<Arc<dyn PasswordRule>>,
}

impl PasswordPolicy {
    /// Everything that can be said without asking anyone else. `own_words` are
    /// those an attacker would try first: the person's username, address and
    /// names, the product's name.
    ///
    /// Takes well under a millisecond for what people type, and a few
    /// milliseconds for the worst that can be sent.
    ///
    /// # Errors
    /// The first [`PasswordProblem`] that was found.
    pub fn check(&self, password: &str, own_words: &[&str]) -> Result<(), PasswordProblem> {
        self.check_shape(password)?;
        match !self.composition && is_easy(password, own_words) {
            true => Err(PasswordProblem::TooEasy),
            false => Ok(()),
        }
    }

    /// What a look at its characters tells: whether there are enough and not too
    /// many, and whether they are those that the old rule asks for. Costs next to
    /// nothing, so that it needs no limit before it.
    ///
    /// # Errors
    /// The first [`PasswordProblem`] that was found.
    pub fn check_shape(&self, password: &str) -> Result<(), PasswordProblem> {
        let length = password.chars().count();
        if length < MIN_LENGTH {
            Err(PasswordProblem::TooShort { min: MIN_LENGTH })
        } else if length > MAX_LENGTH {
            Err(PasswordProblem::TooLong { max: MAX_LENGTH })
        } else if self.composition && !is_composed(password) {
            Err(PasswordProblem::Composition)
        } else {
            Ok(())
        }
    }

    /// [`check`](Self::check), and the breach check and the own rule where there are any.
    ///
    /// # Errors
    /// The first [`PasswordProblem`] that was found.
    pub async fn accept(
        &self,
        password: &PlaintextPassword,
        own_words: &[&str],
    ) -> Result<(), PasswordProblem> {
        self.check(password.expose(), own_words)?;
        if let Some(breaches) = &self.breaches
            && breaches.is_breached(password).await
        {
            return Err(PasswordProblem::Breached);
        }
        match &self.own {
            Some(own) => own.check(password, own_words).await.map_err(PasswordProblem::Own),
            None => Ok(()),
        }
    }
}

fn is_composed(password: &str) -> bool {
    password.chars().any(char::is_lowercase)
        && password.chars().any(char::is_uppercase)
        && password.chars().any(char::is_numeric)
        && password.chars().any(|c| !c.is_alphanumeric())
}

/// zxcvbn's time grows with the cube of the length, so it sees pieces of this
/// many characters.
const PIECE: usize = 24;

/// And no more pieces than this.
const PIECES: usize = 2;

/// Guessing the whole takes no less than guessing a piece of it: one piece
/// that is hard to guess is enough.
fn is_easy(password: &str, own_words: &[&str]) -> bool {
    let words: Vec<String> = own_words.iter().flat_map(|word| parts(word)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    pieces(&nfkc(password))
        .take(PIECES)
        .all(|piece| zxcvbn(&fewer_look_alikes(&piece), &words).score() < Score::Two)
}

/// A word as it would stand in the pieces of a password, and the words within.
fn parts(word: &str) -> Vec<String> {
    let word = nfkc(word);
    let within = word.split(|c: char| !c.is_alphanumeric());
    pieces(&word).chain(within.map(str::to_owned)).filter(|part| part.chars().count() > 2).collect()
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let chars: Vec<char> = text.chars().collect();
    (0..chars.len()).step_by(PIECE).map(move |at| chars.iter().skip(at).take(PIECE).collect())
}

/// Symbols that zxcvbn takes for letters too (`@` for a), each with one that
/// it does not.
const LOOK_ALIKES: [(char, char); 10] = [
    ('@', '&'),
    ('(', ')'),
    ('{', '}'),
    ('[', ']'),
    ('<', '>'),
    ('!', '?'),
    ('|', '\\'),
    ('$', '#'),
    ('+', '='),
    ('%', '^'),
];

/// zxcvbn tries every combination of letters that the look-alikes could stand
/// for: with all of them in one password that takes most of a second. Three
/// kinds are more than a disguised word has; others are replaced.
fn fewer_look_alikes(piece: &str) -> String {
    let mut seen = Vec::new();
    piece
        .chars()
        .map(|c| {
            let Some(&(_, other)) = LOOK_ALIKES.iter().find(|(symbol, _)| *symbol == c) else {
                return c;
            };
            if !seen.contains(&c) && seen.len() < 3 {
                seen.push(c);
            }
            if seen.contains(&c) { c } else { other }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: [&str; 4] = ["alice.wonderland@example.com", "wunderkind77", "Alice", "Grünwald"];

    fn check(password: &str) -> Result<(), PasswordProblem> {
        PasswordPolicy::default().check(password, &OWN)
    }

    #[test]
    fn length_counts_characters_from_8_to_128() {
        let short = Err(PasswordProblem::TooShort { min: 8 });
        assert_eq!(check("kX9#vQ2"), short);
        assert_eq!(check("źdźbłażó"), Ok(()));
        assert_eq!(check(""), short);
        let long: String = "kX9#vQ2m!zR7pL4w".repeat(8);
        assert_eq!(check(&long), Ok(()));
        let longer = long + "x";
        assert_eq!(check(&longer), Err(PasswordProblem::TooLong { max: 128 }));
    }

    #[test]
    fn any_characters_may_stand_in_a_password() {
        for password in ["purple otter\u{0}\t", "紫のカワウソが泳ぐ", "🦦🟣🌊🎈🐢🌵🥨🛶"]
        {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn common_passwords_and_patterns_are_too_easy() {
        let long_repeat = "ab".repeat(64);
        for password in [
            "password",
            "Password1!",
            "p@$$w0rd!",
            "ｐａｓｓｗｏｒｄ１",
            "12345678",
            "qwertyuiop",
            "xxxxxxxx",
            &long_repeat,
        ] {
            assert_eq!(check(password), Err(PasswordProblem::TooEasy), "{password}");
        }
    }

    #[test]
    fn the_persons_own_words_are_too_easy() {
        for password in [
            "wunderkind77",
            "Alice.Wonderland@example.com",
            "wonderland1",
            "grünwald1",
            "Gru\u{308}nwald",
        ] {
            assert_eq!(check(password), Err(PasswordProblem::TooEasy), "{password}");
        }
        let others = PasswordPolicy::default().check("wunderkind77", &[]);
        assert_eq!(others, Ok(()));
    }

    #[test]
    fn the_old_rule_stands_in_place_of_guessing() {
        let policy = PasswordPolicy { composition: true, ..PasswordPolicy::default() };
        assert_eq!(policy.check("Password1!", &OWN), Ok(()));
        assert_eq!(policy.check("Passw1!", &OWN), Err(PasswordProblem::TooShort { min: 8 }));
        for password in ["password1!", "PASSWORD1!", "Password!!", "Password11"] {
            assert_eq!(
                policy.check(password, &OWN),
                Err(PasswordProblem::Composition),
                "{password}"
            );
        }
    }

    #[test]
    fn a_problem_reads_as_people_are_told() {
        for (problem, text) in [
            (PasswordProblem::TooShort { min: 8 }, "Shorter than minimum length 8."),
            (PasswordProblem::TooLong { max: 128 }, "Longer than maximum length 128."),
            (PasswordProblem::TooEasy, "Password is too easy to guess"),
            (
                PasswordProblem::Composition,
                "Password must have at least 1 uppercase, 1 lowercase, 1 digit, \
                 1 special char, and be at least 8 characters long",
            ),
        ] {
            assert_eq!(problem.to_string(), text);
        }
    }

    #[test]
    fn at_most_three_kinds_of_look_alikes_are_left() {
        assert_eq!(fewer_look_alikes("p@$$w0rd!"), "p@$$w0rd!");
        assert_eq!(fewer_look_alikes("@(@{[<!|$+%1"), "@(@{]>?\\#=^1");
    }

    #[derive(Debug)]
    struct Stolen(&'static str);

    #[async_trait]
    impl BreachCheck for Stolen {
        async fn is_breached(&self, password: &PlaintextPassword) -> bool {
            password.expose() == self.0
        }
    }

    #[tokio::test]
    async fn a_breached_password_is_refused_where_somebody_knows() {
        let policy = PasswordPolicy {
            breaches: Some(Arc::new(Stolen("purple otter"))),
            ..PasswordPolicy::default()
        };
        let stolen = policy.accept(&"purple otter".into(), &OWN).await;
        assert_eq!(stolen, Err(PasswordProblem::Breached));
        let fresh = policy.accept(&"purple walrus".into(), &OWN).await;
        assert_eq!(fresh, Ok(()));
        let easy = policy.accept(&"password".into(), &OWN).await;
        assert_eq!(easy, Err(PasswordProblem::TooEasy));
    }

    #[derive(Debug)]
    struct NoOtters;

    #[async_trait]
    impl PasswordRule for NoOtters {
        async fn check(
            &self,
            password: &PlaintextPassword,
            _: &[&str],
        ) -> Result<(), PasswordRefusal> {
            if password.expose().contains("otter") {
                return Err(PasswordRefusal { reason: "otter", text: "No otters.".to_owned() });
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn an_own_rule_refuses_with_its_own_reason_and_text() {
        let policy = PasswordPolicy { own: Some(Arc::new(NoOtters)), ..PasswordPolicy::default() };
        let refused = policy.accept(&"purple otter".into(), &OWN).await.unwrap_err();
        assert!(matches!(&refused, PasswordProblem::Own(own) if own.reason == "otter"));
        assert_eq!(refused.to_string(), "No otters.");
        assert_eq!(policy.accept(&"purple walrus".into(), &OWN).await, Ok(()));
        let easy = policy.accept(&"otter".into(), &OWN).await;
        assert_eq!(easy, Err(PasswordProblem::TooShort { min: 8 }), "built-in rules come first");
    }
}
