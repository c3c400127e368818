//! A stranger and the owner of an address each come to it, by every way there is,
//! in either order. Once the owner has proved that it is theirs, the stranger has
//! nothing on it, and the owner is never kept out.

use usermgmt_core::flows::{Current, ProviderOutcome, SignInOutcome, UpdateProfile};
use usermgmt_core::mail::{MailKind, Message};
use usermgmt_core::model::ids::PasskeyId;
use usermgmt_core::model::user::User;
use usermgmt_core::testkit::ProviderAccount;

use crate::fixture::*;
use crate::passkeys::Device;
use crate::providers::Provided;

const VICTIM: &str = "victim@example.com";
const VICTIMS: &str = "purple otter swims";
const STRANGERS: &str = "green walrus sings";

/// How somebody comes to an address. What takes its mailbox, or a provider that
/// vouches for it, the stranger only tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    PasswordUnconfirmed,
    PasswordConfirmed,
    MailCode,
    Passkey,
    ProviderVerified,
    ProviderUnverified,
}

const WAYS: [Way; 6] = [
    Way::PasswordUnconfirmed,
    Way::PasswordConfirmed,
    Way::MailCode,
    Way::Passkey,
    Way::ProviderVerified,
    Way::ProviderUnverified,
];

struct Case {
    provided: Provided,
    /// What the mailbox has, the newest last.
    mails: Vec<Message>,
    /// How often the owner has signed in.
    sessions: usize,
    /// What holds the owner's passkey, and the stranger's.
    victims: Option<Device>,
    strangers: Option<Device>,
}

fn strangers_identity() -> ProviderAccount {
    ProviderAccount::unverified("stranger", VICTIM)
}

impl Case {
    async fn new(trusts: bool) -> Self {
        let provided = Provided::with(|config| {
            config.sign_in.email = true;
            config.sign_in.email_registers = true;
            config.sign_in.passkeys = true;
            for provider in &mut config.providers {
                provider.trust_email = trusts;
            }
        })
        .await;
        Self { provided, mails: Vec::new(), sessions: 0, victims: None, strangers: None }
    }

    async fn take_mail(&mut self) {
        let mails = self.provided.world.mail().await;
        self.mails.extend(mails.into_iter().filter(|mail| mail.recipient.as_str() == VICTIM));
    }

    async fn stranger(&mut self, way: Way) {
        let world = &self.provided.world;
        match way {
            Way::PasswordUnconfirmed | Way::PasswordConfirmed => {
                world.try_register("stranger", VICTIM, STRANGERS).await.unwrap();
            }
            Way::MailCode => {
                let request = world.auth.mail_sign_in(VICTIM, &home()).await.unwrap();
                for guess in ["00000000", "12345678"] {
                    let asked = request.expose();
                    let guessed =
                        world.auth.sign_in_by_code(VICTIM, &typed(guess), asked, &home()).await;
                    assert!(guessed.is_err());
                }
            }
            // On an account of their own, which they would have at the address.
            Way::Passkey => {
                world.member("own").await;
                let current = world.current(&world.sign_in("own").await).await;
                self.strangers = Some(self.adds_passkey(&current).await);
                let world = &self.provided.world;
                let update = UpdateProfile { email: Some(email(VICTIM)), ..Default::default() };
                let current = world.again(&current).await;
                world.auth.update_profile(&current, &update).await.unwrap();
            }
            // The provider vouches for an address of their own alone.
            Way::ProviderVerified => {
                let own = ProviderAccount::verified("own", "stranger@example.com");
                self.provided.go(&own).await.unwrap();
                assert!(!self.is_in(&strangers_identity()).await);
            }
            Way::ProviderUnverified => assert!(!self.is_in(&strangers_identity()).await),
        }
        self.take_mail().await;
    }

    /// What the owner of the mailbox does, to the end.
    async fn victim(&mut self, way: Way) {
        let seen = self.mails.len();
        let world = &self.provided.world;
        match way {
            Way::PasswordUnconfirmed => {
                world.try_register("victim", VICTIM, VICTIMS).await.unwrap();
                self.take_mail().await;
            }
            Way::PasswordConfirmed => {
                world.try_register("victim", VICTIM, VICTIMS).await.unwrap();
                self.take_mail().await;
                self.answer(seen).await;
            }
            Way::MailCode | Way::Passkey => {
                let request = world.auth.mail_sign_in(VICTIM, &home()).await.unwrap();
                self.take_mail().await;
                let mut mails = self.mails[seen..].iter();
                let mail = mails.rfind(|mail| mail.kind == MailKind::EmailSignIn).unwrap();
                let world = &self.provided.world;
                let request = request.expose();
                let entered =
                    world.auth.sign_in_by_code(VICTIM, &code(mail), request, &home()).await;
                let current = world.current(&signed_in(entered.unwrap())).await;
                self.sessions += 1;
                if way == Way::Passkey {
                    self.victims = Some(self.adds_passkey(&current).await);
                }
            }
            Way::ProviderVerified => {
                // Where an account is in the way, they get in another way, below.
                let account = ProviderAccount::verified("victim", VICTIM);
                self.sessions += usize::from(self.is_in(&account).await);
            }
            Way::ProviderUnverified => {
                let account = ProviderAccount::unverified("victim", VICTIM);
                let _ = self.provided.go(&account).await;
                self.take_mail().await;
                self.answer(seen).await;
            }
        }
        self.take_mail().await;
    }

