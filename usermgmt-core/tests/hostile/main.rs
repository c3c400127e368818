//! What strangers and thieves try: each test is an attack that must come to nothing.

#[cfg(test)]
#[path = "../flows/fixture.rs"]
#[expect(dead_code, reason = "shared with the tests of the flows, which need more of it")]
mod fixture;

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod lockout;
#[cfg(test)]
mod second_factor;
#[cfg(test)]
mod stale;
#[cfg(test)]
mod store_filling;
