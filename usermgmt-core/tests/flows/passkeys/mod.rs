//! Passkeys, by an authenticator in software: adding, signing in, the second factor,
//! and what an attacker may try.

mod adding;
mod device;
mod imported;
mod keeping;
mod second_factor;
mod sign_in;

use serde_json::Value;
use usermgmt_core::flows::{AddedPasskey, Current, PasskeyRequest, PasskeySignInError, SignedIn};

pub(crate) use self::device::Device;
use crate::fixture::{World, home};

async fn world() -> World {
    World::with(|config| {
        config.sign_in.passkeys = true;
        config.limits.enabled = false;
    })
    .await
}

async fn add(world: &World, current: &Current, device: &mut Device) -> AddedPasskey {
    let asked = world.auth.passkey_options(current).await.unwrap();
    let made = device.make(&asked.options).await;
    world.auth.add_passkey(current, &asked.request, &made, Some("Laptop")).await.unwrap()
}

/// Somebody with a password and a passkey.
async fn member(world: &World, name: &str) -> (Current, Device, AddedPasskey) {
    world.member(name).await;
    let current = world.current(&world.sign_in(name).await).await;
    let mut device = Device::new();
    let added = add(world, &current, &mut device).await;
    let current = world.auth.current_of(&current).await;
    (current, device, added)
}

async fn ask(world: &World) -> PasskeyRequest {
    world.auth.passkey_sign_in_options().unwrap()
}

async fn try_in(
    world: &World,
    asked: &PasskeyRequest,
    answer: &Value,
) -> Result<SignedIn, PasskeySignInError> {
    world.auth.sign_in_by_passkey(&asked.request, answer, &home()).await
}

fn refused(outcome: Result<SignedIn, PasskeySignInError>) {
    assert!(matches!(outcome, Err(PasskeySignInError::Invalid)), "{outcome:?}");
}

/// The account as it is after its epoch was raised, in the same session.
trait Again {
    async fn current_of(&self, current: &Current) -> Current;
}

impl Again for usermgmt_core::Auth {
    async fn current_of(&self, current: &Current) -> Current {
        let mut again = current.clone();
        again.user = self.user(&current.user.id).await.unwrap().unwrap();
        again
    }
}