    async fn adds_passkey(&self, current: &Current) -> Device {
        let auth = &self.provided.world.auth;
        let mut device = Device::new();
        let asked = auth.passkey_options(current).await.unwrap();
        let made = device.make(&asked.options).await;
        auth.add_passkey(current, &asked.request, &made, None).await.unwrap();
        device
    }

    /// Whose account the stranger's passkey opens.
    async fn strangers_passkey_opens(&mut self) -> Option<User> {
        let auth = &self.provided.world.auth;
        let device = self.strangers.as_mut()?;
        let asked = auth.passkey_sign_in_options().unwrap();
        let answer = device.sign(&asked.options).await;
        let opened = auth.sign_in_by_passkey(&asked.request, &answer, &home()).await;
        opened.ok().map(|signed_in| signed_in.user)
    }

    /// Follows what was mailed since.
    async fn answer(&self, seen: usize) {
        let world = &self.provided.world;
        let Some(mail) = self.mails[seen..].iter().rfind(|mail| mail.link.is_some()) else {
            return;
        };
        match mail.kind {
            MailKind::Confirmation => {
                world.auth.confirm(&link_token(mail), &home()).await.unwrap();
            }
            MailKind::ChoosePassword => {
                let link = link_token(mail);
                world.auth.reset_password(&link, &typed(VICTIMS), &home()).await.unwrap();
            }
            other => panic!("{other:?}"),
        }
    }

    /// Whether an identity signs in to the victim's account.
    async fn is_in(&self, identity: &ProviderAccount) -> bool {
        match self.provided.go(identity).await {
            Ok(ProviderOutcome::SignedIn {
                outcome: SignInOutcome::SignedIn(signed_in), ..
            }) => signed_in.user.email.as_str() == VICTIM,
            _ => false,
        }
    }

    /// The account has what its owner made, so many sessions among it, and nothing of
    /// the stranger's.
    async fn is_the_owners(&mut self, user: &User, sessions: usize, named: &str) {
        let auth = &self.provided.world.auth;
        let found = auth.sessions(&user.id).await.unwrap();
        assert_eq!(found.len(), sessions, "{named}: {found:?}");
        let identities = auth.identities(&user.id).await.unwrap();
        let strangers = identities.iter().any(|identity| identity.subject != "victim");
        assert!(!strangers, "{named}: {identities:?}");
        let victims = self
            .victims
            .as_ref()
            .map(|device| PasskeyId::of_credential(&device.held().credential_id));
        let passkeys = auth.passkeys(&user.id).await.unwrap();
        let ids = passkeys.into_iter().map(|passkey| passkey.id);
        assert!(ids.eq(victims), "{named}");
        assert!(!self.provided.world.signs_in(VICTIM, STRANGERS).await, "{named}");
        assert!(!self.is_in(&strangers_identity()).await, "{named}");
        let opened = self.strangers_passkey_opens().await;
        assert!(opened.is_none_or(|whose| whose.id != user.id), "{named}");
    }

    /// The owner gets in by what the mailbox is good for in any case.
    async fn recover(&mut self) -> User {
        self.take_mail().await;
        let seen = self.mails.len();
        let world = &self.provided.world;
        world.auth.forgot_password(VICTIM, &home()).await.unwrap();
        self.take_mail().await;
        let mail = self.mails[seen..].iter().rfind(|mail| mail.link.is_some()).unwrap();
        let world = &self.provided.world;
        let link = link_token(mail);
        world.auth.reset_password(&link, &typed(THIRD), &home()).await.unwrap();
        let entered = world.try_sign_in(VICTIM, THIRD, &home()).await.unwrap();
        if let SignInOutcome::MfaRequired { ticket, .. } = entered {
            let ticket = typed(ticket.expose());
            let options = world.auth.mfa_passkey_options(&ticket, &home()).await.unwrap();
            let answer = self.victims.as_mut().unwrap().sign(&options).await;
            world.auth.sign_in_mfa_by_passkey(&ticket, &answer, &home()).await.unwrap();
        }
        world.find(VICTIM).await.unwrap()
    }
}

#[tokio::test]
async fn a_stranger_has_nothing_on_an_address_once_its_owner_has_proved_it() {
    for trusts in [false, true] {
        for first in WAYS {
            for second in WAYS {
                for stranger_first in [true, false] {
                    let named = format!(
                        "{first:?}, then {second:?}, stranger first: {stranger_first}, \
                         trusted: {trusts}"
                    );
                    let mut case = Case::new(trusts).await;
                    if stranger_first {
                        case.stranger(first).await;
                        case.victim(second).await;
                    } else {
                        case.victim(first).await;
                        case.stranger(second).await;
                    }
                    let world = &case.provided.world;
                    assert!(!world.signs_in(VICTIM, STRANGERS).await, "{named}");
                    let Some(user) = world.find(VICTIM).await else {
                        // The victim's provider was not believed to make one, and nobody else.
                        panic!("{named}: nobody has the address");
                    };
                    let victims = if stranger_first { second } else { first };
                    let may_not_prove = [Way::PasswordUnconfirmed, Way::ProviderVerified];
                    let proved = user.is_email_confirmed();
                    assert!(proved || may_not_prove.contains(&victims), "{named}");
                    if proved {
                        case.is_the_owners(&user, case.sessions, &named).await;
                    }
                    let user = case.recover().await;
                    // Only the sign-in that has just shown that the password is right.
                    case.is_the_owners(&user, 1, &named).await;
                }
            }
        }
    }
}
