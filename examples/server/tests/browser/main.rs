//! The pages in a real browser: Chromium, driven by its own driver. What they look
//! like is left in `target/screenshots`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod admin;
mod chrome;
mod crowd;
mod life;
mod looks;
#[cfg(feature = "passkeys")]
mod passkeys;
mod pictures;
mod tabs;
