//! What strangers and thieves try: each test is an attack that must come to nothing.

mod addresses;
mod lockout;
mod mailed_sign_in;
mod prehijacking;
mod second_factor;
mod stale;
mod store_filling;
#[cfg(all(feature = "oidc", feature = "passkeys"))]
mod take_over;
