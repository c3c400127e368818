//! What strangers and thieves try: each test is an attack that must come to nothing.

#[path = "../flows/kit.rs"]
#[expect(dead_code, reason = "shared with the tests of the flows, which need more of it")]
mod kit;

mod addresses;
mod lockout;
mod second_factor;
mod stale;
mod store_filling;
