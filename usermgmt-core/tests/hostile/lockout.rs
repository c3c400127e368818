//! Keeping an owner out by failing in their name, and guessing beyond the limits.

use crate::kit::*;

#[tokio::test]
async fn one_client_alone_does_not_reach_the_accounts_cap() {
    let world = World::new().await;
    world.member("ann").await;
    for name in ["ann", "ann@example.com"] {
        for _ in 0..200 {
            let _ = world.try_sign_in(name, OTHER, &client(66)).await;
        }
    }
    assert!(world.try_sign_in("ann", PASSWORD, &client(2)).await.is_ok());
}

#[tokio::test]
async fn address_and_username_of_one_account_have_one_cap() {
    let world = World::with(|config| config.limits.sign_in_account.max = 6).await;
    world.member("ann").await;
    for n in 10..13 {
        for name in ["ann", "ann@example.com"] {
            world.try_sign_in(name, OTHER, &client(n)).await.unwrap_err();
        }
    }
    assert!(world.try_sign_in("ann", PASSWORD, &client(20)).await.is_err());
    assert!(world.try_sign_in("ann@example.com", PASSWORD, &client(20)).await.is_err());
}

#[tokio::test]
async fn a_username_gives_no_further_tries_of_the_mailed_code() {
    let world = World::unlimited().await;
    world.register("ann").await;
    let mail = world.mail().await.remove(0);
    assert!(world.auth.confirm_by_code("ann", &code(&mail), &home()).await.is_err());
    world.auth.confirm_by_code("ann@example.com", &code(&mail), &home()).await.unwrap();
}
