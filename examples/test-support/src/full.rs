//! How much the tests do that could go on for long.

/// Whether they are to do all of it, by `USERMGMT_TEST_FULL=1`; else as much as shows
/// what goes wrong as a rule.
pub fn full() -> bool {
    std::env::var("USERMGMT_TEST_FULL").is_ok_and(|value| value == "1")
}
